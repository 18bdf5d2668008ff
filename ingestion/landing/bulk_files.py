"""Find bulk files in folders and open them, whatever their compression and encoding."""

import bz2
import codecs
import gzip
import io
import lzma
import os
import shutil
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path, PurePath
from typing import IO, Any

import pyarrow as pa

from ingestion.errors import MarketloomError
from ingestion.parsing.bulk import PARQUET

# What Spark, Dask and Hive write beside the data.
NO_DATA = ("_success", "_metadata", "_common_metadata", "_temporary", "_committed_*", "_started_*", ".*")
TABLE_FORMATS = {"_delta_log": "Delta", "metadata": "Iceberg", ".hoodie": "Hudi"}
COMPRESSIONS = (".gz", ".zst", ".bz2", ".xz", ".zip")
OPENERS: dict[bytes, Callable[[Any], Any]] = {
    b"\x1f\x8b": lambda file: gzip.GzipFile(fileobj=file),
    b"\x28\xb5\x2f\xfd": lambda file: pa.CompressedInputStream(file, "zstd"),
    b"BZh": bz2.BZ2File,
    b"\xfd7zXZ\0": lzma.LZMAFile,
}
ENCODINGS = {
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
# What the libraries raise for damaged content.
DAMAGES = (
    OSError,
    EOFError,
    ValueError,
    RuntimeError,
    struct.error,
    zlib.error,
    lzma.LZMAError,
    zipfile.BadZipFile,
    pa.ArrowException,
)


class UnreadableFile(MarketloomError):
    """A bulk file, or the rest of it, cannot be read; the message says why and what to do."""


@dataclass
class Found:
    """The bulk files at some paths, and a reason for each path that cannot be read."""

    files: list[Path] = field(default_factory=list)
    problems: dict[Path, str] = field(default_factory=dict)


def find(paths: Iterable[Path], patterns: Iterable[str]) -> Found:
    """Named files, and the files in named folders that match the patterns in any case, compressed or not."""
    found = Found()
    for path in paths:
        if path.is_dir():
            _search(path, tuple(patterns), found)
        else:
            _add(path, found)
    found.files = sorted(set(found.files))
    return found


def _search(folder: Path, patterns: tuple[str, ...], found: Found) -> None:
    seen: set[tuple[int, int]] = set()

    def note(problem: OSError) -> None:
        found.problems[Path(problem.filename)] = f"cannot be searched: {problem.strerror}"

    for place, folders, names in os.walk(folder, followlinks=True, onerror=note):
        here = Path(place).stat()
        if (here.st_dev, here.st_ino) in seen:  # a link that leads back
            folders.clear()
            continue
        seen.add((here.st_dev, here.st_ino))
        if kind := _table_format(Path(place), folders):
            reason = f"is a {kind} table, whose folder also holds deleted rows: export it as Parquet or CSV"
            found.problems[Path(place)] = reason
            folders.clear()
            continue
        folders[:] = sorted(name for name in folders if not _is_no_data(name))
        for name in names:
            if _matches(name, patterns):
                _add(Path(place, name), found)


def _add(path: Path, found: Found) -> None:
    if path.is_file():
        found.files.append(path)
    elif path.is_symlink():
        found.problems[path] = f"is a link to {path.readlink()}, which does not exist: remove the link"
    else:
        found.problems[path] = "is not a regular file: remove it, or name the files to load"


def _table_format(folder: Path, folders: list[str]) -> str | None:
    for name, kind in TABLE_FORMATS.items():
        if name in folders and (kind != "Iceberg" or any(folder.glob("metadata/*.metadata.json"))):
            return kind
    return None


def _is_no_data(name: str) -> bool:
    return any(fnmatchcase(name.lower(), pattern) for pattern in NO_DATA)


def _matches(name: str, patterns: tuple[str, ...]) -> bool:
    name = name.lower()
    plain = _without_compression(name)
    return not _is_no_data(name) and (
        name.endswith(".zip") or any(fnmatchcase(one, pattern) for one in (name, plain) for pattern in patterns)
    )


def _without_compression(name: str) -> str:
    return next((name[: -len(end)] for end in COMPRESSIONS if name.lower().endswith(end)), name)


def name_of(path: Path) -> str:
    """The file's name; for a file of a data set, with the folders that belong to it.

    These are the folders called like a file (`bars.parquet/`), and the partitions (`symbol=A/`) with their parent.
    """
    top = path
    while "=" in top.parent.name:
        top = top.parent
    if top is not path or top.parent.suffix.lower() in (".csv", ".parquet"):
        top = top.parent
    return path.name if top is path else path.relative_to(top.parent).as_posix()


def opened(path: Path, patterns: Iterable[str]) -> Iterator[tuple[str, IO[bytes]]]:
    """The file's name and content, decompressed and in UTF-8; for a zip archive, those of each member that matches.

    Raises UnreadableFile, also while the content is read. An archive (.tar.gz) is opened as it is.
    """
    name = name_of(path)
    try:
        file = path.open("rb")
    except OSError as problem:
        raise UnreadableFile(f"cannot be opened: {problem.strerror}") from problem
    with file:
        if not zipfile.is_zipfile(file) or file.peek(2)[:2] != b"PK":
            file.seek(0)
            yield _plain_name(name), _content(name, file)
            return
        try:
            with zipfile.ZipFile(file) as archive:
                members = [m for m in archive.infolist() if _matches(PurePath(m.filename).name, tuple(patterns))]
                for member in members:
                    with archive.open(member) as stream, io.BufferedReader(_Guarded(stream)) as content:
                        inner = f"{_plain_name(name)}/{PurePath(member.filename).name}" if len(members) > 1 else name
                        yield _plain_name(inner), _content(member.filename, content)
        except DAMAGES as problem:
            raise UnreadableFile(f"cannot be unpacked: {problem}; unpack it yourself, or fetch it again") from problem
        if not members:
            raise UnreadableFile(f"holds no {' or '.join(patterns)}: name the files to load")


def _plain_name(name: str) -> str:
    return name if _is_archive(name) else _without_compression(name)


def _is_archive(name: str) -> bool:
    return name.lower().endswith((".tar.gz", ".tgz"))


def _content(name: str, file: Any) -> IO[bytes]:
    """The content in UTF-8, decompressed unless it is an archive."""
    start = file.peek(6)[:6]
    if not _is_archive(name):
        opener = next((open_ for magic, open_ in OPENERS.items() if start.startswith(magic)), None)
        if opener is not None:
            file = io.BufferedReader(_Guarded(opener(file)))
            start = file.peek(6)[:6]
            if start.startswith(PARQUET):  # is read from its end
                spooled = tempfile.TemporaryFile()  # noqa: SIM115  # closed when the caller drops it
                shutil.copyfileobj(file, spooled)
                spooled.seek(0)
                return spooled
    encoding = next((encoding for bom, encoding in ENCODINGS.items() if start.startswith(bom)), None)
    if encoding is None:
        return file
    return io.BufferedReader(_Guarded(_Encoded(io.TextIOWrapper(file, encoding, newline=""))))


class _Encoded:
    """Text as UTF-8. A read may return more bytes than were asked for."""

    def __init__(self, text: io.TextIOWrapper) -> None:
        self._text = text

    def read(self, size: int) -> bytes:
        return self._text.read(size).encode()


class _Guarded(io.RawIOBase):
    """A stream whose errors name the damage and the remedy."""

    def __init__(self, inner: Any) -> None:
        self._inner, self._rest = inner, b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            content = self._rest or self._inner.read(len(buffer))
        except DAMAGES as problem:
            reason = str(problem).strip().rstrip(".") or type(problem).__name__
            raise UnreadableFile(f"the rest of it cannot be read: {reason}; fetch it again") from problem
        content, self._rest = content[: len(buffer)], content[len(buffer) :]
        buffer[: len(content)] = content
        return len(content)
