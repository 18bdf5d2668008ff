"""The contract between what a parser made and what the warehouse already holds.

New columns are accepted and reported. A column that has changed its type is refused: the rows that cannot be read
as the known type go to quarantine with the reason, the others are loaded.
"""

import orjson
import pyarrow as pa
import pyarrow.compute as pc

from ingestion.model import Parsed, Rejected

ARROW_TYPES: dict[str, pa.DataType] = {
    "text": pa.string(),
    "bigint": pa.int64(),
    "double": pa.float64(),
    "bool": pa.bool_(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us", tz="UTC"),
}
DLT_TYPES = {arrow: name for name, arrow in ARROW_TYPES.items()}


def conform(parsed: Parsed, known: dict[str, dict[str, str]], new_columns: set[str]) -> Parsed:
    """Bring the tables of `parsed` to the types in `known` (dlt type per column and table), which takes on new columns.

    Names of new columns are added to `new_columns` as "table.column". Received rows are conserved.
    """
    result = Parsed(rejected=list(parsed.rejected))
    for name, table in parsed.tables.items():
        columns = known.setdefault(name, {})
        for field in table.schema:
            expected = columns.get(field.name)
            if expected is None:
                columns[field.name] = DLT_TYPES.get(field.type, "text")
                new_columns.add(f"{name}.{field.name}")
                expected = columns[field.name]
            wanted = ARROW_TYPES.get(expected)
            if wanted is not None and field.type != wanted:
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
            reason = f"column {column} changed its type from {wanted} to {values.type}: {row[column]!r} is refused"
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
