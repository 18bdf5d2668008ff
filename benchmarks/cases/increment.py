"""One new session and its news, on histories of several lengths."""

from collections.abc import Iterator
from functools import partial

from benchmarks.harness import Bench, Measured, Result
from benchmarks.history import history

RATIO, SECONDS = 1.25, 45.0


def run(bench: Bench) -> Iterator[Result]:
    """Load and build 6,000 bars and 2,000 articles, with the tests of a daily build, against a shorter history."""
    built = {rows: history(bench, rows) for rows in sorted(bench.options.history)}
    measured = {rows: Measured(f"{rows:,} bars", None) for rows in built}
    for place in range(bench.options.repeat):
        for rows, grown in built.items():
            # The first increment reads tables that a full build has just written: it does not count if there are more.
            is_first = bench.options.repeat > 1 and place == 0
            files = grown.add_session()
            grown.measure(partial(grown.load, files), Measured("first", None) if is_first else measured[rows])
    smallest = min(built)
    for rows in sorted(built)[1:] or [smallest]:
        yield Result(
            f"increment: {rows:,} bars, against {smallest:,}", measured[rows], measured[smallest], RATIO, "at most"
        )
    largest = max(built)
    yield Result(
        f"increment: {largest:,} bars, in all", measured[largest], measured[smallest], SECONDS, "at most", "seconds"
    )
