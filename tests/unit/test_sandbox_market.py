"""The simulated market behaves like a real one, and is reproducible."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from sandbox import names
from sandbox.identities import check_digit
from sandbox.market import Market
from sandbox.sessions import utc
from tests.unit.sandbox_requests import NOW, market

SESSIONS = 700
FIXED = ("LOOM", "WEFT", "WARP", "HEDL", "REED", "SHED", "BOBN", "TREA", "SPUN", "YARN")


def log_returns(of: Market) -> np.ndarray:
    """Sessions by securities; the return without splits and dividends, zero where there was no trading."""
    days = [of.prices.day(session) for session in range(SESSIONS)]
    return np.array([np.where(day.trading, np.log(day.close / day.reference), 0.0) for day in days])


def autocorrelation(values: np.ndarray, lag: int) -> float:
    return float(np.corrcoef(values[lag:], values[:-lag])[0, 1])


def test_the_same_seed_gives_the_same_market() -> None:
    again = Market(seed=7, securities=120)
    assert again.universe.securities == market().universe.securities
    for session in (0, 250, 251, 600):
        first, second = market().final_bars(session), again.final_bars(session)
        assert all(np.array_equal(a, b) for a, b in zip(vars(first).values(), vars(second).values(), strict=True))


def test_another_seed_gives_another_market() -> None:
    other = Market(seed=8, securities=120)
    assert not np.array_equal(other.final_bars(10).close, market().final_bars(10).close)


def test_a_session_does_not_depend_on_the_order_of_requests() -> None:
    jumping, walking = Market(seed=3, securities=30), Market(seed=3, securities=30)
    late = jumping.final_bars(300)
    for session in range(0, 301, 25):
        walking.final_bars(session)
    assert np.array_equal(late.volume, walking.final_bars(300).volume)
    assert np.array_equal(jumping.final_bars(40).high, walking.final_bars(40).high)


@pytest.mark.parametrize("count", [9, 12_001])
def test_a_market_of_an_impossible_size_is_rejected(count: int) -> None:
    with pytest.raises(ValueError, match="10 to 12000 securities"):
        Market(securities=count)


def test_the_ten_fixed_tickers_trade_in_every_session() -> None:
    places = [market().universe.by_ticker[ticker] for ticker in FIXED]
    assert all(market().prices.day(session).trading[places].all() for session in range(SESSIONS))


def test_securities_have_identifiers_of_valid_shape() -> None:
    securities = market().universe.securities
    assert len({security.ticker for security in securities}) == 120
    for security in securities:
        assert re.fullmatch(r"[A-Z]{1,5}(\.[AB])?", security.ticker)
        assert re.fullmatch(r"BBG[0-9B-DF-HJ-NP-TV-Z]{8}\d", security.composite_figi)
        assert security.composite_figi[-1] == check_digit(security.composite_figi[:-1])
        assert security.cik is None or re.fullmatch(r"\d{10}", security.cik)
        assert security.mic in {"XNYS", "XNAS", "XASE", "ARCX", "BATS", ""}
        assert security.sector in names.SECTORS
    assert {security.type for security in securities} == {"CS", "ETF", "ADRC"}


def test_the_check_digit_is_that_of_real_figis() -> None:
    assert [check_digit(figi) for figi in ("BBG000BWQYZ", "BBG000B9XRY")] == ["5", "4"]


def test_twelve_thousand_securities_have_tickers_of_their_own() -> None:
    universe = Market(securities=12_000).universe
    assert len(universe.by_ticker) == 12_000
    assert any(ticker.endswith(".B") for ticker in universe.by_ticker)


def test_securities_come_and_go_and_have_bars_only_while_listed() -> None:
    universe = market().universe
    assert ((universe.first > 0) & (universe.first < SESSIONS)).any()
    assert (universe.end < SESSIONS).any()
    for session in range(0, SESSIONS, 50):
        assert not (market().prices.day(session).trading & ~universe.listed(session)).any()


def test_halts_leave_gaps_of_a_few_sessions() -> None:
    listed = np.array([market().universe.listed(session) for session in range(SESSIONS)])
    trading = np.array([market().prices.day(session).trading for session in range(SESSIONS)])
    assert 5 < (listed & ~trading).sum() < 120


def test_bars_are_consistent() -> None:
    for session in range(0, SESSIONS, 35):
        bars = market().final_bars(session)
        assert (bars.low <= np.minimum(bars.open, bars.close)).all()
        assert (bars.high >= np.maximum(bars.open, bars.close)).all()
        assert ((bars.low <= bars.vwap) & (bars.vwap <= bars.high)).all()
        assert (bars.low > 0).all()
        assert (bars.volume >= 1).all()
        assert (bars.transactions >= 1).all()


def test_volatility_clusters_while_returns_themselves_do_not_apart_from_the_news() -> None:
    news = np.array([market().prices.day(session).effect for session in range(SESSIONS)])
    returns = (log_returns(market()) - news)[:, market().universe.is_fixed]
    squared = np.mean([autocorrelation(np.abs(column), lag) for column in returns.T for lag in range(1, 6)])
    plain = np.mean([autocorrelation(column, lag) for column in returns.T for lag in range(1, 6)])
    assert squared > 0.05
    assert abs(plain) < 0.03


def test_returns_have_heavy_tails() -> None:
    returns = log_returns(market())[:, market().universe.is_fixed]
    standardised = (returns - returns.mean(0)) / returns.std(0)
    assert float((standardised**4).mean()) > 3.5


def test_securities_of_a_sector_move_together_more_than_others() -> None:
    universe = market().universe
    chosen = np.flatnonzero(~universe.is_fund & (universe.first == 0) & (universe.end > SESSIONS))
    matrix = np.corrcoef(log_returns(market())[:, chosen].T)
    same = universe.sector[chosen][:, None] == universe.sector[chosen][None, :]
    apart = ~np.eye(len(chosen), dtype=bool)
    assert matrix[same & apart].mean() > matrix[~same].mean() + 0.03
    assert matrix[~same].mean() > 0.08


def test_two_classes_of_shares_of_a_company_move_as_one() -> None:
    tickers = market().universe.by_ticker
    first, second = tickers["SOU.A"], tickers["SOU.B"]
    one, other = (market().universe.securities[place] for place in (first, second))
    assert (one.cik, one.sector) == (other.cik, other.sector)
    assert one.composite_figi != other.composite_figi
    returns = log_returns(market())
    assert np.corrcoef(returns[:, first], returns[:, second])[0, 1] > 0.95


def test_stories_move_prices_in_the_direction_of_their_sentiment() -> None:
    universe = market().universe
    returns = log_returns(market())
    told: list[float] = []
    moved: list[float] = []
    for session in range(SESSIONS):
        stories = market().stories(session)
        total = np.zeros(len(universe))
        np.add.at(total, stories.subjects, stories.sentiments)
        for place in np.flatnonzero((np.abs(total) > 0.3) & market().prices.day(session).trading):
            told.append(total[place])
            moved.append(returns[session, place])
    good = np.array(told) > 0
    assert np.array(moved)[good].mean() > 0.003
    assert np.array(moved)[~good].mean() < -0.003
    assert np.corrcoef(told, moved)[0, 1] > 0.25


def test_splits_and_dividends_are_in_the_prices() -> None:
    splits, dividends = market().splits(NOW), market().dividends(NOW)
    assert len(splits) > 5
    assert len(dividends) > 200
    for split in splits:
        before = market().final_bars(split.session - 1).close[split.security]
        after = market().final_bars(split.session).open[split.security]
        assert after * split.ratio == pytest.approx(before, rel=0.25)
    for dividend in dividends:
        assert dividend.declared < dividend.ex < dividend.paid
        before = market().prices.day(dividend.ex - 1).close[dividend.security]
        shares = market().prices.divided(dividend.security, dividend.ex - 1, dividend.ex)
        reference = market().prices.day(dividend.ex).reference[dividend.security]
        assert reference + dividend.amount == pytest.approx(before / shares, abs=0.006)


def test_a_bar_is_first_delivered_after_the_close_and_some_are_restated_later() -> None:
    session = market().sessions.delivered(NOW) - 30
    closed = utc(float(market().sessions.closes[session]))
    assert market().bars(session, closed) is None
    changed = 0
    for place in range(session - 40, session):
        evening = utc(float(market().sessions.closes[place])) + timedelta(hours=1)
        first, final = market().bars(place, evening), market().bars(place, evening + timedelta(days=4))
        assert first is not None
        assert final is not None
        assert np.array_equal(final.close, market().final_bars(place).close)
        changed += int(((first.close != final.close) | (first.volume != final.volume)).sum())
    assert 20 < changed < 200


def test_providers_disagree_about_a_few_bars_only() -> None:
    session = market().sessions.delivered(NOW) - 10
    differing = 0
    for place in range(session - 20, session):
        ours, theirs = market().bars(place, NOW), market().alpha_vantage_bars(place, NOW)
        assert ours is not None
        assert theirs is not None
        differing += int(((ours.close != theirs.close) | (ours.volume != theirs.volume)).sum())
        assert np.abs(ours.close - theirs.close).max() < 0.03
    assert 10 < differing < 150


@given(st.datetimes(datetime(2024, 1, 2), datetime(2026, 12, 1)), st.timedeltas(timedelta(0), timedelta(days=9)))
@hypothesis_settings(max_examples=40)
def test_what_was_delivered_stays_delivered(moment: datetime, later: timedelta) -> None:
    now = moment.replace(tzinfo=UTC)
    delivered = market().sessions.delivered(now)
    assert market().sessions.delivered(now + later) >= delivered
    assert all(float(close) < now.timestamp() for close in market().sessions.closes[:delivered][-1:])
    assert market().bars(delivered, now) is None
    assert {s.session for s in market().splits(now)} <= {s.session for s in market().splits(now + later)}


def test_threads_can_create_the_parts_of_a_market_at_once() -> None:
    for _ in range(20):
        market = Market(seed=7, securities=12)
        with ThreadPoolExecutor(3) as pool:
            parts = [pool.submit(getattr, market, name) for name in ("prices", "universe", "sessions")]
            assert all(part.result(timeout=60) is not None for part in parts)
