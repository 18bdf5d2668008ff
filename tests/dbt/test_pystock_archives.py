"""The real archives, from backfill to mart, against an independent reading with pandas."""

import io
import tarfile
from pathlib import Path

import pandas as pd
import pytest
from rich.console import Console

from ingestion import config, runner
from tests.dbt.conftest import Warehouse
from tests.shared import DATA, need
from tests.warehouse import key_of

PRICES = ["open", "high", "low", "close", "volume"]


def last_collected(folder: Path) -> pd.DataFrame:
    """Each (symbol, date) of the archives once, as in the archive collected last."""
    frames = []
    for path in sorted(folder.glob("*.tar.gz")):
        with tarfile.open(path) as archive:
            member = next(m for m in archive if m.name.endswith("prices.csv"))
            content = archive.extractfile(member)
            assert content is not None
            frame = pd.read_csv(io.BytesIO(content.read()), dtype=str, keep_default_na=False, on_bad_lines="skip")
            frames.append(frame.assign(collected=member.mtime, line=range(len(frame))))
    rows = pd.concat(frames)
    rows = rows[rows["date"] != "date"]
    rows[PRICES] = rows[PRICES].apply(pd.to_numeric)
    rows = rows.sort_values(["collected", "line"]).drop_duplicates(["symbol", "date"], keep="last")
    return rows.set_index(["symbol", "date"]).sort_index()


