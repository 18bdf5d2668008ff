"""RSS 0.9 to 2.0, RDF and Atom feeds, from a configured list; read with feedparser (https://feedparser.readthedocs.io).

feedparser gets bytes, so it fetches nothing; it neither sanitises markup nor rewrites links. It reads dates with an
unknown zone name as UTC, so dates are read from the text here: RFC 822 or ISO 8601 with a zone that they define. An
entry with an unreadable date is rejected; an entry without a date has none.
"""

import io
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urljoin
from xml.sax import SAXException

from ingestion.errors import MalformedResponse, ProviderError
from ingestion.model import Endpoint, Parsed, Rate, Rejected, Response, Source
from ingestion.parsing.diagnosis import failure_of_status, message_of
from ingestion.parsing.records import parse_records
from ingestion.parsing.rejection import reject, row_text
from ingestion.parsing.schema import table

ENTRIES = table(
    "entries",
    "One entry of a feed, as read; it comes again whenever its feed has changed.",
    "feed text! Name of the feed in the configuration.",
    "feed_title text Title that the feed gives itself.",
    "id text The entry's guid or id; its link where it has none.",
    "title text Headline, with the markup it came with.",
    "link text Address of the article, absolute.",
    "author text Author as printed.",
    "summary text Summary, or the content where there is none, with its markup.",
    "published timestamptz When it was published, or else updated; null where the feed gave no date at all.",
    "updated timestamptz When it was last updated.",
    "categories json Categories, a JSON array of strings.",
    "source_title text Title of the feed or outlet that the entry was taken from.",
)
ENTRY_END = re.compile(rb"</(?:[\w.-]+:)?(?:item|entry)\s*>", re.IGNORECASE)
ROOT = re.compile(rb"<((?:[\w.-]+:)?(?:rss|feed|RDF))\b", re.IGNORECASE)
WEB_PAGE = re.compile(
    rb"\s*(?:<\?xml.*?\?>\s*)?(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE | re.DOTALL
)


def diagnose(status: int, headers: Mapping[str, str], body: bytes) -> ProviderError | None:
    """The error that a response means. 304 is a good response without a body."""
    if status in (404, 410):
        return MalformedResponse(f"HTTP {status}: no feed at this address; correct or remove it in the configuration")
    if status == 304 or (error := failure_of_status(status, headers, message_of(body))):
        return None if status == 304 else error
    if not body.strip():
        return MalformedResponse("expected a feed, found an empty body")
    if WEB_PAGE.match(body[:2000].removeprefix(b"\xef\xbb\xbf")):
        return MalformedResponse(f"expected a feed, found a web page: {body[:60]!r}")
    return None


def parse_feed(response: Response) -> Parsed:
    """The feed's entries. If the document is truncated, the entry in which it ends is rejected."""
    document = _read(response, response.body)
    if not document.get("version") and not document.entries:
        reject(response, f"expected an RSS or Atom feed, found {response.body[:60]!r}")
    entries: list[Any] = document.entries
    torn: list[Any] = []
    if _is_broken(document):
        entries, torn = _whole_entries(response, entries)
    feed = document.feed
    base = response.params.get("feed_url") or feed.get("link") or ""
    constants = {"feed": response.params["feed"], "feed_title": feed.get("title")}
    parsed = parse_records(ENTRIES, [_record(entry, base) for entry in entries], constants=constants)
    reason = "the document does not close this entry: it is broken or cut short"
    cut = [
        Rejected(ENTRIES.name, reason, row_text(_record(entry, base)), place)
        for place, entry in enumerate(torn, start=len(entries))
    ]
    return Parsed(parsed.tables, parsed.rejected + cut)


def _read(response: Response, body: bytes) -> Any:
    import feedparser  # here, because it takes a tenth of a second and other sources do not need it

    headers = {name: response.headers[name] for name in ("content-type",) if name in response.headers}
    try:
        return feedparser.parse(
            io.BytesIO(body), response_headers=headers, sanitize_html=False, resolve_relative_uris=False
        )
    except Exception as problem:  # feedparser should never raise, but does for some broken documents
        reject(response, f"expected an RSS or Atom feed; feedparser fails with {type(problem).__name__}: {problem}")


def _is_broken(document: Any) -> bool:
    """True if the document is not well-formed XML (feedparser also reports headers with a wrong encoding)."""
    return isinstance(document.get("bozo_exception"), SAXException)


def _whole_entries(response: Response, entries: list[Any]) -> tuple[list[Any], list[Any]]:
    """The entries that a broken document closes, and the one that it does not.

    They are parsed again from the document closed after the last of them, because feedparser's lenient parser gives
    some texts differently ("&amp;" for "&").
    """
    ends = [match.end() for match in ENTRY_END.finditer(response.body)]
    # UTF-16 has NULs between the letters of a tag.
    count = len(ends) or len(ENTRY_END.findall(response.body.replace(b"\0", b"")))
    whole, torn = entries[:count], entries[count:]
    root = ROOT.search(response.body)
    if root and b"</" + root[1] not in response.body:
        if not entries:
            reject(response, f"the document is cut short before its first entry ({len(response.body)} bytes)")
        inner = b"</channel>" if root[1].lower() == b"rss" else b""
        again = _read(response, response.body[: ends[-1]] + inner + b"</" + root[1] + b">") if ends else None
        if again and not _is_broken(again) and len(again.entries) == len(whole):
            whole = again.entries
    return whole, torn


def _record(entry: Any, base: str) -> dict[str, Any]:
    # dict.get, because feedparser returns `published` for a missing `updated`.
    updated = dict.get(entry, "updated")
    link = _link(entry, base)
    content = [part.get("value") for part in entry.get("content", [])]
    source = entry.get("source")
    return {
        "id": entry.get("id") or link,
        "title": entry.get("title"),
        "link": link,
        "author": entry.get("author"),
        "summary": entry.get("summary") or next(iter(content), None),
        "published": dict.get(entry, "published") or dict.get(entry, "created") or updated,
        "updated": updated,
        "categories": list(dict.fromkeys(tag["term"] for tag in entry.get("tags", []) if tag.get("term"))),
        "source_title": source.get("title") if isinstance(source, dict) else None,
    }


def _link(entry: Any, base: str) -> str | None:
    """The alternate link, preferably a web page, else an id that is a URL; absolute, with the feed's URL as base."""
    links = [link for link in entry.get("links", []) if link.get("rel") == "alternate" and link.get("href")]
    pages = [link for link in links if "html" in str(link.get("type", "text/html"))]
    chosen = (pages or links or [{}])[0].get("href")
    if not chosen and str(entry.get("link")).startswith(("https://", "http://")):
        chosen = entry.get("link")
    try:
        return urljoin(base, chosen) if chosen else None
    except ValueError:
        return str(chosen)


SOURCE = Source(
    name="rss",
    description="News feeds in RSS, RDF and Atom.",
    tables=(ENTRIES,),
    rates=(Rate(30, 60),),
    endpoints=(Endpoint(name="feed", path="{feed_url}", parse=parse_feed, each="feed"),),
    diagnose=diagnose,
)
