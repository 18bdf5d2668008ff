"""Responses of a price API into raw, compared with dlt's own source for REST APIs."""

import json
import sys
from collections.abc import Iterator
from datetime import date
from functools import partial

from benchmarks.harness import Bench, BenchmarkFailed, Comparison, Result, Side
from benchmarks.market import delete_polygon, get, market
from ingestion import runner
from ingestion.extract.sessions import sessions_between
from sandbox.server import Sandbox

PATH = "/v2/aggs/grouped/locale/us/market/stocks/"
LAST = date(2024, 5, 31)  # the simulated market begins with the year
BARS, MOST_SECURITIES = 10_000, 12_000
# The start is a large part of a month; a longer backfill shows the rate.
MONTH, LONG = 30, 100


def run(bench: Bench) -> Iterator[Result]:
    """Request, land and load grouped daily bars, 10,000 per response, against dlt's `rest_api` source."""
    runner.prepare(bench.settings)
    bars = min(BARS, max(10, bench.options.rows // 10))
    known = [day for day, _ in sessions_between(date(LAST.year, 1, 2), LAST)]
    with market(min(MOST_SECURITIES, bars * 6 // 5 + 10), f"{LAST}T23:00:00Z") as sandbox:
        for most, share in ((MONTH, 10), (LONG, 3)):
            sessions = known[-max(2, min(most, bench.options.rows // bars // share)) :]
            yield _compare(bench, sandbox, sessions)
    delete_polygon(bench)


def _compare(bench: Bench, sandbox: Sandbox, sessions: list[date]) -> Result:
    rows = sum(len(get(sandbox, f"{PATH}{day}?adjusted=false")["results"]) for day in sessions)
    window = (sessions[0].isoformat(), sessions[-1].isoformat())
    command = [sys.executable, "-m", "benchmarks.ours", "polygon", "grouped_daily", *window]
    ours = Side("marketloom", lambda: bench.process(command), lambda: delete_polygon(bench), rows)
    paths = json.dumps([f"{PATH}{day}" for day in sessions])
    place = f"{sandbox.url}/polygon"
    rest = partial(bench.dlt, "benchmarks.dlt_rest", place, "grouped_daily", paths)
    reference = Side("rest_api", rest, lambda: delete_polygon(bench), rows)
    result = bench.compare(Comparison(f"api: {rows:,} grouped daily bars, against rest_api", ours, reference, 10))
    if (found := bench.value("select count(*) from raw_polygon.bars")) != rows:
        raise BenchmarkFailed(f"{rows} bars were offered, {found} loaded")
    return result
