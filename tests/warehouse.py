"""Read the warehouse in tests."""

import shutil
from pathlib import Path
from typing import Any

from ingestion.config import Settings
from ingestion.warehouse.server import Warehouse
from tests.shared import ROOT


def key_of(ticker: str) -> str:
    """SQL for the key of the first company that bore a ticker, itself an SQL expression."""
    return f"('x' || left(md5({ticker}), 16))::bit(64)::bigint"


def discard(folder: Path) -> None:
    """Stop the embedded servers whose state is under a folder, and remove them with the folder."""
    for warehouse in folder.rglob("warehouse"):
        if (warehouse / "PG_VERSION").exists():
            Warehouse(Settings(ROOT, warehouse.parent, "live")).down()
        if warehouse.is_symlink():
            shutil.rmtree(warehouse.resolve())
    shutil.rmtree(folder, ignore_errors=True)


def rows(settings: Settings, query: str, *, role: str | None = None) -> list[tuple[Any, ...]]:
    """All rows of a query."""
    with Warehouse(settings).connect(role=role) as connection, connection.cursor() as cursor:
        cursor.execute(query)
        return cursor.fetchall()


def value(settings: Settings, query: str) -> Any:
    """The first column of a query's first row."""
    return rows(settings, query)[0][0]


def checksum(settings: Settings, table: str, *, without: tuple[str, ...] = ()) -> str:
    """A checksum of a table's rows in any order, without the named columns."""
    schema, name = table.split(".")
    names = rows(
        settings,
        "select column_name from information_schema.columns "
        f"where table_schema = '{schema}' and table_name = '{name}' order by column_name",
    )
    columns = ", ".join(f'"{column}"' for (column,) in names if column not in without)
    return str(
        value(settings, f"select md5(string_agg(r::text, '|' order by r::text)) from (select {columns} from {table}) r")
    )
