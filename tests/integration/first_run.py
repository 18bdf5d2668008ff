"""What the warehouse must say after the first run, which has loaded the simulated market's past."""

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from psycopg2.extensions import connection
from psycopg2.extras import RealDictCursor

from sandbox.actions import ERROR_LASTS, LATE_DIVIDEND, delay
from sandbox.market import Market
from sandbox.names import REUSED

Rows = list[dict[str, Any]]
SESSIONS = 60


@dataclass(frozen=True)
class Warehouse:
    """A connection to the warehouse, and the folder of the compiled analyses."""

    connection: connection
    analyses: Path

    def rows(self, query: str) -> Rows:
        with self.connection, self.connection.cursor(cursor_factory=RealDictCursor) as cursor:
            cursor.execute(query)
            return [dict(row) for row in cursor.fetchall()]

    def analysis(self, name: str) -> Rows:
        """The rows of one analysis."""
        return self.rows((self.analyses / f"{name}.sql").read_text())


def bars_as_known_at(rows: Rows) -> None:
    assert len(rows) == 50
    # Two weeks before the newest version: the evening's bars of the session before.
    newest = [row for row in rows if row["trading_date"] == max(row["trading_date"] for row in rows)]
    assert len(newest) > 40
    assert all(row["known_from"].date() - row["trading_date"] == timedelta(days=1) for row in newest)


def event_study_of_news(rows: Rows) -> None:
    tones = {row["tone"][2:]: row for row in rows}
    assert all(row["sessions"] >= 20 and None not in row.values() for row in rows)
    for measure in ("after_1_session_percent", "after_5_sessions_percent"):
        assert tones["negative"][measure] < tones["neutral"][measure] < tones["positive"][measure]
    assert tones["negative"]["t_after_1_session"] < -2 < 2 < tones["positive"]["t_after_1_session"]


def largest_moves_with_their_news(rows: Rows) -> None:
    assert len(rows) == 20
    assert sum(row["a_headline"] is not None for row in rows) >= 3
    assert all(0.5 < abs(row["return_percent"]) < 50 for row in rows)


def market_breadth_by_session(rows: Rows) -> None:
    assert len(rows) > SESSIONS
    assert all(0 < row["advancers"] + row["decliners"] <= row["stocks"] for row in rows)
    assert sum(row["stocks"] > 90 for row in rows) > SESSIONS


def momentum_at_month_ends(rows: Rows) -> None:
    assert len({row["month_end"] for row in rows}) >= 3
    assert all(row["known_from"] < row["decided_at"] for row in rows)


def most_copied_stories(rows: Rows) -> None:
    assert len(rows) == 20
    assert all(row["copy_count"] > 5 and row["tickers"] for row in rows)
    # News is asked for every two hours of a session's day.
    assert sum(row["learned_after"] < timedelta(hours=2.5) for row in rows) > 5


def restated_and_suspect_bars(rows: Rows) -> None:
    found = {row["provider"]: row for row in rows}
    assert found["polygon"]["restated_bars"] > 50
    assert found["polygon"]["bars"] > 90 * SESSIONS


def restatement_report(rows: Rows) -> None:
    for provider in ("polygon", "alpha_vantage"):
        restated = [row for row in rows if row["provider"] == provider and row["restated_bar_count"]]
        assert len(restated) >= 3
        assert all(12 < row["median_hours_late"] < 120 and row["most_restated_ticker"] for row in restated)
    assert any(row["median_price_change"] for row in rows)
    assert any(row["median_volume_change"] for row in rows)


def return_by_news_volume(rows: Rows) -> None:
    moves = [row["mean_absolute_return_percent"] for row in rows]
    assert [row["stories"] for row in rows] == ["0", "1", "2 to 3", "4 and more"]
    assert all(row["stock_days"] > 100 for row in rows)
    assert moves == sorted(moves)


def sentiment_and_next_day_return(rows: Rows) -> None:
    assert len(rows) == 4
    for measure in ("same_day_return_percent", "next_day_return_percent"):
        returns = [row[measure] for row in rows[:3]]
        assert returns == sorted(returns)


def source_health(rows: Rows) -> None:
    found = {row["source_name"]: row for row in rows}
    assert {"alpha_vantage", "calendar", "headlines", "polygon", "pystock", "rss"} <= set(found)
    assert found["polygon"]["failed_request_count"] > 5
    assert found["polygon"]["request_count"] > 500
    assert found["rss"]["quarantined_row_count"] > 10


def strongest_trends(rows: Rows) -> None:
    assert len(rows) > 5
    assert all(50 < row["rsi_14"] <= 100 for row in rows)
    assert any(row["beta"] for row in rows)


def unusual_volume(rows: Rows) -> None:
    assert len(rows) > 5
    assert all(row["times_usual_volume"] >= 3 for row in rows)


def volatility_by_security(rows: Rows) -> None:
    assert len(rows) == 50
    assert all(5 < row["volatility_percent"] < 200 for row in rows)


