"""Replay from landing into raw, compared with `\\copy` of the same rows."""

import shutil
from collections.abc import Iterator
from datetime import date, timedelta

from benchmarks.data import Bars
from benchmarks.harness import Bench, Comparison, Process, Result, Side
from benchmarks.market import market
from ingestion import runner
from ingestion.sources import SOURCES

LAST = date(2024, 3, 15)
SECURITIES = 8_000


def run(bench: Bench) -> Iterator[Result]:
    """Replay a landed month of polygon and pystock archives, against `\\copy`."""
    folder = bench.folder / "replay"
    folder.mkdir()
    runner.prepare(bench.settings)
    archives = Bars(max(1_000, bench.options.rows // 6), folder, bench.options.data).write_archives()
    with market(max(30, min(SECURITIES, bench.options.rows // 300))):
        bench.marketloom("backfill", "pystock", str(archives))
        first = LAST - timedelta(days=30)
        bench.marketloom("ingest", "polygon", "--since", first.isoformat(), "--until", LAST.isoformat())
    tables = {
        f"{source}.{table.name}": bench.value(f"select count(*) from raw_{source}.{table.name}")
        for source in ("polygon", "pystock")
        for table in SOURCES[source].tables
    }
    for name in tables:
        bench.psql(f"\\copy raw_{name} to '{folder / name}' csv")
    rows = sum(tables.values())

    def like_raw() -> None:
        statements = ["drop schema if exists reference cascade", "create schema reference"]
        made = [f'create table reference."{name}" (like raw_{name} including all)' for name in tables]
        bench.execute(*statements, *made)

    def copy() -> Process:
        done = [bench.psql(f"\\copy reference.\"{name}\" from '{folder / name}' csv") for name in tables]
        return Process(sum(process.cpu_seconds for process in done), max(process.peak_bytes for process in done))

    ours = Side("marketloom replay", lambda: bench.marketloom("replay", "polygon", "pystock"), rows=rows)
    reference = Side("copy", copy, like_raw, rows)
    yield bench.compare(Comparison("replay: landing to raw, against \\copy", ours, reference, 0.5))
    bench.execute("drop schema if exists reference cascade")
    for source in ("polygon", "pystock"):
        bench.delete_source(source)
    shutil.rmtree(folder)
