"""Twenty queries of analysts, compared with the same queries without indexes."""

import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

from benchmarks.harness import Bench, BenchmarkFailed, Measured, Result
from benchmarks.history import Ask, History, history

QUERIES = Path(__file__).resolve().parents[1] / "sql" / "queries"
CLASSES = {"one": ("one security or one session", 0.1), "year": ("the whole market over a year", 1.5)}
PLACES = 5
WITHOUT_INDEXES = ("indexscan", "bitmapscan", "indexonlyscan")


def run(bench: Bench) -> Iterator[Result]:
    """Queries on the marts of the longest history, warm, as an analyst, against sequential scans: 95th percentiles."""
    built = history(bench, max(bench.options.history))
    places = list(parameters(built))
    with built.analyst() as ask:
        for group, (title, target) in CLASSES.items():
            ours, scans = Measured("marketloom", None, share=0.95), Measured("sequential scans", None, share=0.95)
            for query in queries(group).values():
                chosen = places if group == "one" else places[:1]
                _without_indexes(ask, "on")
                found = [ask(query, place) for place in chosen]
                for _ in range(bench.options.repeat):
                    measure(ask, query, chosen, ours)
                _without_indexes(ask, "off")
                if [len(rows) for rows in found] != [len(rows) for rows in measure(ask, query, chosen, scans)]:
                    raise BenchmarkFailed(f"other rows without indexes: {query}")
            yield Result(f"query: {title}, 95 % within", ours, scans, target, "at most", "seconds")
        _without_indexes(ask, "on")


def queries(group: str) -> dict[str, str]:
    """The queries of a class, by name; each says its class in its first line."""
    found = {path.stem: path.read_text() for path in sorted(QUERIES.glob("*.sql"))}
    return {name: text for name, text in found.items() if text.startswith(f"-- {group}: ")}


def parameters(built: History) -> Iterator[dict[str, Any]]:
    """Securities, sessions and moments for the queries, spread over the history."""
    with built.analyst() as ask:
        tickers = ask(
            "select ticker from marts.fct_daily_bars where trading_date = (select max(trading_date) "
            "from marts.fct_daily_bars) order by volume desc limit 1000"
        )
        sessions = ask(
            "select trading_date, close_at from marts.dim_sessions where is_session and trading_date between "
            "(select min(trading_date) from marts.fct_daily_bars) and "
            "(select max(trading_date) from marts.fct_daily_bars) order by trading_date desc limit 200"
        )
    for place in range(PLACES):
        (ticker,), (session, closed_at) = (rows[place * len(rows) // PLACES] for rows in (tickers, sessions))
        yield {
            "ticker": ticker,
            "session": session,
            "moment": closed_at + timedelta(days=3),
            "year_before": session - timedelta(days=365),
            "month_before": session - timedelta(days=31),
        }


def measure(ask: Ask, query: str, places: list[dict[str, Any]], into: Measured) -> list[list[Any]]:
    """Run a query with each set of parameters, time it to the last row, and return the rows."""
    found = []
    for place in places:
        started = time.perf_counter()
        found.append(ask(query, place))
        into.add(time.perf_counter() - started)
    return found


def _without_indexes(ask: Ask, setting: str) -> None:
    for scan in WITHOUT_INDEXES:
        ask(f"set enable_{scan} = {setting}")
