"""Bars to measure with: real archives (or the simulated market's), multiplied into more securities and years.

The copies keep what makes real data awkward in its real proportion: most bars come twice, some of them restated,
headers are repeated in the middle of a file. The same seed and number of rows give the same files.
"""

import gzip
import io
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from itertools import count
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
from pyarrow import parquet

from ingestion.extract.sessions import sessions_between
from ingestion.model import Member, Response
from ingestion.sources import pystock
from sandbox.sample import write_sample

ROOT = Path(__file__).resolve().parents[1]
REAL = ROOT.parent / "shared" / "data" / "pystock"
SIMULATED_NOW = "2024-03-15T23:00:00Z"
MOST_UNIVERSES = 4
SESSIONS_A_YEAR = 252
COLUMNS = ["symbol", "date", "open", "high", "low", "close", "volume", "adj_close"]
SCHEMA = pa.schema([pa.field(field.name, field.type) for field in pystock.PRICES.schema if field.name in COLUMNS])
PRICES = ("open", "high", "low", "close", "adj_close")


@dataclass(frozen=True)
class Archive:
    """One day's collection: its bars as a table, what was odd between them as lines, and the other members."""

    day: date
    collected_at: datetime
    bars: pa.Table
    odd: list[bytes]
    symbols: list[bytes]
    reports: bytes

    @property
    def csv(self) -> bytes:
        """The bars as collected, odd lines in their middle, without a header."""
        middle = self.bars.num_rows // 2
        first, second = (_csv(self.bars.slice(*part)) for part in ((0, middle), (middle,)))
        return first + b"".join(line + b"\r\n" for line in self.odd) + second