ANALYSES: Mapping[str, Callable[[Rows], None]] = {
    check.__name__: check
    for check in (
        bars_as_known_at,
        event_study_of_news,
        largest_moves_with_their_news,
        market_breadth_by_session,
        momentum_at_month_ends,
        most_copied_stories,
        restated_and_suspect_bars,
        restatement_report,
        return_by_news_volume,
        sentiment_and_next_day_return,
        source_health,
        strongest_trends,
        unusual_volume,
        volatility_by_security,
    )
}


def check_effects(warehouse: Warehouse) -> None:
    """The mean abnormal return after stories of each tone is the planted one, within two standard errors.

    All events of a session count as one, as in the analysis, and both are measured against the mean of the market.
    """
    events = warehouse.rows(
        "select ticker, effective_session_date, abnormal_return_1_sessions as found, "
        "case when sentiment_score <= -0.15 then -1 when sentiment_score < 0.15 then 0 else 1 end as tone "
        "from marts.fct_article_reactions "
        "where sentiment_score is not null and abnormal_return_1_sessions is not null"
    )
    market = Market()
    last = market.sessions.position(max(event["effective_session_date"] for event in events))
    assert last is not None
    market.prices.day(last + 1)
    pairs: dict[tuple[int, int], list[tuple[float, float]]] = defaultdict(list)
    for event in events:
        session = market.sessions.position(event["effective_session_date"])
        assert session is not None
        following = market.prices.day(session + 1)
        effects = np.expm1(following.effect.astype(float))
        planted = effects[market.universe.by_ticker[event["ticker"]]] - effects[following.trading].mean()
        pairs[event["tone"], session].append((event["found"], planted))
    for tone in (-1, 0, 1):
        means = np.array([np.mean(found, axis=0) for (of, _), found in pairs.items() if of == tone])
        found, planted = means.mean(axis=0)
        error = means[:, 0].std(ddof=1) / np.sqrt(len(means))
        assert len(means) >= 50
        assert abs(found - planted) < 2 * error, (tone, found, planted, error)
        # The planted effect is large enough to be told from none.
        assert tone == 0 or tone * planted > 2 * error
        assert tone == 0 or tone * found > 2 * error


def check_past(warehouse: Warehouse) -> None:
    """Known news, late and edited articles, late and withdrawn actions, a reused ticker, an outage."""
    (days,) = warehouse.rows(
        "select count(*) filter (where known_article_count > 0) as known, "
        "count(distinct trading_date) filter (where known_article_count > 0) as sessions from marts.mart_stock_days"
    )
    assert days["known"] > 1000
    assert days["sessions"] >= SESSIONS
    (articles,) = warehouse.rows(
        "select count(*) filter (where version_number > 1) as edited, count(*) filter (where version_number = 1 "
        "and published_at > '2026-08-29' and known_from - published_at > interval '12 hours') as late "
        "from marts.fct_article_versions where provider = 'polygon'"
    )
    assert min(articles["edited"], articles["late"]) > 20
    check_actions(warehouse)
    companies = warehouse.rows(
        f"select security_key, count(*) as bars from marts.fct_daily_bars "
        f"where security_key in (select security_key from marts.dim_security_versions where ticker = '{REUSED}') "
        "and trading_date >= '2026-08-27' group by 1"
    )
    assert [row["bars"] > 20 for row in companies] == [True, True]
    outages = warehouse.rows(
        "select source_name, count(*) from marts.fct_ingestion_requests where status_code = 503 group by 1 order by 1"
    )
    assert [row["source_name"] for row in outages] == ["alpha_vantage", "polygon"]
    # Without statistics the as-of functions take minutes.
    assert not warehouse.rows(
        "select relname from pg_stat_user_tables where schemaname in ('intermediate', 'marts') "
        "and last_analyze is null and last_autoanalyze is null"
    )


def check_actions(warehouse: Warehouse) -> None:
    """Each dividend of the past is known from the evening on which it was listed, and until it was withdrawn."""
    found = warehouse.rows(
        "select ticker, ex_date, known_from, known_to from marts.fct_corporate_actions "
        "where action_kind = 'dividend' and ex_date between '2026-08-28' and '2026-11-10'"
    )
    market = Market()
    dates, securities = market.sessions.dates, market.universe.securities
    market.prices.day(market.sessions.after(date(2026, 11, 20)))
    expected: dict[tuple[str, date], tuple[date, date | None]] = {}
    for number, dividend in enumerate(market.prices.dividends):
        listed = dates[dividend.ex + delay(number, LATE_DIVIDEND)]
        expected[securities[dividend.security].ticker, dates[dividend.ex]] = (listed, None)
    now = max(row["known_from"] for row in found) + timedelta(days=30)
    for mistake in market.mistaken_dividends(now):
        period = (dates[mistake.ex], dates[mistake.ex + ERROR_LASTS])
        expected[securities[mistake.security].ticker, dates[mistake.ex]] = period
    late = withdrawn = 0
    for row in found:
        listed, until = expected[row["ticker"], row["ex_date"]]
        # An evening in New York is the next day in UTC; an outage puts it off by another session.
        assert timedelta(days=1) <= row["known_from"].date() - listed <= timedelta(days=5)
        assert (row["known_to"] is None) == (until is None)
        late += listed > row["ex_date"]
        withdrawn += until is not None
    assert late >= 2
    assert withdrawn >= 1
