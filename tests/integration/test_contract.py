"""A provider can add columns and change their types; a declared column keeps its type."""

from datetime import timedelta
from typing import Any

from ingestion.config import Settings
from sandbox.server import Sandbox
from tests.integration.providers import GROUPED, NOW, SESSIONS, altered, conserved, ingest, replay
from tests.warehouse import checksum, rows, value

LATER = NOW + timedelta(days=3)


def each_bar(name: str, values: list[Any]) -> Any:
    """A change that sets a column of the bars in a response to these values, in turn."""

    def change(content: dict[str, list[dict[str, Any]]]) -> None:
        for place, row in enumerate(content.get("results", [])):
            row[name] = values[place % len(values)]

    return change


def kind_of(settings: Settings, column: str) -> str:
    query = f"select data_type from information_schema.columns where (table_name, column_name) = ('bars', '{column}')"
    return str(value(settings, query))


def test_an_added_column_is_accepted_reported_once_and_kept(settings: Settings, sandbox: Sandbox) -> None:
    altered(sandbox, GROUPED, each_bar("marketCap", [1.5e9, 2]))
    altered(sandbox, GROUPED, each_bar("venue", ["XNAS", None]))
    report = ingest(settings, "polygon", since="2024-03-15")
    assert report.failures == [] and report.new_columns == {"bars.market_cap", "bars.venue"} and conserved(report)
    assert (kind_of(settings, "market_cap"), kind_of(settings, "venue")) == ("double precision", "character varying")
    assert rows(settings, "select distinct market_cap from raw_polygon.bars order by 1") == [(2,), (1.5e9,)]
    again = ingest(settings, "polygon", since="2024-03-15")
    assert again.failures == [] and again.new_columns == set()
    before = checksum(settings, "raw_polygon.bars", without=("_dlt_load_id",))
    assert replay(settings, "polygon").failures == []
    assert checksum(settings, "raw_polygon.bars", without=("_dlt_load_id",)) == before


def test_a_column_that_disappears_is_null_until_it_returns(settings: Settings, sandbox: Sandbox) -> None:
    original = sandbox.app.respond
    altered(sandbox, GROUPED, each_bar("venue", ["XNAS"]))
    ingest(settings, "polygon", since="2024-03-14", until="2024-03-14")
    sandbox.app.respond = original  # type: ignore[method-assign]  # the provider drops it again
    assert ingest(settings, "polygon", since="2024-03-15").failures == []
    assert rows(settings, "select distinct date::text, venue from raw_polygon.bars order by 1") == [
        ("2024-03-14", "XNAS"),
        ("2024-03-15", None),
    ]


def test_an_added_column_that_changes_its_type_costs_no_row(settings: Settings, sandbox: Sandbox) -> None:
    altered(sandbox, GROUPED, each_bar("score", [0.5]))
    ingest(settings, "polygon", since="2024-03-14", until="2024-03-14")
    altered(sandbox, GROUPED, each_bar("score", ["0.75", "high", 3, True, {"a": [1]}]))
    report = ingest(settings, "polygon", since="2024-03-15")
    assert report.failures == [] and conserved(report) and report.new_columns == {"bars.score_as_text"}
    assert kind_of(settings, "score") == "double precision"
    found = "select distinct score, score_as_text from raw_polygon.bars where date = '2024-03-15' order by 1, 2"
    assert rows(settings, found) == [
        (0.75, None),
        (3, None),
        (None, "high"),
        (None, "true"),
        (None, '{"a":[1]}'),
    ]
    assert value(settings, "select count(*) from raw_ops.quarantine") == 0
    before = checksum(settings, "raw_polygon.bars", without=("_dlt_load_id",))
    assert replay(settings, "polygon").failures == []
    assert checksum(settings, "raw_polygon.bars", without=("_dlt_load_id",)) == before


def test_a_declared_column_of_another_type_is_rejected_row_by_row(settings: Settings, sandbox: Sandbox) -> None:
    altered(sandbox, GROUPED, each_bar("v", [100, "many", 200]))
    report = ingest(settings, "polygon", since="2024-03-15")
    assert report.failures == [] and conserved(report)
    refused = rows(settings, "select reason, count(*) from raw_ops.quarantine group by 1")
    assert len(refused) == 1 and "volume: 'many'" in refused[0][0]
    assert report.quarantined["bars"] == refused[0][1] > 3


ODD_KEYS: list[str] = [
    *("_received_at", "_response_id", "_row_number", "_dlt_load_id", "_dlt_id", "received_at", "ticker", "Close"),
    *("marketCap", "market_cap", "market-cap", "MARKET CAP", "unknown_keys", "select", "", " ", "_", "5", "a\0b"),
    *("k" * 300, "k" * 299 + "l", "caf\u00e9", "caf\u00e8", "\u65e5\u672c", "\U0001f680", "\ud800"),
    *('with "quotes"', "it's", "back\\slash", "new\nline", "a.b", "a__b", "{}", "%s", "tableoid", "ctid", "xmin"),
]


def test_no_key_costs_a_row_whatever_its_name_and_value(settings: Settings, sandbox: Sandbox) -> None:
    """The keys come alone, all at once, and with a value of another type each time, and keep their columns."""
    pages: list[list[str]] = [ODD_KEYS[:20], ODD_KEYS[20:], ODD_KEYS, [f"key {n}" for n in range(3000)], ODD_KEYS[::-2]]
    kinds = [1.5, "text", None, {"deep": [{"er": "\0"}]}, [], False, 10**30, "\ud800"]
    for page, keys in enumerate(pages):

        def change(content: dict[str, Any], keys: list[str] = keys, page: int = page) -> None:
            for place, row in enumerate(content.get("results", [])):
                for number, key in enumerate(keys):
                    row.setdefault(key, kinds[(place // 50 + number + page) % len(kinds)])

        original = sandbox.app.respond
        altered(sandbox, GROUPED, change)
        day = SESSIONS[page]
        report = ingest(settings, "polygon", since=day, until=day)
        assert report.failures == [] and conserved(report)
        assert report.loaded["bars"] > 10 and not report.quarantined["bars"]
        sandbox.app.respond = original  # type: ignore[method-assign]  # the next page is altered in another way
    declared = "count(*), count(ticker), count(close), count(_received_at), count(_response_id), count(_row_number)"
    assert len(set(rows(settings, f"select {declared} from raw_polygon.bars")[0])) == 1
    shown = value(settings, "select max(unknown_keys) from raw_polygon.bars")
    assert "key 2999" in shown
