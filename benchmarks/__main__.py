"""`python -m benchmarks`: run benchmarks, print one table of ratios, and write it as JSON."""

import argparse
import importlib
import json
import pkgutil
import platform
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import psutil
from rich.console import Console
from rich.table import Table as Grid

from benchmarks import cases
from benchmarks.data import REAL
from benchmarks.harness import MEBIBYTE, Bench, Measured, Options, Result
from ingestion import config

Case = Callable[[Bench], Iterator[Result]]
PERSONAL = ("PGHOST", "PGPORT", "PGUSER", "PGPASSWORD", "MARKETLOOM_LANDING", "MARKETLOOM_SANDBOX_URL")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the chosen benchmarks; status 1 if a target is missed."""
    known = {module.name: module.name for module in pkgutil.iter_modules(cases.__path__)}
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", metavar="NAME", nargs="*", help=f"by default all: {', '.join(known)}")
    parser.add_argument("--rows", type=int, default=3_000_000, help="bars to load (default: 3,000,000)")
    parser.add_argument(
        "--history", type=int, nargs="+", default=[1_000_000, 3_000_000, 10_000_000], help="lengths of history, in bars"
    )
    parser.add_argument("--repeat", type=int, default=3, help="how often each side is measured (default: 3)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the results there too")
    parser.add_argument("--data", type=Path, default=REAL, help="folder of real pystock archives")
    parser.add_argument("--kept", type=Path, metavar="FOLDER", help="build histories there, and use those there again")
    chosen = parser.parse_args(arguments)
    if unknown := [name for name in chosen.names if name not in known]:
        parser.error(f"unknown benchmark {', '.join(unknown)}: known are {', '.join(known)}")
    # On SIGTERM, stop the server and remove the folder.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    options = Options(chosen.rows, tuple(chosen.history), chosen.repeat, chosen.data, chosen.kept)
    console = Console(width=None if sys.stdout.isatty() else 140, highlight=False)
    results, machine = run(chosen.names or list(known), options, console)
    show(results, machine, console)
    if chosen.json:
        chosen.json.write_text(as_json(results, machine))
    return int(not all(result.is_met for result in results))


def run(names: Sequence[str], options: Options, console: Console) -> tuple[list[Result], dict[str, str]]:
    """The results of the named benchmarks, and a description of the machine."""
    results = []
    with (
        tempfile.TemporaryDirectory(prefix="loom-", ignore_cleanup_errors=True) as folder,
        config.environment(**dict.fromkeys(PERSONAL), MARKETLOOM_HOME=f"{folder}/home"),
        Bench(options, Path(folder)) as bench,
    ):
        for name in names:
            case: Case = importlib.import_module(f"benchmarks.cases.{name}").run
            console.print(f"{name}: {(case.__doc__ or '').splitlines()[0]}")
            results += list(case(bench))
        machine = {**_machine(), "PostgreSQL": str(bench.value("show server_version"))}
    return results, machine


def show(results: Sequence[Result], machine: dict[str, str], console: Console) -> None:
    """Print the results, and the machine below them."""
    grid = Grid("benchmark", "ours", "spread", "reference", "spread", "ratio", "target", "", "peak memory")
    for result in results:
        unit = " s" if result.unit == "seconds" else ""
        target = f"{'≥' if result.sense == 'at least' else '≤'} {result.target:g}{unit}"
        met = "met" if result.is_met else "not met"
        peak = f"{result.ours.peak_bytes / MEBIBYTE:,.0f} MB" if result.ours.peak_bytes else ""
        sides = [text for side in (result.ours, result.reference) for text in _side(side)]
        grid.add_row(result.name, *sides, f"{result.ratio:.2f}", target, met, peak)
    console.print(grid)
    console.print(", ".join(f"{name} {value}" for name, value in machine.items()))


def as_json(results: Sequence[Result], machine: dict[str, str]) -> str:
    """The results with every measurement."""
    return json.dumps({"machine": machine, "results": [result.as_dict() for result in results]}, indent=2)


def _side(side: Measured) -> tuple[str, str]:
    spread = f"{_seconds(min(side.seconds))}-{_seconds(max(side.seconds))}"
    return (f"{side.rows / side.typical:,.0f} rows/s" if side.rows else _seconds(side.typical)), spread


def _seconds(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds >= 1 else f"{1000 * seconds:.0f} ms"


def _machine() -> dict[str, str]:
    memory = psutil.virtual_memory().total / MEBIBYTE / 1024
    return {
        "cores": str(psutil.cpu_count()),
        "memory": f"{memory:.0f} GB",
        "system": f"{platform.system()} {platform.machine()}",
        "Python": platform.python_version(),
    }


if __name__ == "__main__":
    sys.exit(main())
