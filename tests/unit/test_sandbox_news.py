"""The simulated news: many copies of one story, some late, some edited, none from the future."""

from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import feedparser
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from sandbox.copydesk import Article
from sandbox.news import News
from sandbox.outlets import FEEDS
from sandbox.sessions import NEW_YORK
from sandbox.wire_rss import ENTRIES
from tests.unit.sandbox_requests import NOW, app, ask, ask_again, market, news

MONTH = timedelta(days=30)
LONG_AFTER = timedelta(days=10)


def articles(start: datetime, end: datetime, now: datetime | None = None) -> list[Article]:
    return list(news().between(start, end, now or end + LONG_AFTER))


def test_the_same_seed_gives_the_same_stories() -> None:
    week = NOW - timedelta(days=7), NOW, NOW
    assert list(News(market()).between(*week)) == list(news().between(*week)) != []


def test_articles_come_in_order_and_each_once() -> None:
    found = articles(NOW - MONTH, NOW)
    assert [article.order for article in found] == sorted(article.order for article in found)
    assert len({article.url for article in found}) == len(found)
    backwards = news().between(NOW - MONTH, NOW, NOW + LONG_AFTER, newest_first=True)
    assert list(backwards) == found[::-1]


@given(st.lists(st.integers(0, 6 * 86_400), min_size=1, max_size=6))
@hypothesis_settings(max_examples=25)
def test_windows_that_meet_give_what_the_whole_gives(cuts: list[int]) -> None:
    start, end = NOW - timedelta(days=6), NOW
    edges = [start, *(start + timedelta(seconds=cut) for cut in sorted(set(cuts))), end + timedelta(seconds=1)]
    pieces = [a for first, last in pairwise(edges) for a in articles(first, last - timedelta(seconds=1), NOW)]
    assert [a.url for a in pieces] == [a.url for a in articles(start, end, NOW)]


@given(st.datetimes(datetime(2024, 2, 1), datetime(2026, 11, 1)), st.integers(0, 500_000))
@hypothesis_settings(max_examples=20)
def test_no_article_is_seen_before_its_time_and_none_disappears(moment: datetime, seconds: int) -> None:
    now = moment.replace(tzinfo=UTC)
    start = now - timedelta(days=5)
    seen = articles(start, now + timedelta(days=1), now)
    assert all(article.published_at <= article.available_at <= now for article in seen)
    later = {article.url for article in articles(start, now, now + timedelta(seconds=seconds))}
    assert {article.url for article in seen} <= later


def test_a_ticker_has_the_articles_that_mention_it() -> None:
    window = (NOW - MONTH, NOW, NOW)
    everything = [a for a in articles(*window) if "LOOM" in {ticker for ticker, *_ in a.mentions}]
    assert list(news().between(*window, "LOOM")) == everything
    assert len(everything) > 10
    assert list(news().between(*window, "NOSUCH")) == []


def test_stories_are_syndicated_with_small_edits() -> None:
    copies: defaultdict[str, list[Article]] = defaultdict(list)
    for article in articles(NOW - MONTH, NOW):
        copies[article.story_id].append(article)
    several = [found for found in copies.values() if len(found) > 1]
    assert len(several) > len(copies) / 3
    assert any(len({a.title for a in found}) > 1 for found in several)
    assert all(len({a.sentiment for a in found}) == 1 for found in several)
    titles = {a.title for found in several for a in found}
    assert any("$" in title for title in titles)
    assert any(title.startswith("UPDATE 1-") for title in titles)


def test_a_few_articles_are_late_edited_or_badly_dated() -> None:
    found = articles(NOW - 3 * MONTH, NOW)
    late = sum(a.available_at - a.published_at > timedelta(hours=5) for a in found)
    edited = sum(a.edited_title is not None for a in found)
    faults = Counter(a.date_fault for a in found)
    assert 0.01 < late / len(found) < 0.06
    assert 0.01 < edited / len(found) < 0.06
    assert faults["missing"] > 0
    assert 0.01 < (faults["missing"] + faults["broken"]) / len(found) < 0.07


def test_an_edit_shows_from_its_hour_on() -> None:
    article = next(a for a in articles(NOW - MONTH, NOW) if a.edited_at)
    assert article.edited_at is not None
    assert article.title_at(article.edited_at - timedelta(seconds=1)) == article.title
    assert article.title_at(article.edited_at) == article.edited_title != article.title


def test_news_gathers_around_the_hours_of_the_market() -> None:
    local = [a.published_at.astimezone(NEW_YORK) for a in articles(NOW - MONTH, NOW)]
    weekdays = [moment for moment in local if moment.weekday() < 5]
    busy = sum(7 <= moment.hour < 19 for moment in weekdays)
    assert busy > 0.7 * len(weekdays)
    assert 0 < len(local) - len(weekdays) < 0.2 * len(local)


@pytest.mark.parametrize("name", list(FEEDS))
def test_each_feed_is_read_without_complaint(name: str) -> None:
    response = ask(app(), f"/rss/{name}.xml")
    read = feedparser.parse(response.body, response_headers={"content-type": response.content_type})
    assert not read.bozo
    assert read.version == ("atom10" if FEEDS[name].kind == "atom" else "rss20")
    assert read.encoding.upper() == FEEDS[name].encoding
    assert len(read.entries) == ENTRIES
    assert all(entry.link and entry.title for entry in read.entries)
    readable = [entry for entry in read.entries if entry.get("published_parsed")]
    assert len(readable) > ENTRIES * 0.8


def test_feeds_hold_accents_cashtags_missing_and_broken_dates() -> None:
    titles, missing, broken = "", 0, 0
    for day in (3, 10, 17):
        for name in FEEDS:
            read = feedparser.parse(ask(app(f"2026-11-{day:02d}T20:00:00Z"), f"/rss/{name}.xml").body)
            titles += " ".join(entry.title for entry in read.entries)
            missing += sum("published" not in entry for entry in read.entries)
            broken += sum("published" in entry and entry.get("published_parsed") is None for entry in read.entries)
    assert "$LOOM" in titles
    assert "ü" in titles
    assert missing > 0
    assert broken > 0


def test_an_unchanged_feed_returns_304() -> None:
    first = ask(app(), "/rss/tape.xml")
    tag = first.headers["ETag"]
    by_tag = ask_again(app(), "/rss/tape.xml", "if-none-match", f'"other", W/{tag}')
    by_date = ask_again(app(), "/rss/tape.xml", "if-modified-since", first.headers["Last-Modified"])
    changed = ask_again(app("2026-11-24T15:00:00Z"), "/rss/tape.xml", "if-none-match", tag)
    assert (by_tag.status, by_tag.body, by_date.status, changed.status) == (304, b"", 304, 200)


def test_an_unknown_feed_is_not_found() -> None:
    assert ask(app(), "/rss/nosuch.xml").status == 404
