"""Damaged bulk files of every kind: CSV and Parquet of bars, archives, and headlines, compressed or not."""

import bz2
import gzip
import io
import lzma
import tarfile
import zipfile
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from random import Random

import pyarrow as pa
import pyarrow.csv as pa_csv
from pyarrow import parquet

from ingestion.config import Settings
from ingestion.sources import SOURCES
from tests.integration.providers import conserved
from tests.mutations import mutated
from tests.runs import make_run

HEADER = "symbol,date,open,high,low,close,volume,adj_close"
DAYS = [date(2024, 3, 1) + timedelta(days=day) for day in range(12)]


def bars(random: Random) -> bytes:
    """A CSV file of bars, with the columns in any order and quoted at times."""
    names = HEADER.split(",")
    random.shuffle(names)
    quote = random.choice(("", "", '"'))
    lines = [",".join(f"{quote}{name}{quote}" for name in names)]
    for ticker in random.sample(("AAA", "BRK.B", "LOW", "NULL", "NA", "TRUE"), 3):
        for day in DAYS:
            price = round(random.uniform(1, 500), 2)
            bar = {"symbol": ticker, "date": str(day), "open": price, "high": price + 1, "low": price - 0.5}
            bar |= {"close": price + 0.25, "volume": random.randint(0, 10**7), "adj_close": price / 3}
            lines.append(",".join(f"{quote}{bar[name]}{quote}" for name in names))
    return ("\n".join(lines) + "\n").encode()


def headlines(random: Random) -> bytes:
    """A CSV file of headlines, some with quotes and line breaks."""
    titles = ("Shares rise", '"Up, ""again"" and again"', '"Two\nlines"', "Caf\u00e9 \U0001f680 opens")
    lines = ["title,date,stock"]
    for number in range(40):
        moment = f"2024-03-{number % 28 + 1:02} 10:{number:02}:00-05:00"
        lines.append(f"{random.choice(titles)},{moment},{random.choice(('AAA', 'LOW', 'BRK.B'))}")
    return ("\n".join(lines) + "\n").encode()


def archive(random: Random) -> bytes:
    """An archive, one member of which is damaged."""
    out = io.BytesIO()
    members = {"symbols.txt": b"AAA\tAlpha\nLOW\tLow\n", "prices.csv": bars(random), "reports.csv": b""}
    damaged = random.choice([*members])
    with tarfile.open(fileobj=out, mode="w:gz") as tar:
        for name, body in members.items():
            body = mutated(body, random) if name == damaged else body
            info = tarfile.TarInfo(name)
            info.size, info.mtime = len(body), 1710000000
            tar.addfile(info, io.BytesIO(body))
    return out.getvalue()


def columns(random: Random) -> bytes:
    """A Parquet file of bars; values are damaged before it is written."""
    body = bars(random)
    lines = [mutated(line, random) if random.random() < 0.05 else line for line in body.splitlines(keepends=True)]
    try:
        rows = pa_csv.read_csv(
            io.BytesIO(b"".join(lines)), parse_options=pa_csv.ParseOptions(invalid_row_handler=lambda _: "skip")
        )
    except (pa.ArrowException, UnicodeError):
        rows = pa_csv.read_csv(io.BytesIO(body))
    out = io.BytesIO()
    parquet.write_table(rows, out)
    return out.getvalue()


def zipped(body: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        packed.writestr("inside.csv", body)
    return out.getvalue()


def same(body: bytes) -> bytes:
    return body


PACKS: dict[str, Callable[[bytes], bytes]] = {
    "": same,
    ".gz": gzip.compress,
    ".bz2": bz2.compress,
    ".xz": lzma.compress,
    ".zst": lambda body: pa.compress(body, "zstd", asbytes=True),
    ".zip": zipped,
}


def damage_files(settings: Settings, folder: Path, random: Random, count: int) -> None:
    """Write `count` damaged files, and load them: no row is lost, and each failure is a file that is refused."""
    kinds = {
        "pystock": ((bars, ".csv"), (columns, ".parquet"), (archive, ".tar.gz")),
        "headlines": ((headlines, ".csv"),),
    }
    for source, makers in kinds.items():
        (folder / source).mkdir(parents=True)
        for number in range(count // len(kinds)):
            make, ending = random.choice(makers)
            body = make(random)
            if ending != ".tar.gz" or random.random() < 0.3:
                body = mutated(body, random) if random.random() < 0.9 else body
            pack = random.choice([*PACKS]) if ending == ".csv" and random.random() < 0.3 else ""
            body = PACKS[pack](body)
            if pack and random.random() < 0.2:
                body = mutated(body, random)
            name = f"2024{number % 12 + 1:02}{number // 12 % 28 + 1:02}" if ending == ".tar.gz" else f"file{number}"
            (folder / source / f"{name}{ending}{pack}").write_bytes(body)
        report = make_run(settings, SOURCES[source]).backfill([folder / source])
        assert conserved(report)
        for line in report.failures:
            assert line.startswith(str(folder / source)) and "unexpected" not in line and "parser failed" not in line, (
                line
            )
