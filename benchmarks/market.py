"""The simulated market for benchmarks of providers: each answer is made once, so that clients are measured, not it."""

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
    """A market that answers what it was asked before from memory; marketloom's live settings point to it."""
    with Sandbox(market=Market(seed=7, securities=securities), now=now) as sandbox:
        original, known = sandbox.app.respond, dict[tuple[str, str], Any]()

        def answer(request: Any) -> Any:
            asked = (request.path, str(sorted(request.query.items())))
            if asked not in known:
                known[asked] = original(request)
            return known[asked]

        sandbox.app.respond = answer  # type: ignore[method-assign]  # the same answers, sooner
        terms = {"BASE_URL": f"{sandbox.url}/polygon", "API_KEY": KEY, "RATES": "[]"}
        with config.environment(**{f"SOURCES__POLYGON__{name}": value for name, value in terms.items()}):
            yield sandbox


def get(sandbox: Sandbox, path: str) -> dict[str, Any]:
    """The answer to one call of Polygon's."""
    answer = requests.get(f"{sandbox.url}/polygon{path}", headers={"Authorization": f"Bearer {KEY}"}, timeout=300)
    answer.raise_for_status()
    return dict(answer.json())


def forget(bench: Bench) -> None:
    """Nothing asked, landed or loaded of Polygon's."""
    bench.forget("polygon")
    bench.execute("drop schema if exists rest cascade", "drop schema if exists rest_staging cascade")
