"""Feeds: every recorded document is entries or the named error that its content means."""

import re
import socket
from datetime import UTC, datetime

import orjson
import pytest

from ingestion.errors import (
    AuthenticationFailed,
    MalformedResponse,
    NotEntitled,
    ProviderError,
    ProviderUnavailable,
    QuotaExhausted,
)
from ingestion.model import Parsed
from ingestion.sources import rss
from tests.shared import PAYLOADS, need
from tests.unit.responses import response_of, rows

FOLDER = PAYLOADS / "rss"
ENTRIES = {
    "fp_encoding_http_text_rss_xml_default.xml": 0,
    "fp_encoding_no_content_type_default.xml": 0,
    "fp_illformed_http_high_bit_date.xml": 0,
    "fp_illformed_rss_item_link_corrupted_ampersands.xml": 1,
    "fp_illformed_undeclared_namespace.xml": 0,
    "fp_wellformed_atom10_entry_content_type_text.xml": 1,
    "fp_wellformed_atom10_entry_id_with_attributes.xml": 1,
    "fp_wellformed_atom10_entry_link_multiple.xml": 1,
    "fp_wellformed_rss_item_content_encoded.xml": 1,
    "fp_wellformed_rss_item_description_and_summary.xml": 1,
    "fp_wellformed_rss_item_enclosure_multiple.xml": 1,
    "fp_wellformed_rss_item_guid_conflict_link.xml": 1,
    "fp_wellformed_rss_item_pubDate.xml": 1,
    "fp_wellformed_rss_item_source.xml": 1,
    "mf_encoding_ISO-8859-1.xml": 40,
    "mf_encoding_WINDOWS-1251.xml": 50,
    "mf_large_atom.xml": 25,
    "mf_large_rss.xml": 25,
    "nasdaq_rssoutbound_unknown_symbol.xml": 2,
    "rp_craigslist.rss": 25,
    "rp_encoding.rss": 40,
    "rp_guardian.rss": 55,
    "rp_heise.atom": 15,
    "rp_instant-article.rss": 1,
    "rp_missing-fields.atom": 1,
    "rp_pagination-links.rss": 1,
    "rp_reddit-atom.rss": 24,
    "rp_reddit.rss": 24,
    "rp_rss-1.rss": 69,
}
TORN = {"fp_illformed_rss_incomplete_cdata.xml": 1}
ERRORS = {"fp_illformed_rss_empty_document.xml", "rp_unrecognized.rss"}


def read(name: str) -> bytes:
    return need(FOLDER / name).read_bytes()


def parse(body: bytes | str, content_type: str = "text/xml") -> Parsed:
    return rss.parse_feed(response_of("rss", "feed", body, {"content-type": content_type}, feed="outlet"))


def item(inner: str) -> str:
    return f'<rss version="2.0"><channel><title>T</title><link>https://x.test/n/</link><item>{inner}</item></channel></rss>'


def only(inner: str) -> dict[str, object]:
    (entry,) = rows(parse(item(inner)), "entries")
    return entry


def test_every_payload_is_accounted_for() -> None:
    files = {path.name for path in need(FOLDER).iterdir() if not path.name.endswith(".meta.json")}
    assert files == {*ENTRIES, *TORN, *ERRORS}


@pytest.mark.parametrize("content_type", ["text/xml", "application/rss+xml", "text/html; charset=utf-8", ""])
@pytest.mark.parametrize("name", ENTRIES)
def test_feeds_become_entries_whatever_their_content_type(name: str, content_type: str) -> None:
    if "charset" in content_type and any(word in name for word in ("encoding", "high_bit")):
        pytest.skip("a charset that the server states wins over the document's own")
    body = read(name)
    assert rss.diagnose(200, {}, body) is None
    parsed = parse(body, content_type)
    assert (parsed.rows_received, parsed.rejected) == (ENTRIES[name], [])
    assert parsed.tables["entries"].schema.names == [*rss.ENTRIES.schema.names, "_row_number"]


@pytest.mark.parametrize("name", TORN)
def test_an_entry_in_which_the_document_ends_is_rejected(name: str) -> None:
    parsed = parse(read(name))
    assert [r.reason for r in parsed.rejected] == ["the document does not close this entry: it is broken or cut short"]
    assert parsed.rows_received == TORN[name]


@pytest.mark.parametrize("name", sorted(ERRORS))
def test_other_documents_than_feeds_are_rejected(name: str) -> None:
    with pytest.raises(MalformedResponse, match="expected an RSS or Atom feed, found"):
        parse(read(name))


def test_nothing_is_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("a parser opened a socket")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    for body in (b"https://example.com/feed", b"/etc/passwd", read("rp_heise.atom")):
        try:
            parse(body)
        except MalformedResponse:
            continue


def test_encodings_are_read_as_declared() -> None:
    assert rows(parse(read("mf_encoding_WINDOWS-1251.xml")), "entries")[0]["title"] == "Цитата #17703"
    assert str(rows(parse(read("rp_encoding.rss")), "entries")[0]["title"]).startswith("Mãe de utente é a nova")
    utf16 = '<?xml version="1.0" encoding="utf-16"?>' + item("<title>Ünï</title>")
    assert rows(parse(utf16.encode("utf-16")), "entries")[0]["title"] == "Ünï"


