"""Bring parsed tables to the columns that the warehouse has. No row is rejected for a key that no table declares.

New columns are accepted and reported. Where a column has changed its type, what the known type cannot hold exactly goes
as text into a second column, "<name>_as_text". Past a bound of columns, new ones share one column of JSON.
"""

from decimal import Decimal, InvalidOperation

import pyarrow as pa

from ingestion.model import Parsed
from ingestion.parsing.rejection import row_text
from ingestion.parsing.schema import COLUMN_TYPES
from ingestion.parsing.values import Unreadable, read_double

MOST_COLUMNS = 256
MOST_EXTRA_COLUMNS = 40  # of one response
SURPLUS = "unknown_keys"
Columns = dict[str, pa.DataType]


def conform(parsed: Parsed, known: dict[str, Columns], new_columns: set[str]) -> Parsed:
    """Bring the tables of `parsed` to the types in `known` (type by column and table), to which it adds new columns.

    Names of new columns are added to `new_columns` as "table.column". Every row is kept.
    """
    result = Parsed(rejected=parsed.rejected)
    for name, table in parsed.tables.items():
        columns = known.setdefault(name, {})
        before = set(columns)
        result.tables[name] = _conformed(table, columns)
        new_columns |= {f"{name}.{column}" for column in columns.keys() - before}
    return result


def _conformed(table: pa.Table, known: Columns) -> pa.Table:
    surplus: dict[str, pa.ChunkedArray] = {}
    for field in table.schema:
        if field.name not in known and not _is_added(field, known):
            surplus[field.name] = table[field.name]
            table = table.drop_columns(field.name)
        elif field.type != (wanted := known[field.name]):
            fitting, others = _split(table[field.name], wanted)
            table = table.set_column(table.schema.get_field_index(field.name), field.name, fitting)
            if others.null_count < len(others):
                place = _free(f"{field.name}_as_text", table, known)
                if place in known or _is_added(pa.field(place, pa.string()), known):
                    table = table.append_column(place, others)
                else:
                    surplus[field.name] = others
    return _with_surplus(table, surplus, known) if surplus else table


def _is_added(field: pa.Field, known: Columns) -> bool:
    """Add a column to the known ones; False if there are too many."""
    if len(known) >= MOST_COLUMNS and field.name != SURPLUS:
        return False
    known[field.name] = field.type if field.type in COLUMN_TYPES.values() else pa.string()
    return True


def _free(name: str, table: pa.Table, known: Columns) -> str:
    """`name`, with a number if a column of the table or of another type has it."""
    free, number = name, 1
    while free in table.schema.names or known.get(free, pa.string()) != pa.string():
        number += 1
        free = f"{name}_{number}"
    return free


def _split(values: pa.ChunkedArray, wanted: pa.DataType) -> tuple[pa.Array, pa.Array]:
    """The values that `wanted` holds exactly, and the others as text."""
    if wanted == pa.string():
        return pa.array([_text(value) for value in values.to_pylist()], pa.string()), pa.nulls(len(values), pa.string())
    plain = values.to_pylist()
    held = [_exact(value, wanted) for value in plain]
    others = [_text(value) if held[place] is None else None for place, value in enumerate(plain)]
    return pa.array(held, wanted), pa.array(others, pa.string())


def _exact(value: object, wanted: pa.DataType) -> object:
    """The value as the type holds it exactly; None if it cannot. A truth value is no number, and none is one."""
    if isinstance(value, bool) or wanted not in (pa.float64(), pa.int64()):
        return None
    try:
        number = read_double(value)
        is_same = Decimal(repr(number)) == Decimal(str(value))
    except (Unreadable, InvalidOperation):
        return None
    if not is_same:
        return None
    if wanted == pa.float64():
        return number
    return int(number) if number.is_integer() and abs(number) <= 2**53 else None


def _text(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, float) and value.is_integer() and abs(value) <= 2**53:
        value = int(value)  # JSON has one kind of number
    return row_text(value) if isinstance(value, bool | int | float | list | dict) else str(value)


def _with_surplus(table: pa.Table, surplus: dict[str, pa.ChunkedArray], known: Columns) -> pa.Table:
    """The table with the surplus columns as a JSON object in each row, beside what the row has there already."""
    columns = {name: values.to_pylist() for name, values in surplus.items()}
    already = table[SURPLUS].to_pylist() if SURPLUS in table.schema.names else [None] * table.num_rows
    texts = []
    for place, held in enumerate(already):
        found = {name: values[place] for name, values in columns.items() if values[place] is not None}
        more = {SURPLUS: held} if held is not None else {}
        texts.append(row_text(found | more) if found else held)
    if SURPLUS in table.schema.names:
        table = table.drop_columns(SURPLUS)
    known.setdefault(SURPLUS, pa.string())
    return table.append_column(SURPLUS, pa.array(texts, pa.string()))
