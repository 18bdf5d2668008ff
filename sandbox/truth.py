"""The true events, for tests, whatever the providers deliver."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta

import numpy as np

from sandbox import actions
from sandbox.sessions import START, utc
from sandbox.web import Request, World

Row = dict[str, object]


def rows_about(world: World, request: Request, subject: str) -> list[Row] | None:
    """Rows about bars, articles, effects, securities or actions as of the clock; None for another subject."""
    now = world.now()
    query = request.query
    start = date.fromisoformat(query.get("from", START.isoformat()))
    end = date.fromisoformat(query.get("to", now.date().isoformat()))
    ticker = query.get("ticker")
    if subject == "bars":
        return list(_bars(world, now, start, end, ticker))
    if subject == "articles":
        return list(_articles(world, now, start, end, ticker))
    if subject == "securities":
        return list(_securities(world, now, ticker))
    if subject == "effects":
        return list(_effects(world, now, start, end, ticker))
    if subject == "actions":
        return [row for row in _actions(world, now, ticker) if start.isoformat() <= str(row["date"]) <= end.isoformat()]
    return None


def _bars(world: World, now: datetime, start: date, end: date, ticker: str | None) -> Iterator[Row]:
    """Final bars of delivered sessions; a restated bar has its first values, and until when they were delivered."""
    market = world.market
    last = min(market.sessions.after(end), market.sessions.delivered(now))
    for session in range(market.sessions.at_or_after(start), last):
        bars, changes = market.final_bars(session), market.restatements(session)
        first = market.bars(session, utc(float(market.sessions.closes[session]) + 1801.0))
        corrected = dict(zip(changes.securities.tolist(), changes.corrected_at.tolist(), strict=True))
        for i in np.flatnonzero(bars.trading).tolist():
            security = market.universe.securities[i]
            if ticker and security.ticker != ticker:
                continue
            values = {key: float(getattr(bars, key)[i]) for key in ("open", "high", "low", "close", "volume", "vwap")}
            row: Row = {"ticker": security.ticker, "date": market.sessions.dates[session].isoformat(), **values}
            row |= {"transactions": int(bars.transactions[i]), "otc": security.is_otc, "restated_at": None}
            if i in corrected and first is not None:
                row["restated_at"] = utc(corrected[i]).isoformat()
                row["first_close"], row["first_volume"] = float(first.close[i]), float(first.volume[i])
            yield row


def _articles(world: World, now: datetime, start: date, end: date, ticker: str | None) -> Iterator[Row]:
    """Every copy of every story published between two dates and available by now."""
    begin, stop = datetime.combine(start, time(), UTC), datetime.combine(end + timedelta(days=1), time(), UTC)
    for article in world.news.between(begin, stop, now, ticker):
        yield {
            "story_id": article.story_id,
            "outlet": article.outlet.name,
            "providers": [n for n in ("polygon", "alpha_vantage") if getattr(article.outlet, n)],
            "feed": article.outlet.feed,
            "url": article.url,
            "title": article.title_at(now),
            "first_title": article.title,
            "edited_at": article.edited_at.isoformat() if article.edited_at and article.edited_at <= now else None,
            "published_at": article.published_at.isoformat(),
            "available_at": article.available_at.isoformat(),
            "date_fault": article.date_fault,
            "sentiment": article.sentiment,
            "topic": article.topic,
            "mentions": [{"ticker": t, "sentiment": s, "relevance": r} for t, s, r in article.mentions],
        }


def _effects(world: World, now: datetime, start: date, end: date, ticker: str | None) -> Iterator[Row]:
    """The log return that stories cause in each security, per delivered session: 0 for most."""
    market = world.market
    last = min(market.sessions.after(end), market.sessions.delivered(now))
    for session in range(market.sessions.at_or_after(start), last):
        day, date_ = market.prices.day(session), market.sessions.dates[session].isoformat()
        for i in np.flatnonzero(day.trading & (day.effect != 0)).tolist():
            if ticker in (None, market.universe.securities[i].ticker):
                yield {"ticker": market.universe.securities[i].ticker, "date": date_, "effect": float(day.effect[i])}


def _securities(world: World, now: datetime, ticker: str | None) -> Iterator[Row]:
    for security in world.market.universe.listings():
        if security.listed_on <= now.date() and ticker in (None, security.ticker):
            gone = security.delisted_on if security.delisted_on and security.delisted_on <= now.date() else None
            yield {
                "ticker": security.ticker,
                "name": security.name,
                "sector": security.sector,
                "type": security.type,
                "mic": security.mic,
                "cik": security.cik,
                "composite_figi": security.composite_figi,
                "listed_on": security.listed_on.isoformat(),
                "delisted_on": gone.isoformat() if gone else None,
                "otc": security.is_otc,
            }


def _actions(world: World, now: datetime, ticker: str | None) -> Iterator[Row]:
    """Splits, dividends and sessions lost to a halt (`date` is the session from which, or in which, they count).

    `announced_on` is the session on whose evening providers list an action first. A mistaken dividend is one that was
    never paid: it is listed until the session `withdrawn_on`.
    """
    market = world.market
    dates, securities = market.sessions.dates, market.universe.securities
    chosen = market.universe.by_ticker.get(ticker) if ticker else None
    rows: list[tuple[int, int, Row]] = []
    for number, split in enumerate(market.splits(now)):
        on = dates[split.session + actions.delay(number, actions.LATE_SPLIT)].isoformat()
        facts: Row = {"kind": "split", "split_from": split.split_from, "split_to": split.split_to, "announced_on": on}
        rows.append((split.session, split.security, facts))
    for number, dividend in enumerate(market.dividends(now)):
        on = dates[dividend.ex + actions.delay(number, actions.LATE_DIVIDEND)].isoformat()
        facts = {"kind": "dividend", "amount": dividend.amount, "announced_on": on}
        rows.append((dividend.ex, dividend.security, facts))
    for dividend in market.mistaken_dividends(now):
        until = dates[dividend.ex + actions.ERROR_LASTS].isoformat()
        on = dates[dividend.ex].isoformat()
        facts = {"kind": "mistaken dividend", "amount": dividend.amount, "announced_on": on, "withdrawn_on": until}
        rows.append((dividend.ex, dividend.security, facts))
    for session in range(market.sessions.delivered(now)):
        lost = market.universe.listed(session) & ~market.prices.day(session).trading
        rows += [(session, i, {"kind": "halt"}) for i in np.flatnonzero(lost).tolist()]
    for session, place, row in sorted(rows, key=lambda found: found[:2]):
        if ticker is None or place == chosen:
            yield {"date": dates[session].isoformat(), "ticker": securities[place].ticker, **row}
