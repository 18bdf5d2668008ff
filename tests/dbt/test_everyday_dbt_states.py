"""Everyday dbt commands of a developer and of CI, beside a warehouse that was just built; the shape of the project."""

import json
import re
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.dbt import rawdata
from tests.dbt.conftest import Warehouse
from tests.dbt.everyday import WITHOUT_TESTS, Copies, late_loads
from tests.dbt.rawdata import Load
from tests.shared import ROOT

LIVE = "nspname in ('staging', 'intermediate', 'marts', 'quarantine')"
MACROS = Path("dbt_project/macros")


@pytest.fixture(scope="module")
def copies(warehouse: Warehouse) -> Iterator[Copies]:
    """The state `built`: the target live, built; nothing in the target dev."""
    copies = Copies(warehouse)
    warehouse.load(rawdata.everything())
    warehouse.dbt.must("build", *WITHOUT_TESTS)
    copies.save("built")
    yield copies
    copies.drop("built")


@pytest.fixture(scope="module")
def state(copies: Copies) -> str:
    """The folder with the manifest of the target live."""
    return copies.keep_manifest()


@pytest.fixture
def fresh(copies: Copies, state: str) -> Copies:
    copies.restore("built")
    return copies


@pytest.fixture(scope="module")
def manifest(state: str) -> dict[str, Any]:
    """The manifest of a full build."""
    found: dict[str, Any] = json.loads((Path(state) / "manifest.json").read_text())
    return found


