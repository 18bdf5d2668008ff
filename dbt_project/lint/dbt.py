"""What sqlfluff renders in place of dbt's own cross-database macros."""

from collections.abc import Sequence
from types import SimpleNamespace


def type_string() -> str:
    return "text"


def type_int() -> str:
    return "integer"


def type_bigint() -> str:
    return "bigint"


def type_numeric() -> str:
    return "numeric(28, 6)"


def current_timestamp() -> str:
    return "now()"


def concat(parts: Sequence[str]) -> str:
    return " || ".join(parts)


def hash(text: str) -> str:  # dbt's name for it
    return f"md5({text})"


def bool_or(expression: str) -> str:
    return f"bool_or({expression})"


def dateadd(part: str, count: int, moment: str) -> str:
    return f"{moment} + interval '{count} {part}'"


def date_trunc(part: str, column: str) -> str:
    return f"date_trunc('{part}', {column})"


def run_query(statement: str) -> SimpleNamespace:  # nothing is asked for the sake of style
    return SimpleNamespace(rows=[])


def last_day(column: str, part: str) -> str:
    return f"date_trunc('{part}', {column}) + interval '1 {part}' - interval '1 day'"
