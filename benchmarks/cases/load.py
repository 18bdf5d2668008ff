"""Bulk files into raw, compared with `psql \\copy` of the same rows and with dlt's default way (dictionaries)."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.data import Bars
from benchmarks.harness import Bench, BenchmarkFailed, Comparison, Process, Result, Side
from ingestion import runner

TARGETS = {"Parquet": 1.0, "CSV": 0.7, "archives": 0.7}
DICTIONARIES = 200_000
TABLES = ("prices", "symbols", "reports")


def run(bench: Bench) -> Iterator[Result]:
    """Backfill of bars from Parquet, CSV and tar.gz archives, against `\\copy` and against dlt with dictionaries."""
    folder = bench.folder / "load"
    folder.mkdir()
    runner.prepare(bench.settings)
    bars = Bars(bench.options.rows, folder, bench.options.data)
    some = Bars(min(DICTIONARIES, bench.options.rows), folder / "some", bench.options.data)
    some.folder.mkdir()
    few = some.write_csv()
    for kind, write in (("Parquet", bars.write_parquet), ("CSV", bars.write_csv), ("archives", bars.write_archives)):
        path = write()
        bench.delete_source("pystock")
        bench.marketloom("backfill", "pystock", str(path))
        copied, rows = _export(bench, folder)
        ours = Side("marketloom", _backfill(bench, path), lambda: bench.delete_source("pystock"), rows)
        reference = Side("copy", _copy(bench, copied), lambda: _like_raw(bench), rows)
        yield bench.compare(Comparison(f"load: {kind}, against \\copy", ours, reference, TARGETS[kind]))
        if kind == "Parquet":
            dictionaries = Side("dlt", lambda: bench.dlt("benchmarks.dlt_rows", str(few)), rows=_lines(few))
            yield bench.compare(Comparison("load: Parquet, against dlt's dictionaries", ours, dictionaries, 25))
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    bench.delete_source("pystock")
    bench.execute("drop schema if exists reference cascade", "drop schema if exists dictionaries cascade")
    shutil.rmtree(folder)


def _backfill(bench: Bench, path: Path) -> Callable[[], Process]:
    return lambda: bench.marketloom("backfill", "pystock", str(path))


def _export(bench: Bench, folder: Path) -> tuple[list[tuple[str, Path]], int]:
    """The loaded rows as CSV files, one for each table with rows, and the number of rows."""
    found, rows = [], 0
    for table in TABLES:
        count = bench.value(f"select count(*) from raw_pystock.{table}")  # our own names
        if count:
            path = folder / f"{table}.copy.csv"
            bench.psql(f"\\copy raw_pystock.{table} to '{path}' csv")
            found.append((table, path))
            rows += count
    if bench.value("select count(*) from raw_pystock.prices") != bench.options.rows:
        raise BenchmarkFailed("backfill did not load the bars that were written")
    return found, rows


def _copy(bench: Bench, files: list[tuple[str, Path]]) -> Callable[[], Process]:
    def load() -> Process:
        done = [bench.psql(f"\\copy reference.{table} from '{path}' csv") for table, path in files]
        return Process(sum(process.cpu_seconds for process in done), max(process.peak_bytes for process in done))

    return load


def _like_raw(bench: Bench) -> None:
    """Create empty tables like the raw ones, with their indexes."""
    made = [f"create table reference.{table} (like raw_pystock.{table} including all)" for table in TABLES]
    bench.execute("drop schema if exists reference cascade", "create schema reference", *made)


def _lines(path: Path) -> int:
    with path.open("rb") as file:
        return sum(1 for _ in file) - 1
