"""A provider can add columns, but not change the type of a column."""

from datetime import timedelta
from typing import Any

from ingestion.config import Settings
from sandbox.server import Sandbox
from tests.integration.providers import GROUPED, NOW, altered, conserved, ingest, replay
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


def test_a_changed_type_is_rejected_row_by_row(settings: Settings, sandbox: Sandbox) -> None:
    altered(sandbox, GROUPED, each_bar("score", [0.5]))
    ingest(settings, "polygon", since="2024-03-14", until="2024-03-14")
    altered(sandbox, GROUPED, each_bar("score", ["0.75", "high", 3]))
    altered(sandbox, GROUPED, each_bar("v", [100, "many", 200]))
    report = ingest(settings, "polygon", since="2024-03-15")
    assert report.failures == [] and conserved(report) and report.new_columns == set()
    assert kind_of(settings, "score") == kind_of(settings, "volume") == "double precision"
    assert rows(settings, "select distinct score from raw_polygon.bars where date = '2024-03-15' order by 1") == [
        (0.75,),
        (3,),
    ]
    refused = rows(settings, "select reason, count(*) from raw_ops.quarantine group by 1")
    assert len(refused) == 1 and "volume: 'many'" in refused[0][0]
    assert report.quarantined["bars"] == refused[0][1] > 3


def test_only_an_undeclared_column_of_another_type_is_rejected_too(settings: Settings, sandbox: Sandbox) -> None:
    altered(sandbox, GROUPED, each_bar("score", [0.5]))
    ingest(settings, "polygon", since="2024-03-14", until="2024-03-14")
    altered(sandbox, GROUPED, each_bar("score", ["0.75", "high", 3]))
    report = ingest(settings, "polygon", since="2024-03-15")
    assert conserved(report) and report.loaded["bars"] > report.quarantined["bars"] > 3
    (reason,) = rows(settings, "select distinct reason from raw_ops.quarantine")[0]
    assert reason == "column score changed its type from double to string: 'high' is rejected"
    row = value(settings, "select row from raw_ops.quarantine limit 1")
    assert '"score":"high"' in row and '"ticker":' in row