@pytest.fixture(scope="module")
def models(manifest: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {key: node for key, node in manifest["nodes"].items() if node["resource_type"] == "model"}


@pytest.fixture
def project(copies: Copies, state: str, tmp_path: Path) -> Path:
    """A copy of the project, to be changed; what dbt has parsed is copied along."""
    shutil.copytree(ROOT / "dbt_project", tmp_path / "dbt_project")
    shutil.copy(ROOT / "dbt_project.yml", tmp_path)
    for target in ("target", "dev"):
        (tmp_path / target).mkdir()
        if (copies.folder / target / "partial_parse.msgpack").exists():
            shutil.copy(copies.folder / target / "partial_parse.msgpack", tmp_path / target)
    return tmp_path


def dev_schema(copies: Copies, layer: str) -> str:
    found = copies.warehouse.rows(rf"select nspname from pg_namespace where nspname ~ '^dev_.*{layer}$'")
    return str(found[0][0])


def live(copies: Copies) -> tuple[dict[str, str], dict[str, tuple[str, int]]]:
    """What the target live holds: rows and relations."""
    return copies.contents(LIVE), copies.relations(LIVE)


def same_rows(copies: Copies, mart: str) -> bool:
    of_dev, of_live = f"{dev_schema(copies, 'marts')}.{mart}", f"marts.{mart}"
    found = copies.warehouse.checksums(of_dev, of_live)
    return found[of_dev] == found[of_live]


def test_a_fresh_target_builds_one_staging_model(fresh: Copies) -> None:
    fresh.must_dev("build", "--select", "stg_polygon__bars")
    schema = dev_schema(fresh, "staging")
    assert list(fresh.relations(f"nspname = '{schema}'")) == [f"{schema}.stg_polygon__bars"]


def test_a_deferred_build_reads_live_and_leaves_it_as_it_is(fresh: Copies, state: str) -> None:
    before = live(fresh)
    fresh.must_dev("build", "--select", "fct_daily_bars", "--defer", "--state", state)
    assert live(fresh) == before
    assert same_rows(fresh, "fct_daily_bars")


def test_a_build_on_a_clone_reads_new_loads_and_leaves_live_as_it_is(fresh: Copies, state: str) -> None:
    fresh.must_dev("clone", "--state", state)
    assert same_rows(fresh, "mart_stock_days")
    fresh.warehouse.load(late_loads())
    before = live(fresh)
    fresh.must_dev("run", "--select", "int_bars__versioned+")
    assert live(fresh) == before
    assert not same_rows(fresh, "fct_daily_bars")
    fresh.warehouse.dbt.must("run", "--select", "int_bars__versioned+")
    assert same_rows(fresh, "fct_daily_bars")


def test_a_sample_reads_only_rows_that_were_received_lately(fresh: Copies) -> None:
    day = rawdata.sessions()[29]
    rows = [{"ticker": ticker, "date": day, **rawdata.bar(n, 29, 1.0)} for n, ticker in enumerate(["AV", "AW"])]
    received = datetime.now(UTC) - timedelta(days=1)
    fresh.warehouse.load([Load("polygon", "200.7").add("bars", "sampled-1", received, rows)])
    fresh.must_dev("seed")
    fresh.must_dev("run", "--sample", "3 days", "--select", "+fct_daily_bars")
    found = f"select ticker, trading_date from {dev_schema(fresh, 'marts')}.fct_daily_bars order by ticker"
    assert fresh.warehouse.rows(found) == [("AV", day), ("AW", day)]


def test_a_pull_request_builds_what_it_changes_and_reads_the_rest_from_live(
    fresh: Copies, state: str, project: Path
) -> None:
    assert modified(fresh, state, project, "dev") == set()
    model = project / "dbt_project/models/intermediate/indicators/int_market_returns__averaged.sql"
    model.write_text(model.read_text() + "-- changed\n")
    before = live(fresh)
    in_project = ("--project-dir", str(project), "--target-path", str(project / "dev"), "--target", "dev")
    fresh.warehouse.dbt.must("build", "--select", "state:modified+", "--defer", "--state", state, *in_project)
    assert live(fresh) == before
    results = json.loads((project / "dev" / "run_results.json").read_text())["results"]
    built = {result["unique_id"].split(".")[-1] for result in results}
    assert {"int_market_returns__averaged", "int_indicators__computed", "fct_daily_indicators"} <= built
    assert "int_bars__sequenced" not in built
    assert same_rows(fresh, "fct_daily_indicators")


def modified(copies: Copies, state: str, project: Path, target: str) -> set[str]:
    """The models that `state:modified` selects. Where it selects nothing, dbt warns, which is an error here."""
    folder = project / {"live": "target"}.get(target, target)
    listed = copies.warehouse.dbt.run(
        *("ls", "--select", "state:modified", "--state", state, "--resource-type", "model", "--output", "name"),
        *("--target", target, "--project-dir", str(project), "--target-path", str(folder)),
    )
    if "'state:modified' does not match any enabled nodes" in listed.stdout:
        return set()
    return set(re.findall(r"^[a-z]\w*_\w+$", listed.stdout, re.MULTILINE))


@pytest.mark.parametrize(
    ("file", "macro", "most"),
    [
        ("incremental/changed_rows.sql", "changed_rows", 12),
        ("incremental/new_loads.sql", "new_loads", 12),
        ("news/canonical_url.sql", "canonical_url", 3),
        ("incremental/check_no_other_build.sql", "postgres__check_no_other_build", 0),
    ],
)
def test_a_changed_word_in_a_macro_marks_only_the_models_that_use_it(
    fresh: Copies, state: str, project: Path, manifest: dict[str, Any], file: str, macro: str, most: int
) -> None:
    path = project / MACROS / file
    before, call, body = path.read_text().partition(f"macro {macro}(")
    path.write_text(before + call + body.replace("%}", "%} changed", 1))
    users = {node["name"] for node in users_of(f"macro.marketloom.{macro}", manifest)}
    assert modified(fresh, state, project, "live") == users
    assert len(users) <= most


def users_of(macro: str, manifest: dict[str, Any]) -> list[dict[str, Any]]:
    """The models that call a macro, directly or through another one."""

    @cache
    def calls(key: str) -> bool:
        return key == macro or any(
            map(calls, manifest["macros"].get(key, {"depends_on": {}})["depends_on"].get("macros", []))
        )

    return [
        node
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model" and any(map(calls, node["depends_on"]["macros"]))
    ]


def test_every_ref_is_read(models: dict[str, dict[str, Any]], manifest: dict[str, Any]) -> None:
    relations = {
        key: node.get("relation_name")
        for kind in ("nodes", "sources", "functions")
        for key, node in manifest[kind].items()
    }
    unread = [
        (node["name"], parent)
        for node in models.values()
        for parent in node["depends_on"]["nodes"]
        if relations[parent] not in re.sub(r"--.*|/\*.*?\*/", "", node["compiled_code"])
    ]
    assert unread == []


def test_no_mart_is_deeper_than_ten_models(models: dict[str, dict[str, Any]]) -> None:
    @cache
    def depth(key: str) -> int:
        return 1 + max([depth(parent) for parent in models[key]["depends_on"]["nodes"] if parent in models], default=0)

    assert max(depth(key) for key in models) <= 10
    assert len([key for key in models if key.startswith("model.marketloom.int_")]) <= 25


def test_no_mart_is_dropped_with_a_table_that_every_run_replaces(models: dict[str, dict[str, Any]]) -> None:
    # PostgreSQL drops the views on a table with it.
    marts = [n for n in models.values() if "marts" in n["tags"] and n["config"]["materialized"] == "view"]
    parents = {(n["name"], parent) for n in marts for parent in n["depends_on"]["nodes"] if parent in models}
    assert len(marts) > 10
    assert [pair for pair in parents if models[pair[1]]["config"]["materialized"] == "table"] == []


def test_hooks_are_few_and_belong_to_the_project(models: dict[str, dict[str, Any]], manifest: dict[str, Any]) -> None:
    assert [n["name"] for n in models.values() if n["config"]["pre-hook"] or n["config"]["post-hook"]] == []
    assert len([n for n in manifest["nodes"].values() if n["resource_type"] == "operation"]) <= 3


def test_macros_have_at_most_ten_lines_per_model(models: dict[str, dict[str, Any]]) -> None:
    texts = [path.read_text() for path in (ROOT / MACROS).glob("*/*.sql")]
    lines = sum(bool(line.strip()) for text in texts for line in text.splitlines())
    assert lines <= 10 * len(models)
