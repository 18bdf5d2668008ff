"""marketloom's own records, the tables of `raw_ops`: every request, and every row that was refused."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import orjson
import pyarrow as pa

from ingestion.errors import ProviderError
from ingestion.landing import Landed
from ingestion.model import Parsed, Rejected, Table

TIME = pa.timestamp("us", tz="UTC")


def _field(name: str, kind: pa.DataType, description: str, *, required: bool = False) -> pa.Field:
    return pa.field(name, kind, nullable=not required, metadata={"description": description})


REQUESTS = Table(
    "requests",
    pa.schema(
        [
            _field("response_id", pa.string(), "The answer's id, as in every raw row that came of it.", required=True),
            _field("source", pa.string(), "The provider asked.", required=True),
            _field("endpoint", pa.string(), "The kind of call, or of file member.", required=True),
            _field("url", pa.string(), "What was asked, secrets removed."),
            _field("params", pa.string(), "Parameters and scope as JSON, secrets removed."),
            _field("requested_at", TIME, "When the call was made."),
            _field("received_at", TIME, "When its answer was known to us."),
            _field("status_code", pa.int64(), "HTTP status; null where no answer came."),
            _field("duration_ms", pa.float64(), "Milliseconds from call to answer, retries included."),
            _field("byte_count", pa.int64(), "Bytes of the body, uncompressed."),
            _field("attempt_count", pa.int64(), "Attempts made, the first included."),
            _field("outcome", pa.string(), "ok, not_modified, or the name of what went wrong.", required=True),
            _field("error_message", pa.string(), "What went wrong, in words."),
            _field("rows_received", pa.int64(), "Rows found in the answer."),
            _field("rows_quarantined", pa.int64(), "How many of them were refused."),
            _field("landing_path", pa.string(), "Where the answer stands in the landing zone."),
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
            _field("reason", pa.string(), "Why it was refused, in words.", required=True),
            _field("row", pa.string(), "The row as received, or a pointer to it."),
            _field("row_number", pa.int64(), "Its place in the answer, counted from 0."),
        ]
    ),
    "One row per received row, or whole answer, that could not be parsed or trusted.",
)

TABLES = (REQUESTS, QUARANTINE)


@dataclass(frozen=True)
class Outcome:
    """What became of one landed answer: how much it held, or why it held nothing; what it held has gone its way."""

    landed: Landed
    byte_count: int
    kept: Mapping[str, int]
    rejected: Sequence[Rejected]
    error: ProviderError | None = None

    @classmethod
    def of(cls, landed: Landed, parsed: Parsed, error: ProviderError | None) -> "Outcome":
        """The account of what was parsed; the answer's body and rows are not kept, as there may be any number."""
        kept = {name: table.num_rows for name, table in parsed.tables.items()}
        return cls(replace(landed, body=b""), len(landed.body), kept, parsed.rejected, error)

    @property
    def refused(self) -> dict[str, int]:
        """Rows refused per raw table."""
        counts: dict[str, int] = {}
        for rejected in self.rejected:
            counts[rejected.entity] = counts.get(rejected.entity, 0) + 1
        return counts


def requests_table(outcomes: Sequence[Outcome]) -> pa.Table:
    """Rows of `raw_ops.requests`, one per outcome."""
    rows = [_request(outcome) for outcome in outcomes]
    return pa.Table.from_pylist(rows, schema=_with_origin(REQUESTS.schema))


def quarantine_table(outcomes: Sequence[Outcome]) -> pa.Table:
    """Rows of `raw_ops.quarantine`, one per refused row."""
    rows = [
        {
            "source": outcome.landed.source,
            "entity": rejected.entity,
            "reason": rejected.reason,
            "row": rejected.row.replace("\x00", "\\u0000"),
            "row_number": rejected.row_number,
            **_origin(outcome.landed.response_id, outcome.landed.received_at, number),
        }
        for outcome in outcomes
        for number, rejected in enumerate(outcome.rejected)
    ]
    return pa.Table.from_pylist(rows, schema=_with_origin(QUARANTINE.schema))


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
        **_origin(landed.response_id, landed.received_at, 0),
    }


def _origin(response_id: str, received_at: datetime, row_number: int) -> dict[str, object]:
    return {"_row_number": row_number, "_response_id": response_id, "_received_at": received_at}


def _with_origin(schema: pa.Schema) -> pa.Schema:
    extra = [("_row_number", pa.int64()), ("_response_id", pa.string()), ("_received_at", TIME)]
    return pa.schema([*schema, *(pa.field(name, kind) for name, kind in extra)])