def test_an_atom_entry_has_the_values_of_the_payload() -> None:
    entry = rows(parse(read("rp_heise.atom")), "entries")[0]
    assert entry["id"] == "http://heise.de/-3088438"
    assert entry["published"] == datetime(2016, 2, 1, 16, 22, tzinfo=UTC)
    assert entry["updated"] == datetime(2016, 2, 1, 16, 54, 50, tzinfo=UTC)
    assert entry["feed"] == "outlet"
    assert entry["feed_title"] == "heise developer neueste Meldungen"


def test_an_rdf_entry_that_has_only_an_update_is_published_then() -> None:
    entry = rows(parse(read("rp_rss-1.rss")), "entries")[0]
    assert entry["published"] == entry["updated"] == datetime(2017, 6, 15, 17, 29, 47, tzinfo=UTC)


def test_small_cases_of_the_conformance_tests() -> None:
    def first(name: str) -> dict[str, object]:
        return rows(parse(read(name)), "entries")[0]

    assert first("fp_wellformed_atom10_entry_link_multiple.xml")["link"] == "http://www.example.com/"
    assert first("fp_wellformed_rss_item_guid_conflict_link.xml").items() >= {
        "id": "http://guid.example.com/", "link": "http://link.example.com/"
    }.items()  # fmt: skip
    assert first("fp_wellformed_rss_item_source.xml")["source_title"] == "Example source"
    assert first("fp_wellformed_rss_item_content_encoded.xml")["summary"] == "<p>Example content</p>"
    assert first("fp_illformed_rss_item_link_corrupted_ampersands.xml")["link"] == "http://link/get?a=1&b=2"
    assert "link" not in first("rp_missing-fields.atom"), "an id that is no address is no link"
    assert "published" not in first("rp_missing-fields.atom")


@pytest.mark.parametrize("stamp", ["Wed, 31 Jan 2018 07:26:05 CET", "yesterday", "2018-01-31", "31/01/2018 07:26"])
def test_a_date_that_cannot_be_read_refuses_its_entry(stamp: str) -> None:
    parsed = parse(item(f"<title>A</title><pubDate>{stamp}</pubDate>"))
    assert parsed.tables["entries"].num_rows == 0
    assert parsed.rejected[0].reason.startswith(f"published: '{stamp}' ")
    assert orjson.loads(parsed.rejected[0].row)["title"] == "A"


@pytest.mark.parametrize("inner", ["<title>A</title>", "<title>A</title><pubDate> </pubDate>"])
def test_an_entry_without_any_date_has_none(inner: str) -> None:
    assert "published" not in only(inner)


def test_markup_is_kept() -> None:
    summary = "<p onclick='x()'><script>a()</script><a href='/rel'>b</a></p>"
    entry = only(f"<title>A &amp;amp; B</title><description><![CDATA[{summary}]]></description>")
    assert entry["summary"] == summary


def test_relative_links_are_made_absolute_with_the_feeds_own_address() -> None:
    assert only("<link>a?b=1</link>")["link"] == "https://x.test/n/a?b=1"
    assert only("<guid>https://x.test/guid</guid>")["link"] == "https://x.test/guid"
    assert only("<link>https://x.test/a</link>")["id"] == "https://x.test/a"
    assert only("<link>https://[broken</link>")["id"] == only("<link>https://[broken</link>")["link"]


def test_categories_are_distinct_and_in_order() -> None:
    inner = "<category>B</category><category>A</category><category>B</category>"
    assert only(inner)["categories"] == '["B","A"]'


@pytest.mark.parametrize("name", ["rp_guardian.rss", "mf_large_atom.xml", "rp_craigslist.rss"])
def test_documents_cut_anywhere_never_give_half_an_entry(name: str) -> None:
    body = read(name)
    whole = {str(row["id"]): row for row in parse(body).tables["entries"].to_pylist()}
    for cut in range(len(body) // 10, len(body), len(body) // 7):
        if not rss.ENTRY_END.search(body[:cut]) and not re.search(b"<(item|entry)[ >]", body[:cut]):
            with pytest.raises(MalformedResponse, match="cut short before its first entry"):
                parse(body[:cut])
            continue
        parsed = parse(body[:cut])
        assert len(parsed.rejected) <= 1
        for row in parsed.tables["entries"].to_pylist():
            assert row == whole[str(row["id"])]
        assert parsed.rows_received > 0


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (401, b"", AuthenticationFailed),
        (403, b"<html>", NotEntitled),
        (404, b"", MalformedResponse),
        (410, b"", MalformedResponse),
        (429, b"slow down", QuotaExhausted),
        (503, b"", ProviderUnavailable),
        (200, b"", MalformedResponse),
        (200, b"<!DOCTYPE html><html></html>", MalformedResponse),
        (200, b'\xef\xbb\xbf<?xml version="1.0"?>\n<!-- x --><html xmlns="http://www.w3.org/">', MalformedResponse),
    ],
)  # fmt: skip
def test_failures_are_named(status: int, body: bytes, kind: type[ProviderError]) -> None:
    assert type(rss.diagnose(status, {}, body)) is kind


def test_not_modified_is_no_failure() -> None:
    assert rss.diagnose(304, {}, b"") is None
