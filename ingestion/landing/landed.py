"""A landed request with its response: its fields, its id and its file name."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

import orjson

from ingestion.model import Response


@dataclass(frozen=True)
class Landed:
    """One landed request with its response.

    `cursors` are the cursors (and ETags) to set once the response is loaded. `outcome` is "ok", "not_modified" or a
    `ProviderError.outcome`; only "ok" responses are parsed. Times are UTC.
    """

    source: str
    endpoint: str
    url: str
    params: Mapping[str, str]
    requested_at: datetime
    received_at: datetime
    status: int | None
    outcome: str
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    cursors: Mapping[str, str] = field(default_factory=dict)
    duration_ms: float = 0.0
    attempt_count: int = 1
    error_message: str | None = None
    response_id: str = ""
    stamp: str = ""
    path: str = ""

    @property
    def response(self) -> Response:
        """The part that parsers see."""
        return Response(
            response_id=self.response_id,
            source=self.source,
            endpoint=self.endpoint,
            params=self.params,
            received_at=self.received_at,
            body=self.body,
            status=self.status or 0,
            headers=self.headers,
        )


def stamp_of(path: str) -> str:
    """The landing time in a landed file's name, which orders the files of a source."""
    return path.rsplit("/", 1)[-1].partition("-")[0]


def end_of(path: str) -> str:
    """The hash in a landed file's name."""
    return path.removesuffix(".gz").rpartition("-")[2]


def content_id(source: str, endpoint: str, params: Mapping[str, str], body: bytes) -> str:
    """A response id made from the content only, so that a file is recognised when it comes again."""
    return f"{source}-{digest_of(endpoint, '', sorted_json(params), body)[:32]}"


def header(landed: Landed) -> bytes:
    return orjson.dumps({name: value for name, value in vars(landed).items() if name not in ("body", "path")})


def sorted_json(params: Mapping[str, str]) -> bytes:
    return orjson.dumps(dict(params), option=orjson.OPT_SORT_KEYS)


def digest_of(endpoint: str, url: str, *parts: bytes) -> str:
    digest = hashlib.sha256(f"{endpoint}\n{url}\n".encode())
    for part in parts:
        digest.update(part)
        digest.update(b"\n")
    return digest.hexdigest()
