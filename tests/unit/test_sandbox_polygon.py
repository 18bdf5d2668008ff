"""The sandbox sends what Polygon sends: compared field by field with recorded payloads."""

import json
import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.polygon_bars import number
from sandbox.web import FREE
from tests.unit.sandbox_requests import BASE, app, ask, ask_json, grouped, market, real

RANGE = "/polygon/v2/aggs/ticker/LOOM/range/1/day/2026-10-01/2026-11-20"
TICKERS, NEWS = "/polygon/v3/reference/tickers", "/polygon/v2/reference/news"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (81000752.0, "8.1000752e+07"), (166646980.0, "1.6664698e+08"), (1e6, "1e+06"), (1437085.0, "1.437085e+06"),
        (312583.0, "312583"), (25933.6, "25933.6"), (82.875, "82.875"), (1234567.25, "1.23456725e+06"), (0.5, "0.5"),
    ],
)  # fmt: skip
def test_polygon_numbers_are_printed_as_the_provider_prints_them(value: float, text: str) -> None:
    assert number(value) == text


@given(st.floats(0.0001, 1e12))
def test_polygon_numbers_lose_nothing(value: float) -> None:
    assert float(number(value)) == value


@pytest.mark.parametrize("name", ["aggs_AAPL_1day_2020-06.json", "aggs_AAPL_1day_2023-01.json"])
def test_polygon_ranges_have_the_real_fields_in_the_real_order(name: str) -> None:
    genuine, ours = real(f"polygon/{name}"), ask_json(app(), RANGE)
    assert list(ours) == list(genuine)
    assert list(ours["results"][0]) == list(genuine["results"][0])
    for field, value in genuine["results"][0].items():
        assert type(ours["results"][0][field]) is type(value), field
    assert len(ours["request_id"]) == len(genuine["request_id"])


def test_polygon_volumes_are_exponent_floats() -> None:
    assert re.search(rb'"v":\d(\.\d+)?e\+0[678],"vw":', ask(app(), RANGE).body)


def test_polygon_ranges_stamp_midnight_and_grouped_bars_the_close_in_new_york() -> None:
    summer = ask_json(app(), "/polygon/v2/aggs/ticker/LOOM/range/1/day/2026-07-06/2026-07-06")["results"][0]
    assert datetime.fromtimestamp(summer["t"] / 1000, UTC) == datetime(2026, 7, 6, 4, tzinfo=UTC)
    bar = next(bar for bar in grouped(app(), "2026-07-06")["results"] if bar["T"] == "LOOM")
    assert datetime.fromtimestamp(bar["t"] / 1000, UTC) == datetime(2026, 7, 6, 20, tzinfo=UTC)
    assert {**bar, "t": 0} == {"T": "LOOM", **summer, "t": 0}


def test_polygon_grouped_bars_have_the_documented_fields() -> None:
    genuine = real("polygon/spec_grouped.json")["example"]
    ours = grouped(app(), "2026-11-20")
    assert set(ours) == {*genuine, "request_id", "count"}
    assert set(ours["results"][0]) == set(genuine["results"][0])


@pytest.mark.parametrize("day", ["2026-11-21", "2025-12-25", "2031-01-02"])
def test_a_day_without_trading_has_no_results_key(day: str) -> None:
    found = grouped(app(), day, adjusted="false")
    expected = {"queryCount": 0, "resultsCount": 0, "adjusted": False, "status": "OK", "count": 0}
    assert {k: v for k, v in found.items() if k != "request_id"} == expected


def test_an_unknown_ticker_has_no_results_key_either() -> None:
    found = ask_json(app(), RANGE.replace("LOOM", "NOSUCH"))
    assert (found["ticker"], found["resultsCount"], "results" in found) == ("NOSUCH", 0, False)


def test_over_the_counter_stocks_are_included_only_on_request() -> None:
    plain, wide = (grouped(app(), "2026-11-20", include_otc=flag)["results"] for flag in ("false", "true"))
    assert not any("otc" in bar for bar in plain)
    assert {bar["otc"] for bar in wide if "otc" in bar} == {True}
    assert len(wide) > len(plain)


def test_adjusted_prices_undo_splits_and_as_traded_ones_do_not() -> None:
    split = market().splits(app().world.now())[-1]
    ticker, day = market().universe.securities[split.security].ticker, market().sessions.dates[split.session - 1]
    path = f"/polygon/v2/aggs/ticker/{ticker}/range/1/day/{day}/{day}"
    adjusted = ask_json(app(), path)["results"][0]
    traded = ask_json(app(), path, adjusted="false")["results"][0]
    assert traded["c"] == market().final_bars(split.session - 1).close[split.security]
    assert adjusted["c"] == pytest.approx(traded["c"] / split.ratio, abs=1e-4)
    assert adjusted["v"] == pytest.approx(traded["v"] * split.ratio)


