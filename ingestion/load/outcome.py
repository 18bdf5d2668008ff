"""Parse landed responses, and keep the account of what each held."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pyarrow as pa
import pyarrow.compute as pc

from ingestion.errors import MalformedResponse, ProviderError
from ingestion.landing import Landed
from ingestion.model import ORIGIN, ROW_NUMBER, Parsed, Rejected, Source, scope_of
from ingestion.parsing.rejection import row_text
from ingestion.parsing.schema import sessions_of


@dataclass(frozen=True)
class Outcome:
    """The account of one landed response: how many rows it held, which were rejected, or why it held none.

    The body and the parsed rows are not kept: there may be any number of responses.
    """

    landed: Landed
    byte_count: int
    kept: Mapping[str, int]
    rejected: Sequence[Rejected]
    error: ProviderError | None = None

    @classmethod
    def of(cls, landed: Landed, parsed: Parsed, error: ProviderError | None) -> "Outcome":
        kept = {name: table.num_rows for name, table in parsed.tables.items()}
        return cls(replace(landed, body=b""), len(landed.body), kept, parsed.rejected, error)

    @property
    def rejected_counts(self) -> Counter[str]:
        """Rejected rows by raw table."""
        return Counter(rejected.entity for rejected in self.rejected)


def parse(source: Source, landed: Landed) -> tuple[Parsed, ProviderError | None]:
    """Parse one landed response. Whatever its body holds, the result is rows, rejected rows, or a named error."""
    if landed.outcome != "ok":
        error = _error_of(landed)
        # A file was rejected with its own remedy; a response has that of its kind of error.
        reason = str(error) if landed.status else f"{landed.url}: {landed.error_message}"
        rejected = [_whole(landed, reason)] if isinstance(error, MalformedResponse) else []
        return Parsed(rejected=rejected), error
    try:
        return without_future(source.parser(landed.endpoint)(landed.response), landed.received_at), None
    except ProviderError as error:
        error.source, error.endpoint = landed.source, landed.endpoint
        rejected = [_whole(landed, error.detail)] if isinstance(error, MalformedResponse) else []
        return Parsed(rejected=rejected), error
    except Exception as error:  # a parser's bug must not stop the run: the response waits in quarantine
        reason = f"the parser failed: {type(error).__name__}: {error}"
        return Parsed(rejected=[_whole(landed, reason)]), MalformedResponse(reason)


def without_future(parsed: Parsed, received_at: datetime) -> Parsed:
    """Reject the rows of sessions after the day on which they were received: nobody can have known them."""
    latest = received_at.date() + timedelta(days=1)  # of any zone
    for name, table in parsed.tables.items():
        for column in sessions_of(table):
            is_future = pc.greater(table[column], pa.scalar(latest)).fill_null(False)
            if pc.any(is_future).as_py():
                for row in table.filter(is_future).to_pylist():
                    reason = f"{column}: {row[column]} is after the day of its receipt, {received_at:%Y-%m-%d}"
                    parsed.rejected.append(Rejected(name, reason, row_text(row), row[ROW_NUMBER.name]))
                parsed.tables[name] = table = table.filter(pc.invert(is_future))
    return parsed


def with_origin(table: pa.Table, landed: Landed) -> pa.Table:
    """The rows with the response's id, written only once, and the time it was received."""
    _, response_id, received_at = ORIGIN
    zeros = pa.repeat(pa.scalar(0, pa.int32()), table.num_rows)
    ids = pa.DictionaryArray.from_arrays(zeros, [landed.response_id])
    times = pa.repeat(pa.scalar(landed.received_at, received_at.type), table.num_rows)
    return table.append_column(response_id.name, ids).append_column(received_at, times)


def _whole(landed: Landed, reason: str) -> Rejected:
    return Rejected(landed.endpoint, reason, f"landed response {landed.path}")


def _error_of(landed: Landed) -> ProviderError | None:
    kinds = {kind.outcome: kind for kind in ProviderError.__subclasses__()}
    kind = kinds.get(landed.outcome)
    if kind is None:
        return None
    detail = landed.error_message or landed.outcome
    return kind(detail, source=landed.source, endpoint=landed.endpoint, scope=scope_of(landed.params))
