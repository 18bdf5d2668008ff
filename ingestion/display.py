"""Show a run: its progress, and a table of what it did."""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table as Grid

from ingestion.landing import Landed
from ingestion.model import scope_of
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
        lines += [("recovered", "loaded what an interrupted run had extracted")] if report.recovered else []
        lines += [("new column", name) for name in sorted(report.new_columns)]
        lines += [("postponed", line) for line in report.postponed] + [("FAILED", line) for line in report.failures]
        for kind, line in lines:
            console.print(f"{kind}: {report.source}: {line}", markup=False)


@contextmanager
def progress(console: Console) -> Iterator[Listener]:
    """Show each response: a moving line on a terminal, else plain lines, one per hundred responses."""
    seen: Counter[str] = Counter()

    def line(source: str, landed: Landed) -> str:
        seen[source] += 1
        return f"{source}: {seen[source]:,} responses, {landed.endpoint} {scope_of(landed.params)}"

    if not console.is_terminal:

        def print_some(source: str, landed: Landed) -> None:
            text = line(source, landed)
            if seen[source] == 1 or seen[source] % 100 == 0:
                console.print(text, markup=False)

        yield print_some
        return
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("starting")
        yield lambda source, landed: bar.update(task, description=line(source, landed))
