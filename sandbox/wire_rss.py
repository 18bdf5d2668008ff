"""The feeds: /rss/<name>.xml as RSS 2.0 or Atom, with ETag and Last-Modified, and with the faults of real feeds."""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from email.utils import format_datetime, parsedate_to_datetime
from xml.sax.saxutils import escape, quoteattr

from sandbox.copydesk import Article
from sandbox.outlets import FEEDS, Feed
from sandbox.sessions import NEW_YORK
from sandbox.web import Request, Response, World

__all__ = ["ENTRIES", "FEEDS", "respond"]

ENTRIES = 40
GARBLED = (
    "Someday, 32 Foo 2026 25:61:00 GMT",
    "yesterday evening",
    "2026-13-45T99:00:00Z",
    "0000-00-00 00:00:00",
    "n/a",
)
CONTENT_TYPES = {"rss": "application/rss+xml", "atom": "application/atom+xml"}


def respond(world: World, request: Request, path: str) -> Response:
    """The feed at `path` (after /rss), or 304 if the client has it already."""
    feed = FEEDS.get(path.removeprefix("/").removesuffix(".xml"))
    if feed is None or not path.endswith(".xml"):
        return Response(404, b"<html><body><h1>404 Not Found</h1></body></html>", "text/html; charset=utf-8")
    now = world.now()
    articles = world.news.of_feed(feed.name, now, ENTRIES)
    changed = max((article.changed_at(now) for article in articles), default=now).replace(microsecond=0)
    write = _atom if feed.kind == "atom" else _rss
    text = f'<?xml version="1.0" encoding="{feed.encoding}"?>\n' + write(feed, articles, changed, now)
    body = text.encode(feed.encoding, errors="xmlcharrefreplace")
    tag = f'"{hashlib.sha256(body).hexdigest()[:20]}"'
    headers = {
        "ETag": tag,
        "Last-Modified": format_datetime(changed, usegmt=True),
        "Cache-Control": "public, max-age=300",
        "Vary": "Accept-Encoding",
    }
    if _unchanged(request, tag, changed):
        return Response(304, b"", "", headers)
    charset = "" if feed.encoding == "ISO-8859-1" else "; charset=utf-8"
    return Response(200, body, CONTENT_TYPES[feed.kind] + charset, headers)


def _unchanged(request: Request, tag: str, changed: datetime) -> bool:
    """If-None-Match decides; only without it does If-Modified-Since."""
    if known := request.header("if-none-match"):
        return tag in (candidate.strip().removeprefix("W/") for candidate in known.split(",")) or known == "*"
    try:
        since = parsedate_to_datetime(request.header("if-modified-since"))
    except (TypeError, ValueError):
        return False
    return since.tzinfo is not None and changed <= since


def _rss(feed: Feed, articles: Sequence[Article], changed: datetime, now: datetime) -> str:
    items = "\n".join(_rss_item(feed, article, now) for article in articles)
    return (
        '<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:atom="http://www.w3.org/2005/Atom">\n'
        f"<channel>\n<title>{escape(feed.title)}</title>\n<link>{feed.link}</link>\n"
        f"<description>{escape(feed.title)}</description>\n<language>{feed.language}</language>\n"
        f"<lastBuildDate>{format_datetime(changed, usegmt=True)}</lastBuildDate>\n"
        f'<atom:link rel="self" type="application/rss+xml" href={quoteattr(feed.link + feed.name + ".xml")}/>\n'
        f"{items}\n</channel>\n</rss>\n"
    )


def _rss_item(feed: Feed, article: Article, now: datetime) -> str:
    """One item. The guids of the tape carry a `time`, its zone is named, and it names the source."""
    lines = [f"<title>{escape(article.title_at(now))}</title>", f"<link>{escape(tracked(feed, article))}</link>"]
    lines.append(f"<description>{escape(f'<p>{article.summary}</p>')}</description>")
    if article.author:
        lines.append(f"<dc:creator>{escape(article.author)}</dc:creator>")
    lines.append(f"<category>{escape(article.topic.replace('_', ' '))}</category>")
    if feed.name == "tape":
        lines.append(
            f'<guid isPermaLink="true">{escape(article.url)}?time={int(article.published_at.timestamp())}</guid>'
        )
        source = quoteattr(f"https://{article.outlet.domain}/feed")
        lines.append(f"<source url={source}>{escape(article.outlet.name)}</source>")
    elif article.luck < 0.95:
        lines.append(f'<guid isPermaLink="false">{article.outlet.domain}-{article.story_id}</guid>')
    if article.date_fault != "missing":
        lines.append(f"<pubDate>{_rss_date(feed, article)}</pubDate>")
    return "<item>\n" + "\n".join(lines) + "\n</item>"


def _rss_date(feed: Feed, article: Article) -> str:
    if article.date_fault == "broken":
        return GARBLED[int(article.luck * 97) % len(GARBLED)]
    if feed.name == "tape":
        local = article.published_at.astimezone(NEW_YORK)
        return f"{local:%a, %d %b %Y %H:%M:%S} {'EDT' if local.dst() else 'EST'}"
    return format_datetime(article.published_at, usegmt=feed.name == "newswire")


def _atom(feed: Feed, articles: Sequence[Article], changed: datetime, now: datetime) -> str:
    entries = "\n".join(_atom_entry(feed, article, now) for article in articles)
    return (
        f'<feed xmlns="http://www.w3.org/2005/Atom">\n<title type="text">{escape(feed.title)}</title>\n'
        f"<updated>{changed:%Y-%m-%dT%H:%M:%SZ}</updated>\n<id>{feed.link}</id>\n"
        f'<link rel="self" type="application/atom+xml" href={quoteattr(feed.link + feed.name + ".xml")}/>\n'
        f'<link rel="alternate" type="text/html" href={quoteattr(feed.link)}/>\n{entries}\n</feed>\n'
    )


def _atom_entry(feed: Feed, article: Article, now: datetime) -> str:
    published = article.published_at.astimezone(NEW_YORK).isoformat(timespec="seconds")
    updated = article.changed_at(now).astimezone(NEW_YORK).isoformat(timespec="seconds")
    if article.date_fault == "broken":
        published = updated = GARBLED[int(article.luck * 97) % len(GARBLED)]
    lines = [
        f'<title type="text">{escape(article.title_at(now))}</title>',
        f"<id>tag:{article.outlet.domain},{article.published_at:%Y-%m-%d}:{article.story_id}</id>",
        f'<link rel="alternate" type="text/html" href={quoteattr(tracked(feed, article))}/>',
        f'<link rel="enclosure" type="image/jpeg" href="https://{article.outlet.domain}/images/{article.story_id}.jpg"/>',
        f"<author><name>{escape(article.author or article.outlet.name)}</name></author>",
        f'<category term="{article.topic}"/>',
        f'<summary type="html">{escape(f"<p>{escape(article.summary)}</p>")}</summary>',
    ]
    if article.date_fault != "missing":
        lines[2:2] = [f"<published>{published}</published>", f"<updated>{updated}</updated>"]
    return "<entry>\n" + "\n".join(lines) + "\n</entry>"


def tracked(feed: Feed, article: Article) -> str:
    """The article's URL in the feed, with tracking parameters."""
    if feed.name == "newswire":
        return f"{article.url}?utm_source=rss&utm_medium=feed&utm_campaign={article.topic}"
    if feed.name == "tape":
        return f"{article.url}?guccounter=1&mod=tape_headlines#comments"
    return f"{article.url}?wt_mc=rss.{feed.name}" if article.luck < 0.5 else f"{article.url}/"
