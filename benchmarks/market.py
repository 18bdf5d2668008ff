"""The simulated market for benchmarks of providers. It caches responses, so that a benchmark measures the client."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import requests

from benchmarks.harness import Bench
from ingestion import config
from sandbox.market import Market
from sandbox.server import Sandbox

NOW = "2024-03-15T23:00:00Z"
KEY = "sandbox-unlimited"


@contextmanager
def market(securities: int, now: str = NOW) -> Iterator[Sandbox]:
    """A market that keeps its responses in memory; marketloom's live settings point to it."""
    with Sandbox(market=Market(seed=7, securities=securities), now=now) as sandbox:
        original, known = sandbox.app.respond, dict[tuple[str, str], Any]()

        def respond(request: Any) -> Any:
            key = (request.path, str(sorted(request.query.items())))
            if key not in known:
                known[key] = original(request)
            return known[key]

        sandbox.app.respond = respond  # type: ignore[method-assign]  # from memory
        terms = {"BASE_URL": f"{sandbox.url}/polygon", "API_KEY": KEY, "RATES": "[]"}
        with config.environment(**{f"SOURCES__POLYGON__{name}": value for name, value in terms.items()}):
            yield sandbox


def get(sandbox: Sandbox, path: str) -> dict[str, Any]:
    """The response to one call of Polygon's API."""
    response = requests.get(f"{sandbox.url}/polygon{path}", headers={"Authorization": f"Bearer {KEY}"}, timeout=300)
    response.raise_for_status()
    return dict(response.json())


def delete_polygon(bench: Bench) -> None:
    """Delete everything landed or loaded from Polygon, by either side."""
    bench.delete_source("polygon")
    bench.execute("drop schema if exists rest cascade", "drop schema if exists rest_staging cascade")
