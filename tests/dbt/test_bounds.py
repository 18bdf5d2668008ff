"""Arithmetic in the models cannot overflow on what parsing accepts: rows at the bounds of the possible."""

import json

import pytest

from ingestion.parsing.bounds import DOUBLES
from tests.dbt import rawdata
from tests.dbt.conftest import Warehouse
from tests.dbt.rawdata import Load, Row, at

SESSIONS = rawdata.sessions(270)
PRICE, VOLUME, ADJUSTED = DOUBLES["price"], DOUBLES["volume"], DOUBLES["adjusted_price"]
RATIO, SHARES, AMOUNT = DOUBLES["split_ratio"].most, DOUBLES["split_shares"], DOUBLES["amount"]


def prices(ticker: str, place: int) -> tuple[float, float] | None:
    """Price and volume of a ticker in a session; None without a bar."""
    low, high = PRICE.finest, PRICE.most
    is_even = place % 2 == 0
    return {
        "LEAST": (low, VOLUME.finest),
        "MOST": (high, VOLUME.most),
        "SWING": (high, VOLUME.most) if is_even else (low, 0.0),
        # In the session that it misses, the whole market falls by all of its value.
        "GAP": None if place in (5, 6) else (1.0, 1.0),
        "FLAT": (2.0 if place else 1.0, 1.0),
        "NEAR": (1.0 + 1e-15 * place, VOLUME.most - 2 * (place % 2)),
        "SPLITS": (10.0, 100.0),
        "REVERSE": (10.0, 100.0),
        "PAYS": (low, 100.0),
        "NEGATIVE": (-high if is_even else high, -VOLUME.most),
    }[ticker]


TICKERS = ("LEAST", "MOST", "SWING", "GAP", "FLAT", "NEAR", "SPLITS", "REVERSE", "PAYS", "NEGATIVE")
ALONE = ("SWING", "GAP")  # in the first ten sessions


def bars(load_id: str, places: range) -> Load:
    load = Load("polygon", load_id)
    for place in places:
        found = [(ticker, prices(ticker, place)) for ticker in (ALONE if place < 10 else TICKERS)]
        rows: list[Row] = [
            {
                "ticker": ticker,
                "date": SESSIONS[place],
                **dict.fromkeys(("open", "high", "low", "close", "vwap"), values[0]),
                "volume": values[1],
                "transactions": 10**13,
            }
            for ticker, values in found
            if values
        ]
        load.add("bars", f"bars-{load_id}-{place:03}", at(SESSIONS[place], 22), rows)
    return load


def actions(load_id: str) -> Load:
    """Splits of the largest ratio one after the other, and payments as large as they can be."""
    splits = [
        {"ticker": ticker, "execution_date": day, "split_from": terms[0], "split_to": terms[1], "id": f"{ticker}{day}"}
        for day in SESSIONS[20:260]
        for ticker, terms in (("SPLITS", (1.0, RATIO)), ("REVERSE", (SHARES.finest * RATIO, SHARES.finest)))
    ]
    dividends = [
        {"ticker": ticker, "ex_dividend_date": day, "cash_amount": amount, "currency": "USD", "id": f"{ticker}{day}"}
        for day in SESSIONS[20:260]
        for ticker, amount in (("MOST", 0.89 * PRICE.most), ("PAYS", AMOUNT.most), ("SPLITS", AMOUNT.finest))
    ]
    load, received = Load("polygon", load_id), at(SESSIONS[-1], 23)
    for entity, rows in (("splits", splits), ("dividends", dividends)):
        page = {
            "entity": entity,
            "listed_from": SESSIONS[0],
            "is_last": True,
            "refused_count": 0,
            "row_count": len(rows),
        }
        load.add(entity, f"{entity}-1", received, rows).add("listings", f"{entity}-1", received, [page])
    return load