class Bars:
    """About `rows` bars as archives, in the order of their days."""

    def __init__(self, rows: int, folder: Path, real: Path = REAL, seed: int = 7) -> None:
        self.rows, self.folder, self.real, self.seed = rows, folder, real, seed

    def archives(self) -> Iterator[Archive]:
        """The archives one by one; none is kept in memory."""
        basis = self._basis
        size = sum(archive.bars.num_rows for archive in basis)
        universes = max(1, min(MOST_UNIVERSES, self.rows // size))
        years = range(-(-self.rows // (size * universes)))
        left = self.rows
        for year in reversed(years):
            for archive in basis:
                if left <= 0:
                    return
                made = self._copy(archive, year * SESSIONS_A_YEAR, universes)
                made = made if made.bars.num_rows <= left else _first(made, left)
                left -= made.bars.num_rows
                yield made

    def write_archives(self) -> Path:
        """A folder of YYYYMMDD.tar.gz, as collected."""
        folder = self.folder / "archives"
        folder.mkdir(parents=True)
        for archive in self.archives():
            texts = {
                "symbols.txt": b"".join(archive.symbols),
                "prices.csv": _header() + archive.csv,
                "reports.csv": archive.reports,
            }
            (folder / f"{archive.day:%Y%m%d}.tar.gz").write_bytes(_tar(texts, archive.collected_at))
        return folder

    def write_csv(self) -> Path:
        """One CSV file of all bars, odd lines included."""
        path = self.folder / "bars.csv"
        with path.open("wb") as file:
            file.write(_header())
            for archive in self.archives():
                file.write(archive.csv)
        return path

    def write_parquet(self) -> Path:
        """One Parquet file of all bars, as pyarrow writes it by default."""
        path = self.folder / "bars.parquet"
        writer = None
        for archive in self.archives():
            writer = writer or parquet.ParquetWriter(path, archive.bars.schema)
            writer.write_table(archive.bars, row_group_size=1024 * 1024)
        if writer:
            writer.close()
        return path

    @cached_property
    def _basis(self) -> list[Archive]:
        folder = self.real
        if not folder.exists():
            folder = (
                write_sample(self.folder / "sample", datetime.fromisoformat(SIMULATED_NOW), sessions=60) / "pystock"
            )
        return [_read(path) for path in sorted(folder.glob("*.tar.gz"))]

    @cached_property
    def _sessions(self) -> list[date]:
        last = max(archive.day for archive in self._basis)
        return [day for day, _ in sessions_between(date(1980, 1, 2), last + timedelta(days=365))]

    @cached_property
    def _places(self) -> dict[date, int]:
        return {day: place for place, day in enumerate(self._sessions)}

    def _copy(self, archive: Archive, back: int, universes: int) -> Archive:
        """The archive as it might have been `back` sessions earlier, with every security `universes` times."""
        bars = [self._one(archive.bars, back, universe) for universe in range(universes)]
        names = [_suffixed(archive.symbols, b"\t", universe) for universe in range(universes)]
        day = self._earlier(archive.day, back)
        return Archive(
            day=day,
            collected_at=datetime.combine(day + timedelta(days=1), archive.collected_at.timetz()),
            bars=pa.concat_tables(bars).combine_chunks(),
            odd=archive.odd * universes,
            symbols=[line for part in names for line in part],
            reports=archive.reports if back == 0 else b"",
        )

    def _one(self, bars: pa.Table, back: int, universe: int, spread: float = 0.5) -> pa.Table:
        if back == universe == 0:
            return bars
        days = pc.unique(bars["date"])
        earlier = pa.array([self._earlier(day, back) for day in days.to_pylist()], pa.date32())
        columns = {name: bars[name] for name in COLUMNS}
        columns["date"] = earlier.take(pc.index_in(bars["date"], days))
        symbols = bars["symbol"].combine_chunks().dictionary_encode()
        random = np.random.default_rng([self.seed, abs(back), universe])
        # By the name, so that both deliveries of a bar, and its restatement, are scaled alike.
        scale = np.exp(random.normal(0, spread, 4096))[_numbers(symbols.dictionary)][symbols.indices.to_numpy()]
        for name in PRICES:
            scaled = _doubles(bars[name]) * scale
            columns[name] = pa.array(np.where(scaled < 1, np.round(scaled, 4), np.round(scaled, 2)), from_pandas=True)
        columns["volume"] = pa.array(np.round(_doubles(bars["volume"]) * scale, -2), from_pandas=True)
        if universe:
            columns["symbol"] = pc.binary_join_element_wise(bars["symbol"], str(universe), "")
        return pa.table(columns, schema=SCHEMA)

    def _earlier(self, day: date, back: int) -> date:
        place = self._places.get(day)
        if place is None:  # no session, so no bar of a session: odd in the original and in every copy
            return day - timedelta(days=364 * back // SESSIONS_A_YEAR)
        return self._sessions[place - back]


def _read(path: Path) -> Archive:
    members = {m.endpoint: m for m in pystock.unpack(path.name, io.BytesIO(path.read_bytes())) if isinstance(m, Member)}
    prices = members["prices"]
    day = date.fromisoformat(prices.params["archive"])
    known = prices.received_at or datetime.combine(day + timedelta(days=1), time(12), UTC)
    parsed = pystock.parse_prices(Response("", "pystock", "prices", prices.params, known, prices.body))
    lines = prices.body.splitlines()
    return Archive(
        day=day,
        collected_at=known,
        bars=parsed.tables["prices"].select(COLUMNS).combine_chunks().cast(SCHEMA),
        odd=[lines[rejected.row_number + 1] for rejected in parsed.rejected if rejected.row_number is not None],
        symbols=members["symbols"].body.splitlines(keepends=True),
        reports=members["reports"].body,
    )


def _first(archive: Archive, rows: int) -> Archive:
    return Archive(**{**archive.__dict__, "bars": archive.bars.slice(0, rows)})


def _numbers(names: pa.Array) -> np.ndarray:
    return np.array([sum(map(int.__mul__, name.encode(), count(1))) % 4096 for name in names.to_pylist()])


def _doubles(column: pa.ChunkedArray) -> np.ndarray:
    return column.to_numpy().astype(float)


def _suffixed(lines: list[bytes], delimiter: bytes, universe: int) -> list[bytes]:
    return [line.replace(delimiter, b"%d%s" % (universe, delimiter), 1) for line in lines] if universe else lines


def _header() -> bytes:
    return ",".join(COLUMNS).encode() + b"\r\n"


def _csv(bars: pa.Table) -> bytes:
    out = io.BytesIO()
    # Volumes are whole in the collection; a double would be written with an exponent.
    volume = bars["volume"].cast(pa.int64(), safe=False)
    options = pa_csv.WriteOptions(include_header=False, quoting_style="none", eol="\r\n")
    pa_csv.write_csv(bars.set_column(COLUMNS.index("volume"), "volume", volume), out, options)
    return out.getvalue()


def _tar(texts: dict[str, bytes], collected_at: datetime) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        for name, content in texts.items():
            member = tarfile.TarInfo(name)
            member.size, member.mtime = len(content), int(collected_at.timestamp())
            tar.addfile(member, io.BytesIO(content))
    return gzip.compress(packed.getvalue(), compresslevel=6, mtime=0)
