"""Responses of a news API into raw, compared with dlt's own source for REST APIs."""

import json
import sys
from collections.abc import Iterator
from datetime import date, timedelta
from functools import partial
from urllib.parse import urlencode

from benchmarks.harness import Bench, BenchmarkFailed, Comparison, Result, Side
from benchmarks.market import delete_polygon, get, market
from ingestion import runner
from sandbox.server import Sandbox

PATH = "/v2/reference/news?"
LAST = date(2024, 3, 14)
# The start is most of a few responses; many responses show the rate.
SECURITIES, MANY_SECURITIES = 2_000, 6_000


def run(bench: Bench) -> Iterator[Result]:
    """Request, land and load news, 1,000 articles per response, against dlt's `rest_api` source."""
    runner.prepare(bench.settings)
    days = max(1, min(30, bench.options.rows // 100_000))
    for most, share in ((SECURITIES, 100), (MANY_SECURITIES, 50)):
        with market(max(50, min(most, bench.options.rows // share))) as sandbox:
            yield _compare(bench, sandbox, LAST - timedelta(days=days - 1))
    delete_polygon(bench)


def _compare(bench: Bench, sandbox: Sandbox, first: date) -> Result:
    parameters = {
        "published_utc.gte": f"{first}T00:00:00Z",
        "published_utc.lte": f"{LAST}T23:59:59Z",
        "order": "asc",
        "sort": "published_utc",
        "limit": "1000",
    }
    path = PATH + urlencode(parameters)
    command = [sys.executable, "-m", "benchmarks.ours", "polygon", "news", first.isoformat(), LAST.isoformat()]
    delete_polygon(bench)
    bench.process(command)
    rows = int(bench.value("select count(*) from raw_polygon.news"))
    if len(get(sandbox, path)["results"]) != min(rows, 1000) or not rows:
        raise BenchmarkFailed("both sides must be offered the same articles")
    ours = Side("marketloom", lambda: bench.process(command), lambda: delete_polygon(bench), rows)
    place, paths = f"{sandbox.url}/polygon", json.dumps([path])
    rest = partial(bench.dlt, "benchmarks.dlt_rest", place, "news", paths)
    reference = Side("rest_api", rest, lambda: delete_polygon(bench), rows)
    return bench.compare(Comparison(f"articles: {rows:,}, against dlt's rest_api", ours, reference, 3))
