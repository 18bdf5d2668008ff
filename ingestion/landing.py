"""The landing zone: every response as received, in one compressed file each, written before it is parsed.

A landed file is gzip over one line of JSON (the request without secrets, times, status, outcome) followed by the
body's bytes, so `zcat FILE | head -1` shows the request and `zcat FILE | tail -n +2` the answer. Its name is
<source>/<endpoint>/<day>/<landing time>-<request hash>.gz; landing times of one source strictly increase, so
"everything after the last one loaded" is well defined. A file appears whole or not at all.
"""

import gzip
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import fsspec
import orjson
from isal import igzip, isal_zlib

from ingestion.errors import MarketloomError
from ingestion.model import Response

PARQUET = b"PAR1"
STAMP = "%Y%m%dT%H%M%S%fZ"
# The stub of ISA-L declares its class of errors as None.
UNREADABLE: tuple[Any, ...] = (OSError, EOFError, isal_zlib.error, KeyError, ValueError, TypeError)


class LandingError(MarketloomError):
    """A landed file cannot be read; the text names it."""


@dataclass(frozen=True)
class Landed:
    """One landed request with its answer.

    `mark` holds what the answer lets us remember (cursors, ETags) once it is loaded. `outcome` is "ok",
    "not_modified", "empty" or a `ProviderError.outcome`; only "ok" answers are parsed. Times are UTC.
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
    mark: Mapping[str, str] = field(default_factory=dict)
    duration_ms: float = 0.0
    attempt_count: int = 1
    error_message: str | None = None
    response_id: str = ""
    stamp: str = ""
    path: str = ""

    @property
    def response(self) -> Response:
        """What a parser sees of it."""
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


class Landing:
    """The landing zone of one target under an fsspec URL: a local folder, s3://… or any other file system."""

    def __init__(self, url: str) -> None:
        self.fs, self.root = fsspec.core.url_to_fs(url)
        self.is_local = "file" in (self.fs.protocol if isinstance(self.fs.protocol, tuple) else (self.fs.protocol,))
        self._last: dict[str, str] = {}
        self._known: dict[str, set[str]] = {}

    def write(self, landed: Landed) -> Landed:
        """Land one answer; returns it with `response_id`, `stamp` and `path` filled in."""
        stamp = self._next_stamp(landed.source)
        digest = landed.response_id.rpartition("-")[2] or _digest(landed.endpoint, landed.url, _sorted(landed.params))
        response_id = landed.response_id or f"{landed.source}-{stamp}-{digest[:16]}"
        path = f"{landed.source}/{landed.endpoint}/{stamp[:8]}/{stamp}-{digest[:16]}.gz"
        landed = replace(landed, response_id=response_id, stamp=stamp, path=path)
        content = _header(landed) + b"\n" + landed.body
        # What is compressed already is only wrapped; for the rest the fastest level will do.
        is_packed = landed.body.startswith(PARQUET)
        self._put(path, gzip.compress(content, 0, mtime=0) if is_packed else igzip.compress(content, 1, mtime=0))
        if (place := f"{landed.source}/{landed.endpoint}") in self._known:
            self._known[place].add(_end(path))
        return landed

    def read(self, path: str) -> Landed:
        """Read one landed file by its path within the zone."""
        try:
            head, _, body = igzip.decompress(self.fs.cat_file(f"{self.root}/{path}")).partition(b"\n")
            values: dict[str, Any] = orjson.loads(head)
            for name in ("requested_at", "received_at"):
                values[name] = datetime.fromisoformat(values[name])
            return Landed(**values, body=body, path=path)
        except UNREADABLE as error:
            raise LandingError(
                f"landed file {path} cannot be read ({error}): restore it from a copy, or move it away"
            ) from error

    def paths(self, source: str, *, after: str = "") -> list[str]:
        """Paths of a source's landed files in landing order, those later than the stamp `after` only."""
        found: list[str] = []
        for endpoint in self._names(source):
            for day in self._names(f"{source}/{endpoint}"):
                if day >= after[:8]:
                    names = self._names(f"{source}/{endpoint}/{day}")
                    found += [f"{source}/{endpoint}/{day}/{name}" for name in names if name.endswith(".gz")]
        return sorted((path for path in found if stamp_of(path) > after), key=stamp_of)

    def holds(self, source: str, endpoint: str, response_id: str) -> bool:
        """True if an answer with this content-made id was landed before."""
        place = f"{source}/{endpoint}"
        if place not in self._known:
            days = self._names(place)
            self._known[place] = {_end(name) for day in days for name in self._names(f"{place}/{day}")}
        return response_id.rpartition("-")[2][:16] in self._known[place]

    def forget(self, source: str) -> None:
        """Look anew at what is there of a source: another process may have landed something since."""
        self._last.pop(source, None)
        for place in [place for place in self._known if place.startswith(f"{source}/")]:
            del self._known[place]

    def after(self, source: str, stamp: str) -> Iterator[Landed]:
        """A source's landed answers later than `stamp`, in landing order."""
        for path in self.paths(source, after=stamp):
            yield self.read(path)

    def _names(self, folder: str) -> list[str]:
        try:
            return sorted(
                name.rsplit("/", 1)[-1] for name in self.fs.ls(f"{self.root}/{folder}", detail=False, refresh=True)
            )
        except FileNotFoundError:
            return []

    def _next_stamp(self, source: str) -> str:
        now = datetime.now(UTC)
        last = self._last.get(source)
        if last is None:
            newest = self.paths(source, after=now.strftime("%Y%m%d"))
            last = stamp_of(newest[-1]) if newest else ""
        stamp = now.strftime(STAMP)
        if stamp <= last:
            following = datetime.strptime(last, STAMP) + timedelta(microseconds=1)
            stamp = following.strftime(STAMP)
        self._last[source] = stamp
        return stamp

    def _put(self, path: str, content: bytes) -> None:
        full = f"{self.root}/{path}"
        if not self.is_local:
            self.fs.pipe_file(full, content)
            return
        final = Path(full)
        final.parent.mkdir(parents=True, exist_ok=True)
        part = final.with_suffix(".part")
        part.write_bytes(content)
        part.replace(final)


def stamp_of(path: str) -> str:
    """The landing time in a landed file's name, which orders it among its source's others."""
    return path.rsplit("/", 1)[-1].partition("-")[0]


def _end(path: str) -> str:
    """The hash in a landed file's name."""
    return path.removesuffix(".gz").rpartition("-")[2]


def content_id(source: str, endpoint: str, params: Mapping[str, str], body: bytes) -> str:
    """A response id made of what was received only, so that the same file is known again whenever it comes."""
    return f"{source}-{_digest(endpoint, '', _sorted(params), body)[:32]}"


def _header(landed: Landed) -> bytes:
    return orjson.dumps({name: value for name, value in vars(landed).items() if name not in ("body", "path")})


def _sorted(params: Mapping[str, str]) -> bytes:
    return orjson.dumps(dict(params), option=orjson.OPT_SORT_KEYS)


def _digest(endpoint: str, url: str, *parts: bytes) -> str:
    digest = hashlib.sha256(f"{endpoint}\n{url}\n".encode())
    for part in parts:
        digest.update(part)
        digest.update(b"\n")
    return digest.hexdigest()
