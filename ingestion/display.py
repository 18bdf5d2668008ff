"""What a person sees of a run: a moving line while it works, a table at its end; plain lines without a terminal."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table as Grid

from ingestion.landing import Landed
from ingestion.pipeline import Listener
from ingestion.report import SourceReport


def show(reports: Sequence[SourceReport], console: Console) -> None:
    """Print the report: per source and table, requests, rows received, loaded and quarantined, and seconds."""
    grid = Grid("source", "table", "requests", "received", "loaded", "quarantined", "seconds")
    for column in grid.columns[2:]:
        column.justify = "right"
    for report in reports:
        tables = sorted({*report.received, *report.loaded}) or [""]
        for place, table in enumerate(tables):
            own = (f"{report.requests:,}", f"{report.seconds:.1f}") if place == 0 else ("", "")
            counts = (report.received[table], report.loaded.get(table, 0), report.quarantined[table])
            grid.add_row(report.source if place == 0 else "", table, own[0], *(f"{n:,}" for n in counts), own[1])
    console.print(grid)
    for report in reports:
        lines = [("skipped", report.skipped)] if report.skipped else []
        lines += [("recovered", "what an interrupted run had left was finished")] if report.recovered else []
        lines += [("new column", name) for name in sorted(report.new_columns)]
        lines += [("postponed", line) for line in report.postponed] + [("FAILED", line) for line in report.failures]
        for kind, line in lines:
            console.print(f"{kind}: {report.source}: {line}", markup=False)


@contextmanager
def progress(console: Console) -> Iterator[Listener]:
    """Hear of each answer: a moving line on a terminal, plain lines otherwise (one per hundred answers)."""
    seen: dict[str, int] = {}

    def count(source: str) -> int:
        seen[source] = seen.get(source, 0) + 1
        return seen[source]

    if not console.is_terminal:

        def tell(source: str, landed: Landed) -> None:
            number = count(source)
            if number == 1 or number % 100 == 0:
                console.print(f"{source}: {number:,} answers, {landed.endpoint} {_scope(landed)}", markup=False)

        yield tell
        return
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("starting")

        def move(source: str, landed: Landed) -> None:
            text = f"{source}: {count(source):,} answers, {landed.endpoint} {_scope(landed)}"
            progress.update(task, description=text)

        yield move


def _scope(landed: Landed) -> str:
    return " ".join(landed.params[name] for name in ("session", "ticker", "feed", "archive") if name in landed.params)
