"""Answers of a provider of prices into raw, beside dlt's own source for REST APIs."""

import json
import sys
from collections.abc import Iterator
from datetime import date, timedelta
from functools import partial

from benchmarks.harness import Bench, BenchmarkFailed, Comparison, Result, Side
from benchmarks.market import forget, get, market
from ingestion import runner
from ingestion.sessions import sessions_between

PATH = "/v2/aggs/grouped/locale/us/market/stocks/"
LAST = date(2024, 3, 15)
BARS, MOST_SESSIONS, MOST_SECURITIES = 10_000, 30, 12_000


def run(bench: Bench) -> Iterator[Result]:
    """Grouped daily bars, 10,000 in an answer, asked, landed and loaded, against dlt's `rest_api` source."""
    runner.prepare(bench.settings)
    bars = min(BARS, max(10, bench.options.rows // 10))
    sessions = [day for day, _ in sessions_between(LAST - timedelta(days=60), LAST)]
    sessions = sessions[-max(2, min(MOST_SESSIONS, bench.options.rows // bars // 10)) :]
    with market(min(MOST_SECURITIES, bars * 6 // 5 + 10)) as sandbox:
        rows = sum(len(get(sandbox, f"{PATH}{day}?adjusted=false")["results"]) for day in sessions)
        window = (sessions[0].isoformat(), sessions[-1].isoformat())
        command = [sys.executable, "-m", "benchmarks.ours", "polygon", "grouped_daily", *window]
        ours = Side("marketloom", lambda: bench.process(command), lambda: forget(bench), rows)
        paths = json.dumps([f"{PATH}{day}" for day in sessions])
        place = f"{sandbox.url}/polygon"
        rest = partial(bench.dlt, "benchmarks.dlt_rest", place, "grouped_daily", paths)
        reference = Side("rest_api", rest, lambda: forget(bench), rows)
        yield bench.compare(Comparison("api: grouped daily, against dlt's rest_api", ours, reference, 10))
    if (found := bench.value("select count(*) from raw_polygon.bars")) != rows:
        raise BenchmarkFailed(f"{rows} bars were offered, {found} loaded")
    forget(bench)
