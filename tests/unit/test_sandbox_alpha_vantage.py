"""The sandbox sends what Alpha Vantage sends: compared field by field with recorded payloads."""

import csv
import io
import json
import re
from typing import Any

import pytest

from sandbox.alpha_vantage_news import label
from sandbox.web import FREE
from tests.shared import PAYLOADS, need
from tests.unit.sandbox_requests import app, ask, ask_json, real

DAILY = {"function": "TIME_SERIES_DAILY", "symbol": "LOOM"}


def message(response: Any) -> str:
    """The only text of a response that is a sentence."""
    (text,) = response.values()
    return str(text)


def test_alpha_vantage_days_look_as_recorded() -> None:
    genuine, ours = real("alpha_vantage/daily_IBM_compact.json"), ask_json(app(), "/alpha_vantage/query", **DAILY)
    assert {**ours["Meta Data"], "2. Symbol": "", "3. Last Refreshed": ""} == {
        **genuine["Meta Data"], "2. Symbol": "", "3. Last Refreshed": "",
    }  # fmt: skip
    theirs, mine = genuine["Time Series (Daily)"], ours["Time Series (Daily)"]
    assert len(mine) == len(theirs) == 100
    assert list(mine) == sorted(mine, reverse=True)
    first = next(iter(mine.values()))
    assert list(first) == list(next(iter(theirs.values())))
    assert all(re.fullmatch(r"\d+\.\d{4}", first[key]) for key in list(first)[:4])
    layouts = (
        re.sub(r'": "[^"]*"', "", text.splitlines()[10])
        for text in (
            need(PAYLOADS / "alpha_vantage/daily_IBM_compact.json").read_text(),
            ask(app(), "/alpha_vantage/query", **DAILY).body.decode(),
        )
    )
    assert len(set(layouts)) == 1


def test_alpha_vantage_csv_has_crlf_and_the_same_values() -> None:
    response = ask(app(), "/alpha_vantage/query", **DAILY, datatype="csv")
    assert response.body.count(b"\r\n") == response.body.count(b"\n") == 101
    rows = list(csv.DictReader(io.StringIO(response.body.decode())))
    days = ask_json(app(), "/alpha_vantage/query", **DAILY)["Time Series (Daily)"]
    assert list(rows[0]) == ["timestamp", "open", "high", "low", "close", "volume"]
    for row in rows:
        assert [row[key] for key in list(row)[1:]] == list(days[row["timestamp"]].values())


def test_alpha_vantage_adjusted_days_have_the_documented_keys() -> None:
    genuine = real("alpha_vantage/doc_daily_adjusted_IBM.json")["Time Series (Daily)"]
    ours = ask_json(app(), "/alpha_vantage/query", **{**DAILY, "function": "TIME_SERIES_DAILY_ADJUSTED"})
    assert list(next(iter(ours["Time Series (Daily)"].values()))) == list(next(iter(genuine.values())))


@pytest.mark.parametrize(
    ("name", "key", "query"),
    [
        ("error_invalid_call", FREE, {"function": "TIME_SERIES_DAILY", "symbol": "NOSUCH"}),
        ("error_invalid_key", "wrong", DAILY),
        ("error_invalid_key", "", DAILY),
        ("information_demo_key", "demo", DAILY),
        ("information_invalid_inputs_news", FREE, {"function": "NEWS_SENTIMENT", "time_to": "20261101T0000"}),
        ("information_invalid_inputs_news", FREE, {"function": "NEWS_SENTIMENT", "time_from": "2026-11-01"}),
        ("information_outputsize_full_premium", FREE, {**DAILY, "outputsize": "full"}),
    ],
)
def test_alpha_vantage_errors_are_verbatim(name: str, key: str, query: dict[str, str]) -> None:
    response = ask(app(), "/alpha_vantage/query", key, **query)
    assert response.status == 200
    assert json.loads(response.body) == real(f"alpha_vantage/{name}.json")
    assert response.body.startswith(b'{\n    "')


def test_alpha_vantage_knows_no_other_function() -> None:
    assert "does not exist" in message(ask_json(app(), "/alpha_vantage/query", function="OVERVIEW"))


def test_alpha_vantage_news_looks_as_recorded() -> None:
    genuine = real("alpha_vantage/news_sentiment_AAPL_2026-10.json")
    ours = ask_json(app(), "/alpha_vantage/query", function="NEWS_SENTIMENT")
    assert list(ours) == list(genuine)
    assert {key: ours[key] for key in list(ours)[:3]} == {key: genuine[key] for key in list(ours)[:3]}
    item, theirs = next(item for item in ours["feed"] if "banner_image" not in item), genuine["feed"][0]
    assert list(item) == list(theirs)
    assert list(item["ticker_sentiment"][0]) == list(theirs["ticker_sentiment"][0])
    assert list(item["topics"][0]) == list(theirs["topics"][0])
    for field, value in theirs.items():
        assert type(item[field]) is type(value), field
    assert re.fullmatch(r"\d{8}T\d{6}", item["time_published"])


def test_alpha_vantage_news_keeps_to_ticker_time_and_limit() -> None:
    window = {"time_from": "20261001T0000", "time_to": "20261101T0000"}
    query = {"function": "NEWS_SENTIMENT", "tickers": "LOOM", "sort": "EARLIEST", **window}
    times = [item["time_published"] for item in ask_json(app(), "/alpha_vantage/query", **query)["feed"]]
    assert times == sorted(times)
    assert all("20261001T000000" <= time <= "20261101T000000" for time in times)
    few = ask_json(app(), "/alpha_vantage/query", **query, limit="3")
    assert (few["items"], len(few["feed"])) == ("3", 3)
    for item in few["feed"]:
        assert "LOOM" in {entry["ticker"] for entry in item["ticker_sentiment"]}


@pytest.mark.parametrize(
    ("score", "word"),
    [(-0.35, "Bearish"), (-0.2, "Somewhat-Bearish"), (0.149, "Neutral"), (0.15, "Somewhat-Bullish"), (0.35, "Bullish")],
)
def test_alpha_vantage_labels_follow_its_definition(score: float, word: str) -> None:
    assert label(score) == word
