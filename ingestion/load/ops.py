"""marketloom's own records, the tables of `raw_ops`: every request, and every rejected row."""

from collections.abc import Mapping, Sequence

import orjson
import pyarrow as pa

from ingestion.landing import Landed
from ingestion.load.outcome import Outcome
from ingestion.model import ORIGIN, TIMESTAMP, Table


def _field(name: str, kind: pa.DataType, description: str, *, required: bool = False) -> pa.Field:
    return pa.field(name, kind, nullable=not required, metadata={"description": description})


REQUESTS = Table(
    "requests",
    pa.schema(
        [
            _field("response_id", pa.string(), "Id of the response, as in every raw row from it.", required=True),
            _field("source", pa.string(), "Provider that was asked.", required=True),
            _field("endpoint", pa.string(), "Kind of call, or of file.", required=True),
            _field("url", pa.string(), "URL of the request, secrets removed."),
            _field("params", pa.string(), "Parameters and scope as JSON, secrets removed."),
            _field("requested_at", TIMESTAMP, "When the call was made."),
            _field("received_at", TIMESTAMP, "When its response was received."),
            _field("status_code", pa.int64(), "HTTP status; null without a response."),
            _field("duration_ms", pa.float64(), "Milliseconds from call to response, retries included."),
            _field("byte_count", pa.int64(), "Bytes of the body, uncompressed."),
            _field("attempt_count", pa.int64(), "Attempts made, the first included."),
            _field("outcome", pa.string(), "ok, not_modified, or the name of the error.", required=True),
            _field("error_message", pa.string(), "The error in words."),
            _field("rows_received", pa.int64(), "Rows in the response."),
            _field("rows_quarantined", pa.int64(), "How many of them were rejected."),
            _field("landing_path", pa.string(), "Path of the response in the landing zone."),
        ]
    ),
    "One row per call to a provider, or per member of a bulk file, with its outcome.",
)

QUARANTINE = Table(
    "quarantine",
    pa.schema(
        [
            _field("source", pa.string(), "The provider the row came from.", required=True),
            _field("entity", pa.string(), "The raw table it would have gone to.", required=True),
            _field("reason", pa.string(), "Why it was rejected, in words.", required=True),
            _field("row", pa.string(), "The row as received, or a pointer to it."),
            _field("row_number", pa.int64(), "Its position in the response, from 0."),
        ]
    ),
    "One row per received row, or whole response, that could not be parsed or trusted.",
)

TABLES = (REQUESTS, QUARANTINE)


def requests_table(outcomes: Sequence[Outcome]) -> pa.Table:
    """Rows of `raw_ops.requests`, one per outcome."""
    rows = [_request(outcome) for outcome in outcomes]
    return pa.Table.from_pylist(rows, schema=pa.schema([*REQUESTS.schema, *ORIGIN]))


def quarantine_table(outcomes: Sequence[Outcome]) -> pa.Table:
    """Rows of `raw_ops.quarantine`, one per rejected row."""
    rows = [
        {
            "source": outcome.landed.source,
            "entity": rejected.entity,
            "reason": rejected.reason,
            "row": rejected.row.replace("\x00", "\\u0000"),
            "row_number": rejected.row_number,
            **_origin(outcome.landed, number),
        }
        for outcome in outcomes
        for number, rejected in enumerate(outcome.rejected)
    ]
    return pa.Table.from_pylist(rows, schema=pa.schema([*QUARANTINE.schema, *ORIGIN]))


def _request(outcome: Outcome) -> Mapping[str, object]:
    landed, error = outcome.landed, outcome.error
    return {
        "response_id": landed.response_id,
        "source": landed.source,
        "endpoint": landed.endpoint,
        "url": landed.url,
        "params": orjson.dumps(dict(landed.params)).decode(),
        "requested_at": landed.requested_at,
        "received_at": landed.received_at,
        "status_code": landed.status,
        "duration_ms": landed.duration_ms,
        "byte_count": outcome.byte_count,
        "attempt_count": landed.attempt_count,
        "outcome": error.outcome if error else landed.outcome,
        "error_message": str(error) if error else landed.error_message,
        "rows_received": sum(outcome.kept.values()) + len(outcome.rejected),
        "rows_quarantined": len(outcome.rejected),
        "landing_path": landed.path,
        **_origin(landed, 0),
    }


def _origin(landed: Landed, row_number: int) -> dict[str, object]:
    values = (row_number, landed.response_id, landed.received_at)
    return {field.name: value for field, value in zip(ORIGIN, values, strict=True)}
