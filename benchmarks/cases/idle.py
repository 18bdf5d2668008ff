"""A run that finds nothing new, beside the least that dbt can do."""

import sys
from collections.abc import Iterator
from pathlib import Path

from benchmarks.harness import Bench, BenchmarkFailed, Comparison, Process, Result, Side

NOW = "2026-11-20T23:00:00Z"


def run(bench: Bench) -> Iterator[Result]:
    """`marketloom run` with nothing new, on the simulated market at a fixed moment, against `dbt --version`."""
    marketloom(bench)
    if "dbt has nothing to do" not in " ".join(marketloom(bench).printed.split()):
        raise BenchmarkFailed("the second run found something to do")
    dbt = str(Path(sys.executable).with_name("dbt"))
    ours = Side("marketloom run", lambda: marketloom(bench))
    reference = Side("dbt --version", lambda: bench.process([dbt, "--version"]))
    yield bench.compare(Comparison("idle: run, against dbt --version", ours, reference, 5, "at most"))
    bench.execute("drop database if exists marketloom_sandbox with (force)")


def marketloom(bench: Bench) -> Process:
    return bench.marketloom("run", "--target", "sandbox", MARKETLOOM_SANDBOX_NOW=NOW)