def test_polygon_tickers_have_the_real_fields() -> None:
    genuine, ours = real("polygon/mock_tickers_page2.json"), ask_json(app(), TICKERS, type="CS", limit="5")
    assert list(ours) == [*genuine, "next_url"]
    assert list(ours["results"][0]) == list(genuine["results"][1])
    gone = ask_json(app(), TICKERS, active="false", limit="1000")["results"]
    assert gone
    assert all(row["delisted_utc"] <= "2026-11-21T22:00:00Z" and row["active"] is False for row in gone)


def test_the_universe_of_a_day_is_the_one_listed_then() -> None:
    security = next(s for s in market().universe.securities if 0 < s.first < 600 and not s.is_otc)
    before, since = security.listed_on - timedelta(days=1), security.listed_on
    assert not ask_json(app(), TICKERS, ticker=security.ticker, date=str(before))["results"]
    assert ask_json(app(), TICKERS, ticker=security.ticker, date=str(since))["count"] == 1


def test_polygon_news_has_the_real_fields_in_the_real_order() -> None:
    genuine, ours = real("polygon/news_AAPL_2025-09.json"), ask_json(app(), NEWS, limit="200")
    assert list(ours) == list(genuine)
    whole = next(row for row in ours["results"] if "amp_url" in row and "insights" in row)
    assert list(whole) == list(genuine["results"][0])
    assert list(whole["publisher"]) == list(genuine["results"][0]["publisher"])
    assert list(whole["insights"][0]) == list(genuine["results"][0]["insights"][0])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", whole["published_utc"])
    assert any("amp_url" not in row for row in ours["results"])


@pytest.mark.parametrize(
    ("path", "query"),
    [
        (TICKERS, {"limit": "7"}),
        (TICKERS, {"limit": "2", "active": "false", "order": "desc"}),
        (NEWS, {"limit": "13", "published_utc.gte": "2026-11-19", "published_utc.lt": "2026-11-21T12:00:00Z"}),
        (NEWS, {"limit": "9", "ticker": "WARP", "order": "asc", "published_utc.gt": "2026-10-15"}),
        ("/polygon/v3/reference/splits", {"limit": "3"}),
        ("/polygon/v3/reference/dividends", {"limit": "50", "ex_dividend_date.gte": "2026-01-01"}),
        (RANGE, {"limit": "4"}),
        (RANGE, {"limit": "6", "sort": "desc"}),
    ],
)
def test_paging_gives_every_row_once_and_in_order(path: str, query: dict[str, str]) -> None:
    sandbox = app()
    whole = ask_json(sandbox, path, **{**query, "limit": "1000"})["results"]
    page = ask_json(sandbox, path, **query)
    rows = page["results"]
    while "next_url" in page:
        assert page["next_url"].startswith(f"{BASE}/polygon/")
        assert "sandbox-unlimited" not in page["next_url"]
        following, _, cursor = page["next_url"].removeprefix(BASE).partition("?cursor=")
        page = ask_json(sandbox, following, cursor=cursor)
        rows += page["results"]
    assert rows == whole
    assert len(whole) > int(query["limit"])


@pytest.mark.parametrize(
    ("name", "path", "key", "query"),
    [
        ("error_401_missing_key", TICKERS, "", {}),
        ("error_401_unknown_key", TICKERS, "wrong", {}),
        ("error_403_today", "/polygon/v2/aggs/grouped/locale/us/market/stocks/2026-11-21", FREE, {}),
        ("error_403_timeframe", "/polygon/v2/aggs/grouped/locale/us/market/stocks/2024-11-20", FREE, {}),
    ],
)
def test_polygon_errors_are_verbatim(name: str, path: str, key: str, query: dict[str, str]) -> None:
    genuine, response = real(f"polygon/{name}.json"), ask(app(), path, key, **query)
    ours = json.loads(response.body)
    assert response.status == int(name.split("_")[1])
    assert list(ours) == list(genuine)
    assert {**ours, "request_id": ""} == {**genuine, "request_id": ""}


@pytest.mark.parametrize("query", [{"limit": "0"}, {"limit": "5000"}, {"cursor": "%%%"}, {"sort": "name"}])
def test_polygon_refuses_bad_parameters(query: dict[str, str]) -> None:
    response = ask(app(), TICKERS, **query)
    assert (response.status, json.loads(response.body)["status"]) == (400, "ERROR")
