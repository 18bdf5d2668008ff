"""Every source turns any body into rows or a named error, and loses no row."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import chain
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingestion.config import ClientLimits, SourceSettings
from ingestion.errors import (
    AuthenticationFailed,
    MarketloomError,
    NotEntitled,
    ProviderError,
    ProviderUnavailable,
    QuotaExhausted,
)
from ingestion.extract.client import Client
from ingestion.landing import Landing
from ingestion.model import Parsed, Source
from ingestion.parsing.coercion import READERS
from ingestion.parsing.diagnosis import retry_after
from ingestion.sources import SOURCES
from tests.shared import PAYLOADS, need
from tests.unit.responses import response_of

PARSERS = [
    (source.name, endpoint)
    for source in SOURCES.values()
    for endpoint in [*(endpoint.name for endpoint in source.endpoints), *source.parsers]
]
SCOPE = {"session": "2020-10-14", "feed": "outlet", "archive": "20151001", "file": "x.csv"}
STATUSES = st.sampled_from([200, 204, 301, 304, 400, 401, 402, 403, 404, 408, 410, 429, 500, 503, 599])
FRAGMENTS = st.sampled_from(
    [
        b'{"status":"OK","results":[', b'{"T":"A","o":1,"c":2,"t":1602705600000}', b'"ticker":"AAPL",', b"]}", b"null",
        b'{"Meta Data":{"2. Symbol":"A"},"Time Series (Daily)":{"2015-10-01":', b'{"1. open":"x"}', b"}}", b'{"feed":[',
        b"timestamp,open,high,low,close,volume\r\n", b"2015-10-01,1,2,1,2,3\r\n", b"symbol,date,open,high,low,close,",
        b"volume,adj_close\n", b"A,2015-10-01,1,2,1,2,3,4\n", b"A\tAgilent\n", b"title,date,stock\n", b'"a\n', b'",,\n',
        b"<rss><channel>", b"<item><title>", b"<pubDate>Mon, 01 Jan 2018", b"</item>", b"</rss>", b"<feed><entry>",
        b"<link href='http://[' />", b"<!DOCTYPE x [<!ENTITY a 'b'>]>", b"\0", b"\xff\xfe", b"\xef\xbb\xbf", b"\n",
    ]
)  # fmt: skip
BODIES = st.binary(max_size=200) | st.lists(FRAGMENTS | st.binary(max_size=8), max_size=12).map(b"".join)


def check(parsed: Parsed, source: Source) -> None:
    declared = {table.name: table for table in source.tables}
    for name, table in parsed.tables.items():
        table.validate(full=True)
        expected = declared[name].schema
        assert table.schema.names[: len(expected)] == expected.names
        assert table.schema.types[: len(expected)] == expected.types
        assert table.schema.field("_row_number").type == pa.int64()
        assert not [f.name for f in expected if not f.nullable and table[f.name].null_count]
    numbers = [t["_row_number"].to_pylist() for t in parsed.tables.values()]
    places = sorted([*chain(*numbers), *(r.row_number for r in parsed.rejected if r.row_number is not None)])
    assert places == list(range(parsed.rows_received))
    for rejected in parsed.rejected:
        (rejected.reason + rejected.row).encode()
        assert "\0" not in rejected.reason + rejected.row


def feed_all(body: bytes) -> None:
    for name, endpoint in PARSERS:
        try:
            parsed = SOURCES[name].parser(endpoint)(response_of(name, endpoint, body, **SCOPE))
        except MarketloomError as error:
            str(error).encode()
            continue
        check(parsed, SOURCES[name])


def test_sources_are_found_by_their_files() -> None:
    assert sorted(SOURCES) == ["alpha_vantage", "calendar", "headlines", "polygon", "pystock", "rss"]
    assert all(name == source.name for name, source in SOURCES.items())


@pytest.mark.parametrize("name", sorted(SOURCES))
def test_every_table_and_column_is_described_and_of_a_type_that_can_be_read(name: str) -> None:
    source = SOURCES[name]
    assert source.description.endswith(".")
    for table in source.tables:
        assert table.description.endswith(".")
        assert len(set(table.schema.names)) == len(table.schema)
        for field in table.schema:
            assert field.type in READERS
            assert len(field.metadata[b"description"]) > 3, field.name


@settings(max_examples=150)
@given(BODIES)
def test_any_body_is_rows_or_a_named_error(body: bytes) -> None:
    feed_all(body)


@settings(max_examples=300)
@given(BODIES, STATUSES, st.dictionaries(st.sampled_from(["retry-after", "content-type"]), st.text(max_size=8)))
def test_any_response_is_good_or_a_named_error(body: bytes, status: int, headers: dict[str, str]) -> None:
    for source in SOURCES.values():
        if source.diagnose:
            error = source.diagnose(status, headers, body)
            assert error is None or isinstance(error, ProviderError)
            assert (error is None) <= (status < 400), "no status of 400 or more is good"


def real_bodies() -> Iterator[bytes]:
    for folder in ("polygon", "alpha_vantage", "rss"):
        for path in sorted(need(PAYLOADS / folder).iterdir()):
            if not path.name.endswith(".meta.json") and path.stat().st_size < 8_000:
                yield path.read_bytes()


def test_real_bodies_cut_anywhere_are_rows_or_a_named_error() -> None:
    for body in real_bodies():
        for cut in range(0, len(body), max(1, len(body) // 5)):
            feed_all(body[:cut])


@settings(max_examples=40)
@given(st.data())
def test_real_bodies_with_noise_in_them_are_rows_or_a_named_error(data: st.DataObject) -> None:
    body = data.draw(st.sampled_from(list(real_bodies())))
    place = data.draw(st.integers(0, len(body)))
    noise = data.draw(st.binary(max_size=6))
    feed_all(body[:place] + noise + body[place + len(noise) :])


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("12", 12.0), ("", None), ("soon", None), ("Thu, 01 Jan 1970 00:00:00 GMT", 0.0), ("-5", None), ("٣", None)],
)
def test_retry_after_is_seconds_or_a_date(value: str, seconds: float | None) -> None:
    assert retry_after({"retry-after": value}) == seconds


@pytest.mark.parametrize(
    ("status", "kind"),
    [(401, AuthenticationFailed), (403, NotEntitled), (429, QuotaExhausted), (503, ProviderUnavailable)],
)
def test_a_source_without_rules_of_its_own_follows_those_that_all_share(
    tmp_path: Path, status: int, kind: type[ProviderError]
) -> None:
    source = replace(SOURCES["rss"], diagnose=None, rates=())
    terms = SourceSettings("http://127.0.0.1:9", None, (), (), {})
    client = Client(source, terms, ClientLimits(), Landing(str(tmp_path)), tmp_path)
    assert type(client._diagnose(status, {}, b"{}")) is kind
    assert client._diagnose(200, {}, b'{"results": []}') is client._diagnose(304, {}, b"") is None
    client.close()
