"""News joined to bars, compared with LATERAL joins written by hand on the same indexes."""

from collections.abc import Iterator
from functools import partial
from math import isclose
from pathlib import Path

from benchmarks.harness import Bench, BenchmarkFailed, Comparison, Result, Side
from benchmarks.history import Ask, history

SQL = Path(__file__).resolve().parents[1] / "sql"
JOINS = {"next_bar": "each mention to its next bar", "known_bar": "each mention to its bar as known then"}


def run(bench: Bench) -> Iterator[Result]:
    """Articles joined to their next bars on the longest history, against a LATERAL join."""
    built = history(bench, max(bench.options.history))
    with built.analyst() as ask:
        for name, title in JOINS.items():
            ours, lateral = ((SQL / f"{name}{end}.sql").read_text() for end in ("", "_lateral"))
            [(count, closes)], [(expected, expected_closes)] = ask(ours), ask(lateral)
            # The order of additions shows in the last digits.
            if not count == expected > 0 or not isclose(closes, expected_closes):
                raise BenchmarkFailed(
                    f"{name}: {count, closes} rows and closes joined, by hand {expected, expected_closes}"
                )
            sides = (Side("marketloom", partial(_ask, ask, ours)), Side("lateral", partial(_ask, ask, lateral)))
            yield built.compare(Comparison(f"as_of: {title}", *sides, 1.1, "at most"), bench.options.repeat * 3)


def _ask(ask: Ask, query: str) -> None:
    ask(query)