@pytest.fixture(scope="module")
def filled(warehouse: Warehouse, tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    """The calendar, the archives and the headlines, ingested and built."""
    archives, headlines = need(DATA / "pystock"), need(DATA / "headlines" / "benzinga_headlines.csv")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {
            "PGHOST": str(warehouse.dbt.server),
            "PGUSER": "postgres",
            "PGDATABASE": warehouse.dbt.database,
            "MARKETLOOM_HOME": str(tmp_path_factory.mktemp("home")),
        }.items():
            patch.setenv(name, value)
        settings, console = config.load("live"), Console(quiet=True)
        runner.ingest(settings, ["calendar"], None, None, (), console)
        runner.backfill(settings, "pystock", [archives], console)
        runner.backfill(settings, "headlines", [headlines], console)
    assert "WARN=0 ERROR=0 SKIP=0" in warehouse.dbt.must("build", "--exclude-resource-type", "unit_test")
    return warehouse


def test_each_bar_is_there_once_with_the_values_of_its_last_version(filled: Warehouse) -> None:
    expected = last_collected(DATA / "pystock")
    query = (
        "select ticker, trading_date::text, open_price, high_price, low_price, close_price, volume "
        "from marts.fct_daily_bars order by ticker, trading_date"
    )
    found = pd.DataFrame(filled.rows(query), columns=["symbol", "date", *PRICES]).set_index(["symbol", "date"])
    assert len(found) > 400_000
    assert found.index.is_unique
    pd.testing.assert_frame_equal(found.sort_index(), expected[PRICES].astype(float), check_names=False)


def rewritten(folder: Path) -> pd.DataFrame:
    """Older closes that an archive has rewritten while it left the newer one, with the factor of what came between."""
    frames = []
    for path in sorted(folder.glob("*.tar.gz")):
        with tarfile.open(path) as archive:
            member = archive.extractfile("prices.csv")
            assert member is not None
            frame = pd.read_csv(member, on_bad_lines="skip", low_memory=False)
        frame = frame[frame["date"] != "date"].drop_duplicates(["symbol", "date"], keep="last")
        frame[["close", "adj_close"]] = frame[["close", "adj_close"]].apply(pd.to_numeric)
        frame = frame.sort_values("date").set_index("symbol")
        old, new = frame[~frame.index.duplicated(keep="first")], frame[~frame.index.duplicated(keep="last")]
        pair = old.join(new, rsuffix="_new")
        pair = pair[(pair["date"] < pair["date_new"]) & (pair["adj_close_new"] == pair["close_new"])]
        frames.append(pair[(pair["adj_close"] / pair["close"] - 1).abs() > 0.00001].reset_index())
    found = pd.concat(frames).rename(columns={"symbol": "ticker", "date": "before", "date_new": "ex_date"})
    found["factor"] = found["adj_close"] / found["close"]
    return found.set_index(["ticker", "ex_date"])


def test_adjusted_closes_are_those_that_the_archives_have_rewritten(filled: Warehouse) -> None:
    expected = rewritten(DATA / "pystock")
    # Later actions are taken out again: an archive knows of those between its two sessions only.
    query = (
        "select i.ticker, i.ex_date::text, i.reading, b.close_price / n.split_factor, "
        "b.total_return_close_price / n.split_factor / n.dividend_factor "
        "from intermediate.int_actions__inferred i "
        "join marts.fct_daily_bars_adjusted b on b.ticker = i.ticker and b.trading_date = i.previous_date "
        "join marts.fct_daily_bars_adjusted n on n.ticker = i.ticker and n.trading_date = i.ex_date"
    )
    columns = ["ticker", "ex_date", "reading", "split_adjusted", "total_return"]
    found = pd.DataFrame(filled.rows(query), columns=columns).set_index(["ticker", "ex_date"]).join(expected)
    assert len(found) == len(expected) > 3_800
    assert found["factor"].notna().all()
    splits, dividends = (found[found["reading"] == reading] for reading in ("split", "dividend"))
    assert len(splits) == 44
    assert ((splits["factor"] > 1).sum(), (splits["factor"] < 0.34).sum()) == (36, 2)
    # The files have two to six decimals, in single precision.
    assert (splits["split_adjusted"] - splits["adj_close"]).abs().max() < 0.005
    assert (dividends["total_return"] - dividends["adj_close"]).abs().max() < 0.005
    # What the next price does not confirm is left as traded.
    others = found.drop(splits.index).drop(dividends.index)
    assert sorted(others.index) == [("HCHC", "2015-11-12"), ("NBY", "2015-12-18"), ("RYAAY", "2015-10-28")]


def test_headlines_meet_their_bars(filled: Warehouse) -> None:
    joined = filled.rows(
        "select count(*), sum(article_count) from marts.mart_stock_days "
        "where article_count > 0 and trading_date between '2015-10-01' and '2015-12-31'"
    )
    assert joined[0][0] > 40
    assert joined[0][1] >= joined[0][0]


def test_a_session_that_nobody_collected_is_reported(filled: Warehouse) -> None:
    filled.rows("delete from intermediate.int_bars__versioned where trading_date = '2015-11-10'")
    done = filled.dbt.run("test", "--select", "no_session_is_missing_between_first_and_last_bar")
    assert done.returncode == 1
    (missing,) = filled.rows("select count(*) from quarantine.no_session_is_missing_between_first_and_last_bar")
    assert missing[0] > 6_000


def lists(folder: Path) -> list[tuple[str, dict[str, str]]]:
    """The lists of securities in the order of the archives: day, and name by ticker."""
    found = []
    for path in sorted(folder.glob("*.tar.gz")):
        with tarfile.open(path) as archive:
            member = archive.extractfile("symbols.txt")
            assert member is not None
            rows = [line.rstrip("\r\n").split("\t") for line in member.read().decode().splitlines()]
        day = f"{path.name[:4]}-{path.name[4:6]}-{path.name[6:8]}"
        found.append((day, {row[0].strip(): row[1].strip() for row in rows if len(row) == 2}))
    return found


def listed_on(place: int, known: list[tuple[str, dict[str, str]]], first_bars: dict[str, str]) -> set[str]:
    """Who is in a list, was left out of fewer than seven in a row, or was traded before it first came into one."""
    day, present = known[place]
    found = set(present)
    for ticker in {ticker for _, names in known for ticker in names} - found:
        before = next((n for n in range(place, -1, -1) if ticker in known[n][1]), None)
        after = next((n for n in range(place, len(known)) if ticker in known[n][1]), None)
        if before is None:
            if first_bars.get(ticker, "9") <= day:
                found.add(ticker)
        elif after is None:
            if len(known) - 1 - before < 7:
                found.add(ticker)
        elif after - before - 1 < 7 and known[before][1][ticker] == known[after][1][ticker]:
            found.add(ticker)
    return found


def test_the_universe_of_a_day_holds_the_companies_that_were_delisted_since(filled: Warehouse) -> None:
    known = lists(DATA / "pystock")
    first_bars = dict(filled.rows("select ticker, min(trading_date)::text from marts.fct_daily_bars group by ticker"))
    for place in (0, 1, 3, 20, 42, 60, 64):
        query = f"select ticker from marts.universe_as_of('{known[place][0]}', now())"
        assert {ticker for (ticker,) in filled.rows(query)} == listed_on(place, known, first_bars), known[place][0]
    gone = set(known[1][1]) - set(known[-1][1])
    assert len(gone) == 128


def test_tickers_that_another_company_took_over_have_two_keys(filled: Warehouse) -> None:
    reused = filled.rows(
        "select ticker, string_agg(security_name, ' > ' order by valid_from) from marts.dim_security_versions "
        "where is_current group by ticker having count(distinct security_key) > 1"
    )
    assert len(reused) == 5
    assert dict(reused)["BLVD"] == "Boulevard Acquisition Corp. > Boulevard Acquisition Corp. II"


def test_bars_of_a_ticker_taken_over_are_those_of_their_company(filled: Warehouse) -> None:
    rows = filled.rows(
        f"select b.ticker, s.security_name, s.security_key = {key_of('b.ticker')}, count(*), "
        "min(b.trading_date)::text, max(b.trading_date)::text, s.first_trading_date::text, s.last_trading_date::text "
        "from marts.fct_daily_bars b join marts.dim_securities s using (security_key) "
        "where b.ticker in ('BLVD', 'BLVDW', 'CLAC', 'CLACU', 'CLACW') group by b.ticker, s.security_key order by 1, 5"
    )
    assert [row[:6] for row in rows] == [
        ("BLVD", "Boulevard Acquisition Corp.", True, 2, "2015-04-02", "2015-04-06"),
        ("BLVD", "Boulevard Acquisition Corp. II", False, 31, "2015-11-17", "2015-12-31"),
        ("CLAC", "Capitol Acquisition Corp. II", True, 2, "2015-04-02", "2015-04-06"),
        ("CLAC", "Capitol Acquisition Corp. III", False, 9, "2015-12-18", "2015-12-31"),
        ("CLACU", "Capitol Acquisition Corp. II", True, 2, "2015-04-02", "2015-04-06"),
        ("CLACU", "Capitol Acquisition Corp. III", False, 53, "2015-10-16", "2015-12-31"),
    ]
    # The dimension knows the bars of each of the two.
    assert all(row[4:6] == row[6:8] for row in rows)
    for mart in ("fct_daily_bar_versions", "fct_daily_bars_adjusted", "fct_daily_indicators", "mart_stock_days"):
        stray = (
            f"select count(*) from marts.{mart} m join marts.fct_daily_bars b using (ticker, trading_date) "
            "where m.security_key <> b.security_key"
        )
        assert filled.rows(stray) == [(0,)], mart
    # The key of a bar names the company that the list of the same day names.
    names = dict(lists(DATA / "pystock"))
    rows = filled.rows(
        "select b.ticker, b.trading_date::text, v.security_name from marts.fct_daily_bars b "
        "join marts.dim_security_versions v on v.security_key = b.security_key and v.is_current "
        "where b.ticker in ('BLVD', 'BLVDW', 'CLAC', 'CLACU', 'CLACW')"
    )
    known = [(names[day].get(ticker), name) for ticker, day, name in rows if day in names]
    assert len([name for name, _ in known if name]) > 90
    assert [pair for pair in known if pair[0] not in (None, pair[1])] == []


def test_every_key_of_a_fact_is_a_security(filled: Warehouse) -> None:
    facts = filled.rows(
        "select table_name from information_schema.columns "
        "where table_schema = 'marts' and column_name = 'security_key'"
    )
    assert len(facts) >= 10
    for (fact,) in facts:
        lost = f"select count(*) from marts.{fact} f left join marts.dim_securities s using (security_key)"
        assert filled.rows(f"{lost} where s.security_key is null") == [(0,)], fact
