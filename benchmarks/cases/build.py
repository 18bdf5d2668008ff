"""A whole build of the marts that hold the bulk, with its tests, beside one script that makes the same tables."""

from collections.abc import Iterator
from pathlib import Path

from benchmarks.harness import Bench, BenchmarkFailed, Comparison, Result, Side
from benchmarks.history import BUILD, History, history

SCRIPT = Path(__file__).resolve().parents[1] / "sql" / "marts.sql"
MARTS = (
    "fct_daily_bar_versions",
    "fct_daily_bars",
    "fct_daily_bars_adjusted",
    "fct_daily_indicators",
    "mart_stock_days",
    "mart_restatements",
)
# What they are made of, and what follows their changes.
BETWEEN = (
    "int_bars__unioned",
    "int_bars__versioned",
    "int_bars__latest",
    "int_bars__tracked",
    "int_bars__numbered",
    "int_market_returns__averaged",
    "int_market_returns__accumulated",
    "int_session_returns__averaged",
)


def run(bench: Bench) -> Iterator[Result]:
    """dbt build --full-refresh of the marts of bars, tests included, against one SQL script of the same tables."""
    built = history(bench, bench.options.rows)
    build = (*BUILD, "--full-refresh", "--select", *MARTS, *BETWEEN)
    ours = Side("dbt build", lambda: built.dbt(*build))
    reference = Side("psql", lambda: built.script(SCRIPT), lambda: _empty(built))
    yield built.compare(Comparison("build: marts of bars, against one SQL script", ours, reference, 1.25, "at most"))
    different = {mart: sums for mart in MARTS if len(sums := _sums(built, mart)) != 1}
    if different:
        raise BenchmarkFailed(f"dbt's tables and the script's differ: {different}")
    built.execute("drop schema reference cascade")


def _empty(built: History) -> None:
    built.execute("drop schema if exists reference cascade", "create schema reference")


def _sums(built: History, mart: str) -> set[str]:
    """Of both tables the number of rows and a sum over all that is in them; one, if they are alike.

    Twelve digits of a number count: the last ones may depend on the order of an addition.
    """
    count = "set extra_float_digits = -3; select count(*) || ' ' || sum(hashtextextended(told::text, 0)) from"
    return {built.value(f"{count} {schema}.{mart} as told") for schema in ("marts", "reference")}
