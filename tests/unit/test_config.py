"""Settings come from the environment and from files; invalid ones are rejected by name."""

import pytest

from ingestion import config
from ingestion.errors import ConfigurationError
from ingestion.model import Rate
from ingestion.sources import SOURCES
from sandbox import names, outlets, sessions


def test_lists_and_tables_can_be_set_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCES__RSS__FEEDS", '{"wire": "https://wire.example/feed"}')
    monkeypatch.setenv("SOURCES__POLYGON__TICKERS", '["LOOM", "WEFT"]')
    monkeypatch.setenv("SOURCES__POLYGON__RATES", "[[100, 60], [5000, 86400]]")
    monkeypatch.setenv("SOURCES__ALPHA_VANTAGE__RATES", "[]")
    monkeypatch.setenv("MARKETLOOM__TIMEOUT_SECONDS", "2.5")
    settings = config.load("live")
    assert settings.source(SOURCES["rss"]).feeds == {"wire": "https://wire.example/feed"}
    terms = settings.source(SOURCES["polygon"])
    assert (terms.tickers, terms.rates) == (("LOOM", "WEFT"), (Rate(100, 60), Rate(5000, 86400)))
    assert settings.source(SOURCES["alpha_vantage"]).rates == ()
    assert settings.source(SOURCES["rss"]).rates == SOURCES["rss"].rates
    assert (settings.limit("timeout_seconds", 30), settings.limit("backoff_seconds", 1)) == (2.5, 1)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SOURCES__POLYGON__TICKERS", "LOOM,WEFT"),
        ("SOURCES__POLYGON__FEEDS", "https://wire.example/feed"),
        ("SOURCES__POLYGON__RATES", "[5, 60]"),
        ("SOURCES__POLYGON__RATES", '[["five", 60]]'),
        ("SOURCES__POLYGON__RATES", "[[0, 60]]"),
    ],
)
def test_a_setting_of_the_wrong_shape_is_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ConfigurationError, match=name.lower().replace("__", r"\.")):
        config.load("live").source(SOURCES["polygon"])


@pytest.mark.parametrize("value", ["-1", "1e12", "inf", "nan"])
def test_a_number_out_of_bounds_is_named(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("MARKETLOOM__LOOKBACK_DAYS", value)
    with pytest.raises(ConfigurationError, match=r"must be a number from 0 to 36500.*MARKETLOOM__LOOKBACK_DAYS"):
        config.load("live").limit("lookback_days", 60)


def test_a_bound_that_is_no_number_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MARKETLOOM__TIMEOUT_SECONDS", "soon")
    with pytest.raises(ConfigurationError, match=r"must be a number.*MARKETLOOM__TIMEOUT_SECONDS"):
        config.load("live").limit("timeout_seconds", 30)


def test_the_sandbox_target_names_what_the_simulated_market_offers() -> None:
    assert (sessions.START.year, sessions.HORIZON.year) == (config.SANDBOX_YEARS[0], config.SANDBOX_YEARS[-1])
    assert tuple(outlets.FEEDS) == config.SANDBOX_FEEDS
    assert {ticker for ticker, *_ in names.FIXED} >= {*config.SANDBOX_TICKERS}
