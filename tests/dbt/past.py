"""Comparing marts of two moments, row by row, inside PostgreSQL."""

from psycopg2.extensions import cursor as Cursor


def marts(cursor: Cursor, schema: str) -> list[str]:
    """Every table and view of a schema, in order of name."""
    cursor.execute(
        "select relname from pg_class where relnamespace = %s::regnamespace and relkind in ('r', 'v') order by 1",
        (schema,),
    )
    return [name for (name,) in cursor.fetchall()]


def keep(cursor: Cursor, schema: str, into: str) -> None:
    """Copy every table and view of a schema into tables of a schema of its own."""
    cursor.execute(f"create schema {into}")
    for name in marts(cursor, schema):
        cursor.execute(f"create table {into}.{name} as select * from {schema}.{name}")


def columns(cursor: Cursor, schema: str, mart: str) -> str:
    """The columns to compare, floats rounded to ten digits: sums of one set may differ in the last bits.

    Columns that begin with an underscore say when a row was processed, not when it was known: they are left out.
    """
    cursor.execute(
        "select column_name, data_type from information_schema.columns "
        "where table_schema = %s and table_name = %s and column_name !~ '^_' order by ordinal_position",
        (schema, mart),
    )
    return ", ".join(
        f"case when abs({name}) < 1e-9 then 0 else to_char({name}, '9.999999999EEEE')::float end as {name}"
        if kind == "double precision"
        else name
        for name, kind in cursor.fetchall()
    )


def difference(cursor: Cursor, left: str, right: str, chosen: str = "*") -> int:
    """How many rows are in one of two relations and not in the other."""
    cursor.execute(
        f"with a as (select {chosen} from {left}), b as (select {chosen} from {right}) "
        "select count(*) from ((table a except all table b) union all (table b except all table a)) as odd"
    )
    (count,) = cursor.fetchone() or (0,)
    return int(count)


def differences(cursor: Cursor, left: str, right: str) -> dict[str, int]:
    """Odd rows per mart of two schemas; empty when all marts are alike."""
    names = marts(cursor, left)
    assert names == marts(cursor, right)
    found = {n: difference(cursor, f"{left}.{n}", f"{right}.{n}", columns(cursor, left, n)) for n in names}
    return {name: count for name, count in found.items() if count}


def functions(cursor: Cursor) -> dict[str, str]:
    """The as-of functions that return the columns of a mart, and that mart: daily_bars_as_of, fct_daily_bars."""
    cursor.execute(
        "select proname, array(select name from unnest(proargnames, proargmodes) as a (name, mode) where mode = 't') "
        "from pg_proc where pronamespace = 'marts'::regnamespace and proname like '%\\_as\\_of' order by 1"
    )
    found: dict[str, str] = {}
    for function, names in cursor.fetchall():
        cursor.execute(
            "select table_name from information_schema.columns where table_schema = 'marts' "
            "and table_name ~ %s and column_name !~ '^_' group by 1 "
            "having array_agg(column_name::text order by ordinal_position) = %s",
            (f"^(fct|dim|bridge|mart)_{function.removesuffix('_as_of')}$", names),
        )
        found.update((function, mart) for (mart,) in cursor.fetchall())
    return found


def queried(cursor: Cursor, moment: str, past: str, reassigned: str) -> dict[str, int]:
    """Odd rows per as-of function, against the marts of that moment in the schema `past`.

    The functions use today's assignment of tickers to companies: a ticker that was reassigned since is left out.
    """
    found = {}
    for function, mart in functions(cursor).items():
        chosen, others = columns(cursor, past, mart), ""
        if ", ticker" in chosen:
            others = f" where ticker <> '{reassigned}'"
        found[function] = difference(cursor, f"marts.{function}('{moment}'){others}", f"{past}.{mart}{others}", chosen)
    return {name: count for name, count in found.items() if count}


def changed_without_news(cursor: Cursor, early: str, late: str, since: str) -> int:
    """Rows of an earlier `mart_stock_days` that differ in a later one although no bar up to them was restated.

    Such a row depends on something that came after its session. News may come late, so its columns are left out.
    """
    cursor.execute(
        f"select count(*) from {early} as early left join {late} as late using (security_key, trading_date) "
        "where not exists (select from marts.fct_daily_bar_versions as bar where bar.security_key = early.security_key "
        f"and bar.known_from > '{since}' and bar.trading_date <= early.trading_date) "
        "and (early.one_day_return, early.average_volume_20_sessions, early.close_price) "
        "is distinct from (late.one_day_return, late.average_volume_20_sessions, late.close_price)"
    )
    (count,) = cursor.fetchone() or (0,)
    return int(count)


def unguarded_views(cursor: Cursor, schema: str) -> list[str]:
    """Views over raw rows, other than the calendar's and dlt's lists of loads, that show what came after the moment."""
    cursor.execute(
        "select distinct v.viewname from pg_views v join information_schema.view_table_usage u "
        "on (u.view_schema, u.view_name) = (v.schemaname, v.viewname) "
        "where v.schemaname = %s and u.table_schema like 'raw\\_%%' and u.table_schema <> 'raw_calendar' "
        "and u.table_name not like '\\_dlt%%' and v.definition not like '%%_received_at <= %%' order by 1",
        (schema,),
    )
    return [name for (name,) in cursor.fetchall()]
