"""Responses for tests of parsers."""

from datetime import UTC, datetime

from ingestion.model import Parsed, Response

RECEIVED = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def response_of(
    source: str, endpoint: str, body: bytes | str, headers: dict[str, str] | None = None, /, **params: str
) -> Response:
    """A landed response of `endpoint` with this body."""
    content = body if isinstance(body, bytes) else body.encode()
    return Response("r1", source, endpoint, params, RECEIVED, content, 200, headers or {})


def rows(parsed: Parsed, table: str) -> list[dict[str, object]]:
    """The kept rows of `table`, without columns that are null in all of them."""
    kept = parsed.tables[table].to_pylist()
    empty = {name for name in parsed.tables[table].schema.names if all(row[name] is None for row in kept)}
    return [{name: value for name, value in row.items() if name not in empty} for row in kept]
