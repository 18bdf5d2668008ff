"""Polygon's news: articles with the tickers that they mention and the sentiment for each."""

import hashlib
from datetime import datetime, timedelta
from itertools import islice

import orjson

from sandbox import phrases
from sandbox.articles import short
from sandbox.copydesk import Article
from sandbox.news import BEGINNING
from sandbox.polygon_errors import PolygonError, envelope, read_cursor, read_instant, read_limit, write_cursor
from sandbox.web import Request, World

STATIC = "https://s3.polygon.io/public/assets/news"
WORDS = ("negative", "neutral", "positive")


def news(world: World, request: Request, request_id: str) -> bytes:
    """/v2/reference/news: newest first unless `order=asc`, within `published_utc` bounds, of a `ticker` or all."""
    cursor = request.query.get("cursor")
    query = read_cursor(cursor) if cursor else {k: v for k, v in request.query.items() if k != "apiKey"}
    limit, now = read_limit(query.get("limit"), 10, 1000), world.now()
    if query.get("order", "desc") not in ("asc", "desc") or query.get("sort", "published_utc") != "published_utc":
        raise PolygonError(400, "'order' must be asc or desc, 'sort' must be published_utc")
    newest_first = query.get("order", "desc") == "desc"
    start, end = _bounds(query, now)
    mark = tuple(query["after"].split("|")) if "after" in query else None
    if mark:
        start, end = (
            (start, read_instant(mark[0], "cursor")) if newest_first else (read_instant(mark[0], "cursor"), end)
        )
    carried = (
        article
        for article in world.news.between(start, end, now, query.get("ticker"), newest_first=newest_first)
        if article.outlet.polygon and (mark is None or _beyond(article, mark, newest_first=newest_first))
    )
    found = list(islice(carried, limit + 1))
    following = None
    if len(found) > limit:
        last = found[limit - 1]
        state: dict[str, object] = {**query, "after": f"{last.published_at.isoformat()}|{last.url}"}
        following = f"{request.base}/polygon/v2/reference/news?cursor={write_cursor(state)}"
    return envelope([_row(world, article, now) for article in found[:limit]], request_id, following)


def _bounds(query: dict[str, str], now: datetime) -> tuple[datetime, datetime]:
    start, end = BEGINNING, now
    tick = timedelta(seconds=1)
    if "published_utc" in query:
        day = read_instant(query["published_utc"], "published_utc")
        start, end = day, day + (timedelta(days=1) - tick if len(query["published_utc"]) == 10 else timedelta(0))
    for key, text in query.items():
        name, _, comparison = key.partition(".")
        if name == "published_utc" and comparison:
            bound = read_instant(text, key)
            if comparison.startswith("g"):
                start = max(start, bound + (tick if comparison == "gt" else timedelta(0)))
            else:
                end = min(end, bound - (tick if comparison == "lt" else timedelta(0)))
    return start, end


def _beyond(article: Article, mark: tuple[str, ...], *, newest_first: bool) -> bool:
    order, reached = article.order, (datetime.fromisoformat(mark[0]), mark[1])
    return order < reached if newest_first else order > reached


def _row(world: World, article: Article, now: datetime) -> bytes:
    outlet = article.outlet
    slug = outlet.name.lower().replace(" ", "-").replace("&", "and")
    row: dict[str, object] = {
        "id": hashlib.sha256(article.url.encode()).hexdigest(),
        "publisher": {
            "name": outlet.name,
            "homepage_url": f"https://{outlet.domain}/",
            "logo_url": f"{STATIC}/logos/{slug}.png",
            "favicon_url": f"{STATIC}/favicons/{slug}.ico",
        },
        "title": article.title_at(now),
        "author": article.author or outlet.name,
        "published_utc": f"{article.published_at:%Y-%m-%dT%H:%M:%SZ}",
        "article_url": article.url,
        "tickers": [ticker for ticker, *_ in article.mentions],
    }
    if article.luck < 0.3:
        row["amp_url"] = article.url.replace("://www.", "://m.") + "?ampMode=1"
    row["image_url"] = f"https://{outlet.domain}/images/{article.story_id}.jpg"
    row["description"] = article.summary
    row["keywords"] = [
        article.topic.replace("_", " "),
        phrases.KEYWORDS[int(article.luck * 97) % len(phrases.KEYWORDS)],
    ]
    if article.luck < 0.9:
        row["insights"] = [_insight(world, article, place) for place in range(len(article.mentions))]
    return orjson.dumps(row)


def _insight(world: World, article: Article, place: int) -> dict[str, str]:
    """The provider's sentiment, which is sometimes wrong."""
    ticker, sentiment, _ = article.mentions[place]
    tone = phrases.tone(sentiment)
    if (article.luck * 1009 + place * 0.37) % 1 < 0.08:
        tone = 1 if tone != 1 else 2
    security = world.market.security(ticker)
    name = short(security.name) if security else ticker
    return {"ticker": ticker, "sentiment": WORDS[tone], "sentiment_reasoning": phrases.REASONS[tone].format(name=name)}
