"""A simulated market for each test of ingestion, at configured addresses as any provider."""

from collections.abc import Iterator

import pytest

from ingestion.config import Settings
from sandbox.market import Market
from sandbox.server import Sandbox
from tests.integration.providers import FEEDS, NOW, TICKERS, as_json


@pytest.fixture(scope="session")
def market() -> Market:
    """One small market for all tests: creating it takes longer than serving it."""
    return Market(seed=7, securities=24)


@pytest.fixture
def sandbox(market: Market, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """A market pinned to the evening of Friday 15 March 2024, configured as the test's live providers; no quotas."""
    with Sandbox(market=market, now=NOW) as server:
        for source in ("polygon", "alpha_vantage"):
            name = f"SOURCES__{source.upper()}"
            monkeypatch.setenv(f"{name}__BASE_URL", f"{server.url}/{source}")
            monkeypatch.setenv(f"{name}__API_KEY", "sandbox-unlimited")
            monkeypatch.setenv(f"{name}__RATES", "[]")
        monkeypatch.setenv("SOURCES__ALPHA_VANTAGE__TICKERS", as_json(TICKERS))
        monkeypatch.setenv("SOURCES__RSS__FEEDS", as_json({name: f"{server.url}/rss/{name}.xml" for name in FEEDS}))
        monkeypatch.setenv("SOURCES__RSS__RATES", "[]")
        monkeypatch.setenv("MARKETLOOM__BACKOFF_SECONDS", "0.01")
        monkeypatch.setenv("MARKETLOOM__LONGEST_WAIT_SECONDS", "2")
        yield server
