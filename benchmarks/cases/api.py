"""Answers of a provider of prices into raw, beside dlt's own source for REST APIs."""

import json
import sys
from collections.abc import Iterator
from datetime import date
from functools import partial

from benchmarks.harness import Bench, BenchmarkFailed, Comparison, Result, Side
from benchmarks.market import forget, get, market
from ingestion import runner
from ingestion.extract.sessions import sessions_between
from sandbox.server import Sandbox

PATH = "/v2/aggs/grouped/locale/us/market/stocks/"
LAST = date(2024, 5, 31)  # the simulated market begins with the year
BARS, MOST_SECURITIES = 10_000, 12_000
# A month, of which the start is a large part, and a longer backfill, which tells the rate.
MONTH, LONG = 30, 100


def run(bench: Bench) -> Iterator[Result]:
    """Grouped daily bars, 10,000 in an answer, asked, landed and loaded, against dlt's `rest_api` source."""
    runner.prepare(bench.settings)
    bars = min(BARS, max(10, bench.options.rows // 10))
    known = [day for day, _ in sessions_between(date(LAST.year, 1, 2), LAST)]
    with market(min(MOST_SECURITIES, bars * 6 // 5 + 10), f"{LAST}T23:00:00Z") as sandbox:
        for most, share in ((MONTH, 10), (LONG, 3)):
            sessions = known[-max(2, min(most, bench.options.rows // bars // share)) :]
            yield _compare(bench, sandbox, sessions)
    forget(bench)


def _compare(bench: Bench, sandbox: Sandbox, sessions: list[date]) -> Result:
    rows = sum(len(get(sandbox, f"{PATH}{day}?adjusted=false")["results"]) for day in sessions)
    window = (sessions[0].isoformat(), sessions[-1].isoformat())
    command = [sys.executable, "-m", "benchmarks.ours", "polygon", "grouped_daily", *window]
    ours = Side("marketloom", lambda: bench.process(command), lambda: forget(bench), rows)
    paths = json.dumps([f"{PATH}{day}" for day in sessions])
    place = f"{sandbox.url}/polygon"
    rest = partial(bench.dlt, "benchmarks.dlt_rest", place, "grouped_daily", paths)
    reference = Side("rest_api", rest, lambda: forget(bench), rows)
    result = bench.compare(Comparison(f"api: {rows:,} grouped daily bars, against rest_api", ours, reference, 10))
    if (found := bench.value("select count(*) from raw_polygon.bars")) != rows:
        raise BenchmarkFailed(f"{rows} bars were offered, {found} loaded")
    return result
