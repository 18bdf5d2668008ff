"""Read and write the landing zone: one compressed file per response, written before the response is parsed.

A landed file is gzip over one line of JSON (the request without secrets, times, status, outcome) followed by the
body's bytes: `zcat FILE | head -1` shows the request and `zcat FILE | tail -n +2` the response. Its name is
<source>/<endpoint>/<day>/<landing time>-<request hash>.gz. The landing times of a source strictly increase, so
"everything after the last one loaded" is well defined. A file appears whole or not at all.
"""

import gzip
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import fsspec
import orjson
from isal import igzip, isal_zlib

from ingestion.errors import MarketloomError
from ingestion.landing.landed import Landed, digest_of, end_of, header, sorted_json, stamp_of
from ingestion.parsing.bulk import PARQUET

SET_ASIDE = "set_aside"
STAMP = "%Y%m%dT%H%M%S%fZ"
# The stub of ISA-L declares its class of errors as None.
UNREADABLE: tuple[Any, ...] = (OSError, EOFError, isal_zlib.error, KeyError, ValueError, TypeError)


class LandingError(MarketloomError):
    """A landed file cannot be read; the text names it."""


def utc_now() -> datetime:
    return datetime.now(UTC)


class Landing:
    """The landing zone of one target under an fsspec URL: a local folder, s3://… or any other file system.

    `clock` gives the landing times.
    """

    def __init__(self, url: str, clock: Callable[[], datetime] = utc_now) -> None:
        self.clock = clock
        # fsspec would read "::" in a folder's name as a chain of file systems.
        is_folder = "://" not in url
        self.fs, root = (fsspec.filesystem("file"), url) if is_folder else fsspec.core.url_to_fs(url)
        self.root: str = root
        self.is_local = "file" in (self.fs.protocol if isinstance(self.fs.protocol, tuple) else (self.fs.protocol,))
        self._last: dict[str, str] = {}
        self._known: dict[str, set[str]] = {}

    def write(self, landed: Landed) -> Landed:
        """Land one response; returns it with `response_id`, `stamp` and `path` filled in."""
        stamp = self._next_stamp(landed.source)
        digest = landed.response_id.rpartition("-")[2] or digest_of(
            landed.endpoint, landed.url, sorted_json(landed.params)
        )
        response_id = landed.response_id or f"{landed.source}-{stamp}-{digest[:16]}"
        path = f"{landed.source}/{landed.endpoint}/{stamp[:8]}/{stamp}-{digest[:16]}.gz"
        landed = replace(landed, response_id=response_id, stamp=stamp, path=path)
        content = header(landed) + b"\n" + landed.body
        # Parquet is compressed already; for the rest the fastest level is enough.
        is_packed = landed.body.startswith(PARQUET)
        self._put(path, gzip.compress(content, 0, mtime=0) if is_packed else igzip.compress(content, 1, mtime=0))
        if (place := f"{landed.source}/{landed.endpoint}") in self._known:
            self._known[place].add(end_of(path))
        return landed

    def read(self, path: str) -> Landed:
        """Read one landed file by its path within the zone."""
        try:
            head, _, body = igzip.decompress(self.fs.cat_file(f"{self.root}/{path}")).partition(b"\n")
            values: dict[str, Any] = orjson.loads(head)
            for name in ("requested_at", "received_at"):
                values[name] = datetime.fromisoformat(values[name])
            if "mark" in values:  # the name that the first versions wrote
                values["cursors"] = values.pop("mark")
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
        """True if a response with this content id was landed before."""
        place = f"{source}/{endpoint}"
        if place not in self._known:
            days = self._names(place)
            self._known[place] = {end_of(name) for day in days for name in self._names(f"{place}/{day}")}
        return response_id.rpartition("-")[2][:16] in self._known[place]

    def set_aside(self, source: str, response_id: str) -> str:
        """Move a landed response to the folder set_aside/, where nothing reads it; returns its path there.

        It is named by its response id or its path. Raises LandingError if it is not there.
        """
        end = end_of(response_id)[:16]
        found = [path for path in self.paths(source) if end_of(path) == end]
        if len(found) != 1 or not response_id.startswith(source):
            raise LandingError(f"no response {response_id!r} of {source} is in landing ({self.root})")
        place = f"{SET_ASIDE}/{found[0]}"
        self.fs.makedirs(f"{self.root}/{place.rpartition('/')[0]}", exist_ok=True)
        self.fs.mv(f"{self.root}/{found[0]}", f"{self.root}/{place}")
        self.refresh(source)
        return place

    def refresh(self, source: str) -> None:
        """Drop what is cached about a source: another process may have landed responses since."""
        self._last.pop(source, None)
        for place in [place for place in self._known if place.startswith(f"{source}/")]:
            del self._known[place]

    def after(self, source: str, stamp: str) -> Iterator[Landed]:
        """A source's landed responses later than `stamp`, in landing order."""
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
        now = self.clock()
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
