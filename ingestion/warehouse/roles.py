"""Roles and privileges: three group roles, the target's database, and its schemas.

The loader writes raw, the transformer reads raw and owns staging to marts, the analyst only reads marts. Sessions
use a role with `set role`, so that the roles need no passwords. Safe to repeat and to run concurrently.
See https://www.postgresql.org/docs/current/ddl-priv.html
"""

from collections.abc import Iterable

from psycopg2 import sql
from psycopg2.extensions import connection as Connection
from psycopg2.extensions import cursor as Cursor

from ingestion.errors import MarketloomError

LOADER, TRANSFORMER, ANALYST = "marketloom_loader", "marketloom_transformer", "marketloom_analyst"
MODEL_SCHEMAS = ("staging", "intermediate", "marts", "quarantine")
OPS_SCHEMA = "raw_ops"
LEAST_VERSION = 150000
BOOTSTRAP_LOCK = 7_205_116


def create_roles_and_database(connection: Connection, database: str) -> None:
    """Create the roles and the database. `connection` is in autocommit mode, on any database of the server."""
    if connection.server_version < LEAST_VERSION:
        raise MarketloomError(
            f"the warehouse must be PostgreSQL 15 or newer; it is {connection.server_version // 10000}"
        )
    # From 16 on, the creator of a role can administer it, but needs a grant before `set role`.
    may_become = "set" if connection.server_version >= 160000 else "member"
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_lock(%s)", (BOOTSTRAP_LOCK,))
        for role in (LOADER, TRANSFORMER, ANALYST):
            if not _exists(cursor, "select 1 from pg_roles where rolname = %s", role):
                cursor.execute(sql.SQL("create role {} nologin").format(sql.Identifier(role)))
            if not _exists(cursor, f"select 1 where pg_has_role(current_user, %s, '{may_become}')", role):
                cursor.execute(sql.SQL("grant {} to current_user").format(sql.Identifier(role)))
        if not _exists(cursor, "select 1 from pg_database where datname = %s", database):
            # Locale C: text compares as bytes, so that indexes are fast and the order is the same everywhere.
            create = "create database {} template template0 encoding 'UTF8' lc_collate 'C' lc_ctype 'C'"
            cursor.execute(sql.SQL(create).format(sql.Identifier(database)))
        cursor.execute("select pg_advisory_unlock(%s)", (BOOTSTRAP_LOCK,))


def create_schemas(connection: Connection, raw_schemas: Iterable[str]) -> None:
    """Create the schemas of the connection's database and set their privileges, in one transaction."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(%s), current_database()", (BOOTSTRAP_LOCK,))
        row = cursor.fetchone()
        database = sql.Identifier(row[1] if row else "")
        names = {"loader": LOADER, "transformer": TRANSFORMER, "analyst": ANALYST}
        roles = {key: sql.Identifier(name) for key, name in names.items()}
        cursor.execute(sql.SQL("revoke all on database {} from public").format(database))
        cursor.execute(sql.SQL("grant connect on database {} to {analyst}").format(database, **roles))
        cursor.execute(
            sql.SQL("grant connect, create, temporary on database {} to {loader}, {transformer}").format(
                database, **roles
            )
        )
        cursor.execute("revoke all on schema public from public")
        for schema in raw_schemas:
            _own(cursor, schema, LOADER)
            for statement in (
                "grant usage on schema {schema} to {transformer}",
                "grant select on all tables in schema {schema} to {transformer}",
                "alter default privileges for role {loader} in schema {schema} grant select on tables to {transformer}",
            ):
                cursor.execute(sql.SQL(statement).format(schema=sql.Identifier(schema), **roles))
        for schema in MODEL_SCHEMAS:
            _own(cursor, schema, TRANSFORMER)
        cursor.execute(sql.SQL("grant usage on schema marts to {analyst}").format(**roles))


def _own(cursor: Cursor, schema: str, owner: str) -> None:
    create = "create schema if not exists {} authorization {}"
    cursor.execute(sql.SQL(create).format(sql.Identifier(schema), sql.Identifier(owner)))


def _exists(cursor: Cursor, query: str, name: str) -> bool:
    cursor.execute(query, (name,))
    return cursor.fetchone() is not None
