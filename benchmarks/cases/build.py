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
    for mart in MARTS:
        if (ours_have := _indexes(built, "marts", mart)) != (theirs_have := _indexes(built, "reference", mart)):
            raise BenchmarkFailed(f"{mart}: dbt's indexes are {ours_have}, the script's {theirs_have}")
    different = {mart: rows for mart in MARTS if (rows := _different(built, mart))}
    if different:
        raise BenchmarkFailed(f"dbt's tables and the script's differ in so many rows: {different}")
    built.execute("drop schema reference cascade")


def _empty(built: History) -> None:
    built.execute("drop schema if exists reference cascade", "create schema reference")


def _indexes(built: History, schema: str, mart: str) -> list[str]:
    """The definitions of a table's indexes, without names."""
    found: list[str] = built.value(
        "select array_agg(told order by told) from (select regexp_replace(indexdef, ' INDEX .* USING', '') as told "
        f"from pg_indexes where schemaname = '{schema}' and tablename = '{mart}') as indexes"  # our own names
    )
    return found


def _different(built: History, mart: str) -> int:
    """How many rows only one of the two tables has; numbers may differ by what the order of additions does to them."""
    columns = built.value(
        "select array_agg(array[column_name::text, data_type::text]) from information_schema.columns "
        f"where table_schema = 'marts' and table_name = '{mart}'"  # our own names
    )
    keys = built.value(
        "select array_agg(a.attname::text) from pg_index as i join pg_attribute as a "
        "on a.attrelid = i.indrelid and a.attnum = any(i.indkey) "
        f"where i.indrelid = 'marts.{mart}'::regclass and i.indisprimary"
    )
    same = [_same(name, kind) for name, kind in columns if name not in keys]
    return int(
        built.value(
            f"select count(*) from marts.{mart} as ours full join reference.{mart} as theirs "
            f"using ({', '.join(keys)}) where not ({' and '.join(same)})"
        )
    )


def _same(name: str, kind: str) -> str:
    exact = f"ours.{name} is not distinct from theirs.{name}"
    if kind != "double precision":
        return f"({exact})"
    near = f"abs(ours.{name} - theirs.{name}) <= 1e-9 * greatest(1, abs(ours.{name}))"
    return f"({exact} or coalesce({near}, false))"
