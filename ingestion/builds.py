"""Whether dbt has anything to do: what was loaded, and by which project it was last built, as the warehouse tells.

The record stands in the warehouse, beside what it is about, and only there: another machine reads the same, and a
warehouse that was dropped has none. It is written after a build that succeeded wholly. Whatever is not known for sure
(another project, a table that somebody made anew) means that there is something to do.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from pathlib import Path

import orjson
from psycopg2 import sql
from psycopg2.extensions import cursor as Cursor

from ingestion import ops, warehouse
from ingestion.config import Settings
from ingestion.destination import LEDGER
from ingestion.roles import LOADER, OPS_SCHEMA
from ingestion.sources import SOURCES

RECORD = sql.Identifier(OPS_SCHEMA, "_builds")
IGNORED = {".user.yml", "__pycache__"}


@dataclass(frozen=True)
class Basis:
    """What a build is made from: the project with its settings, and the loads that brought rows."""

    project: str
    loads: str


def basis(settings: Settings) -> Basis:
    """What a build that began now would be made from."""
    with warehouse.connect(settings, role=LOADER) as connection, connection.cursor() as cursor:
        return Basis(_project(settings), _loads(cursor))


def last_made_from(settings: Settings, current: Basis) -> datetime | None:
    """When all models were built from just this, and are still there; None if they were not, or nobody knows."""
    with warehouse.connect(settings, role=LOADER) as connection, connection.cursor() as cursor:
        cursor.execute("select to_regclass(%s)", (f"{OPS_SCHEMA}._builds",))
        row = cursor.fetchone()
        if row is None or row[0] is None:
            return None
        query = sql.SQL(
            "select built_at from {} where (project, loads, relations) = (%s, %s, %s) "
            "and built_at = (select max(built_at) from {})"
        )
        cursor.execute(query.format(RECORD, RECORD), (current.project, current.loads, _relations(cursor)))
        row = cursor.fetchone()
    return row[0] if row else None


def note(settings: Settings, made_from: Basis) -> None:
    """Write down that all models have been built from this. To be called after success only."""
    columns = "project text not null, loads text not null, relations text not null, built_at timestamptz not null"
    with warehouse.connect(settings, role=LOADER) as connection, connection.cursor() as cursor:
        cursor.execute(sql.SQL("create table if not exists {} ({})").format(RECORD, sql.SQL(columns)))
        cursor.execute(sql.SQL("delete from {}").format(RECORD))
        insert = sql.SQL("insert into {} values (%s, %s, %s, clock_timestamp())")
        cursor.execute(insert.format(RECORD), (made_from.project, made_from.loads, _relations(cursor)))


def _project(settings: Settings) -> str:
    """A digest of the project's files, the target, and the versions and variables that dbt heeds."""
    digest = hashlib.sha256()
    variables = {name: value for name, value in settings.subprocess_environment.items() if name.startswith("DBT_")}
    heeded = {name: version(name) for name in ("dbt-core", "dbt-postgres")} | variables
    digest.update(orjson.dumps([settings.target, heeded], option=orjson.OPT_SORT_KEYS))
    for path in _files(settings.root):
        content = path.read_bytes()
        digest.update(f"\n{path.relative_to(settings.root)} {len(content)}\n".encode() + content)
    return digest.hexdigest()


def _files(root: Path) -> Iterator[Path]:
    names = ("dbt_project.yml", "profiles.yml", "packages.yml", "dependencies.yml", "selectors.yml")
    yield from (root / name for name in names if (root / name).is_file())
    for path in sorted((root / "dbt_project").rglob("*")):
        if path.is_file() and not IGNORED & set(path.parts):
            yield path


def _loads(cursor: Cursor) -> str:
    """Of each raw schema, how many finished loads brought rows, and the newest of them.

    Requests alone make nothing new: those that brought nothing appear in the marts with the next build.
    """
    found = {}
    brought = {f"raw_{source.name}": [table.name for table in source.tables] for source in SOURCES.values()}
    for schema, tables in {**brought, OPS_SCHEMA: [ops.QUARANTINE.name]}.items():
        query = sql.SQL(
            "select count(*), max(load_id) from {} as loads where status = 0 and exists (select from {} as files "
            "where files.load_id = loads.load_id and split_part(file_name, '.', 1) = any(%s))"
        )
        places = (sql.Identifier(schema, name) for name in ("_dlt_loads", LEDGER))
        cursor.execute(query.format(*places), (tables,))
        found[schema] = cursor.fetchone()
    return hashlib.sha256(orjson.dumps(found, option=orjson.OPT_SORT_KEYS)).hexdigest()


def _relations(cursor: Cursor) -> str:
    """A digest of all that stands outside the raw schemas: a table that was dropped or made anew is another."""
    cursor.execute(
        "select coalesce(md5(string_agg(c.oid::text || ' ' || c.relname, ',' order by c.oid)), '') "
        "from pg_class as c join pg_namespace as n on n.oid = c.relnamespace where c.relkind in ('r', 'v', 'm', 'p') "
        r"and n.nspname not like 'raw\_%' and n.nspname not like 'pg\_%' and n.nspname <> 'information_schema'"
    )
    row = cursor.fetchone()
    return str(row[0]) if row else ""
