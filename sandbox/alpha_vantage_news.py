"""NEWS_SENTIMENT: articles with scores, for the whole market or for all requested tickers."""

import json
from datetime import UTC, datetime
from itertools import islice

from sandbox.alpha_vantage_messages import INVALID_INPUTS, MessageError
from sandbox.copydesk import Article
from sandbox.news import BEGINNING
from sandbox.web import Request, Response, World

DEFAULT_LIMIT, MOST = 50, 1000
SORTS = ("LATEST", "EARLIEST", "RELEVANCE")
SCORE_DEFINITION = (
    "x <= -0.35: Bearish; -0.35 < x <= -0.15: Somewhat-Bearish; -0.15 < x < 0.15: Neutral; "
    "0.15 <= x < 0.35: Somewhat_Bullish; x >= 0.35: Bullish"
)
RELEVANCE_DEFINITION = "0 < x <= 1, with a higher score indicating higher relevance."


def news(world: World, request: Request) -> Response:
    """function=NEWS_SENTIMENT with tickers, topics, time_from, time_to, sort, limit."""
    query, now = request.query, world.now()
    limit, sort = query.get("limit", str(DEFAULT_LIMIT)), query.get("sort", "LATEST").upper()
    tickers = [ticker for ticker in query.get("tickers", "").upper().split(",") if ticker]
    unknown = [ticker for ticker in tickers if ticker not in world.market.universe.by_ticker]
    if not limit.isdigit() or int(limit) < 1 or sort not in SORTS or unknown:
        raise MessageError("Information", INVALID_INPUTS)
    if "time_to" in query and "time_from" not in query:
        raise MessageError("Information", INVALID_INPUTS)
    start = _instant(query["time_from"]) if "time_from" in query else BEGINNING
    end = _instant(query["time_to"]) if "time_to" in query else now
    topics = {topic for topic in query.get("topics", "").lower().split(",") if topic}
    carried = (
        article
        for article in world.news.between(
            start, end, now, tickers[0] if tickers else None, newest_first=sort != "EARLIEST"
        )
        if article.outlet.alpha_vantage
        and {ticker for ticker, *_ in article.mentions} >= set(tickers)
        and topics <= {article.topic, "financial_markets"}
    )
    feed = [_item(article, now) for article in islice(carried, min(int(limit), MOST))]
    body = {
        "items": str(len(feed)),
        "sentiment_score_definition": SCORE_DEFINITION,
        "relevance_score_definition": RELEVANCE_DEFINITION,
        "feed": feed,
    }
    return Response(body=json.dumps(body, indent=4, ensure_ascii=False).encode())


def _instant(text: str) -> datetime:
    for form in ("%Y%m%dT%H%M", "%Y%m%dT%H%M%S"):
        try:
            return datetime.strptime(text, form).replace(tzinfo=UTC)
        except ValueError:
            continue
    raise MessageError("Information", INVALID_INPUTS)


def _item(article: Article, now: datetime) -> dict[str, object]:
    """One article. The provider's scores are close to the true ones; some of its URLs contain tracking."""
    noise = (article.luck - 0.5) * 0.2
    overall = round(max(-1.0, min(1.0, article.sentiment * 0.8 + noise)), 6)
    item: dict[str, object] = {
        "title": article.title_at(now),
        "url": article.url + ("?utm_source=alphavantage&utm_medium=api" if article.luck < 0.15 else ""),
        "time_published": f"{article.published_at:%Y%m%dT%H%M%S}",
        "authors": [article.author] if article.author else [],
        "summary": article.summary,
    }
    if article.luck > 0.5:
        item["banner_image"] = f"https://{article.outlet.domain}/images/{article.story_id}-wide.jpg"
    topics = dict.fromkeys((article.topic, "financial_markets"))
    return item | {
        "source": article.outlet.name,
        "category_within_source": "General",
        "source_domain": article.outlet.name,
        "topics": [
            {"topic": topic, "relevance_score": f"{0.95 - place * 0.3 - article.luck / 10:.6f}"}
            for place, topic in enumerate(topics)
        ],
        "overall_sentiment_score": overall,
        "overall_sentiment_label": label(overall),
        "ticker_sentiment": [
            {
                "ticker": ticker,
                "relevance_score": f"{relevance:.6f}",
                "ticker_sentiment_score": f"{(score := max(-1.0, min(1.0, sentiment * 0.8 - noise))):.6f}",
                "ticker_sentiment_label": label(score),
            }
            for ticker, sentiment, relevance in article.mentions
        ],
    }


def label(score: float) -> str:
    """The provider's label for a score."""
    if score <= -0.35:
        return "Bearish"
    if score <= -0.15:
        return "Somewhat-Bearish"
    if score < 0.15:
        return "Neutral"
    return "Somewhat-Bullish" if score < 0.35 else "Bullish"