def alpha_vantage() -> Load:
    """A day comes three times in one response, with other terms in between; scores are not what they should be."""
    terms = [(RATIO, 0.0), (1 / RATIO, AMOUNT.most), (RATIO, 0.0)]
    rows = [
        {"symbol": "AGAIN", "date": day, **dict.fromkeys(("open", "high", "low", "close"), 5.0), "volume": 1.0}
        | {"split_coefficient": coefficient, "dividend_amount": amount}
        for day in SESSIONS[:60]
        for coefficient, amount in terms
    ]
    scores = [
        "abc",
        "1e400",
        "-1e30",
        "1e-400",
        "NaN",
        "Infinity",
        "",
        None,
        5,
        True,
        [1],
        {"a": 1},
        "0.5",
        " 1",
        "9" * 400,
    ]
    story: Row = {
        "title": "Odd scores",
        "url": "http://daily.example/odd",
        "time_published": at(SESSIONS[3], 15),
        "overall_sentiment_score": 1.0,
        "ticker_sentiment": json.dumps(
            [{"ticker": "MOST", "relevance_score": score, "ticker_sentiment_score": score} for score in scores]
        ),
    }
    load = Load("alpha_vantage", "300.1").add("daily", "daily-1", at(SESSIONS[61], 3), rows)
    return load.add("news", "news-1", at(SESSIONS[4], 3), [story])


def archives() -> Load:
    load = Load("pystock", "400.1")
    for place in range(0, 40, 2):
        pair = [(PRICE.most, ADJUSTED.finest), (PRICE.finest, ADJUSTED.most)]
        rows: list[Row] = [
            {"symbol": "OLD", "date": SESSIONS[place + n], **dict.fromkeys(("open", "high", "low", "close"), close)}
            | {"adj_close": adjusted, "volume": VOLUME.most, "archive": f"a{place}"}
            for n, (close, adjusted) in enumerate(pair if place % 4 else pair[::-1])
        ]
        load.add("prices", f"prices-{place:03}", at(SESSIONS[place + 1], 23), rows)
    return load


@pytest.fixture(scope="module")
def built(warehouse: Warehouse) -> Warehouse:
    """Everything in one build, and the last sessions in a second one."""
    warehouse.load([rawdata.calendar(450), bars("200.1", range(0, 250)), actions("200.2"), alpha_vantage(), archives()])
    build(warehouse)
    warehouse.load([bars("200.3", range(245, 270))])
    warehouse.dbt.must("run", "--quiet")
    return warehouse


def build(warehouse: Warehouse) -> None:
    # These say that many bars are suspect and that sessions are missing, as here.
    apart = ("suspect_bars_are_rarer_than_one_in_a_thousand", "no_session_is_missing_between_first_and_last_bar")
    warehouse.dbt.must("build", "--quiet", "--exclude", *apart, "--exclude-resource-type", "unit_test")


def test_every_number_in_the_marts_is_finite(built: Warehouse) -> None:
    columns = built.rows(
        "select table_name, column_name from information_schema.columns "
        "where table_schema = 'marts' and data_type = 'double precision' order by 1, 2"
    )
    assert len(columns) > 80
    for table, column in columns:
        wrong = f"select count(*) from marts.{table} where {column} in ('NaN', 'Infinity', '-Infinity')"
        assert built.rows(wrong) == [(0,)], (table, column)


def test_bars_at_the_bounds_are_kept_as_they_are(built: Warehouse) -> None:
    assert built.rows(
        "select ticker, min(close_price), max(close_price), max(volume), count(*) from marts.fct_daily_bars "
        "where ticker in ('LEAST', 'MOST', 'SWING') group by ticker order by ticker"
    ) == [
        ("LEAST", PRICE.finest, PRICE.finest, VOLUME.finest, 260),
        ("MOST", PRICE.most, PRICE.most, VOLUME.most, 260),
        ("SWING", PRICE.finest, PRICE.most, VOLUME.most, 270),
    ]
    assert built.rows("select count(*) from marts.fct_daily_indicators where ticker = 'NEGATIVE'") == [(0,)]


def test_a_score_that_is_none_is_null(built: Warehouse) -> None:
    found = "select sentiment_score, relevance_score from marts.bridge_article_securities where ticker = 'MOST'"
    assert built.rows(found) == [(0.5, 0.5)]


def test_the_last_of_several_reports_about_a_day_counts(built: Warehouse) -> None:
    found = "select distinct split_from, split_to, cash_amount from marts.fct_corporate_actions where ticker = 'AGAIN'"
    assert built.rows(found) == [(1.0, RATIO, None)]
