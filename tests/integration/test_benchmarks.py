"""Every benchmark runs, on as little data as possible; its times are not checked."""

import io
import json
import pkgutil
from pathlib import Path

import pytest
from rich.console import Console

from benchmarks import cases
from benchmarks.__main__ import as_json, run, show
from benchmarks.data import Bars
from benchmarks.harness import Options

# The cases of a group share a warehouse. `idle` is left out: test_readme.py runs the same command twice.
ON_A_HISTORY = ["as_of", "build", "increment", "query"]
ON_RAW = ["api", "articles", "load", "replay"]


def test_every_benchmark_is_in_a_group() -> None:
    assert {module.name for module in pkgutil.iter_modules(cases.__path__)} == {*ON_A_HISTORY, *ON_RAW, "idle"}


@pytest.mark.parametrize("names", [ON_RAW, ON_A_HISTORY], ids="+".join)
def test_a_benchmark_measures_both_sides(tmp_path: Path, names: list[str]) -> None:
    options = Options(rows=2_000, history=(2_000,), repeat=1, data=tmp_path / "none")
    printed = io.StringIO()
    console = Console(file=printed, width=200)
    results, machine = run(names, options, console)
    assert {result.name.split(":")[0] for result in results} == set(names)
    for result in results:
        assert result.ratio > 0
        # Queries are fast, and repeated more often.
        if not result.name.startswith(("as_of", "query")):
            assert len(result.ours.seconds) == len(result.reference.seconds) == 1
    show(results, machine, console)
    assert all(result.name in printed.getvalue() for result in results)
    assert [found["name"] for found in json.loads(as_json(results, machine))["results"]] == [r.name for r in results]


def test_bars_are_multiplied_in_proportion_and_the_same_each_time(tmp_path: Path) -> None:
    first, second = (list(Bars(40_000, tmp_path / name, tmp_path / "none").archives()) for name in "ab")
    assert sum(archive.bars.num_rows for archive in first) == 40_000
    assert [archive.bars for archive in first] == [archive.bars for archive in second]
    assert len({archive.day for archive in first}) == len(first) and any(archive.odd for archive in first)
    assert [archive.day for archive in first] == sorted(archive.day for archive in first)
