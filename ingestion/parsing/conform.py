"""Bring parsed tables to the column types that the warehouse has.

New columns are accepted and reported. Where a column has changed its type, the rows that cannot be cast to the known
type are rejected with a reason, and the others are loaded.
"""

import orjson
import pyarrow as pa
import pyarrow.compute as pc

from ingestion.model import Parsed, Rejected
from ingestion.parsing.schema import COLUMN_TYPES


def conform(parsed: Parsed, known: dict[str, dict[str, pa.DataType]], new_columns: set[str]) -> Parsed:
    """Bring the tables of `parsed` to the types in `known` (type by column and table), to which it adds new columns.

    Names of new columns are added to `new_columns` as "table.column". Received rows are conserved.
    """
    result = Parsed(rejected=list(parsed.rejected))
    for name, table in parsed.tables.items():
        columns = known.setdefault(name, {})
        for field in table.schema:
            if field.name not in columns:
                columns[field.name] = field.type if field.type in COLUMN_TYPES.values() else pa.string()
                new_columns.add(f"{name}.{field.name}")
            if field.type != (wanted := columns[field.name]):
                table = _retyped(name, table, field.name, wanted, result.rejected)
        result.tables[name] = table
    return result


def _retyped(name: str, table: pa.Table, column: str, wanted: pa.DataType, rejected: list[Rejected]) -> pa.Table:
    values = table[column].combine_chunks()
    place = table.schema.get_field_index(column)
    try:
        return table.set_column(place, column, values.cast(wanted))
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        pass
    good = [_fits(value, wanted) for value in values]
    for number, fits in enumerate(good):
        if not fits:
            row = table.slice(number, 1).to_pylist()[0]
            reason = f"column {column} changed its type from {wanted} to {values.type}: {row[column]!r} is rejected"
            rejected.append(Rejected(name, reason, _json(row), row.get("_row_number")))
    kept = table.filter(pa.array(good, pa.bool_()))
    return kept.set_column(place, column, pa.array([_cast(value, wanted) for value in kept[column]], wanted))


def _fits(value: pa.Scalar, wanted: pa.DataType) -> bool:
    try:
        pc.cast(value, wanted)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return False
    return True


def _cast(value: pa.Scalar, wanted: pa.DataType) -> object:
    return pc.cast(value, wanted).as_py()


def _json(row: dict[str, object]) -> str:
    return orjson.dumps(row, default=str).decode()
