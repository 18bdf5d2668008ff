"""dlt by itself, with its default settings: the rows of a CSV file as dictionaries."""

import csv
import sys
from collections.abc import Iterator
from pathlib import Path

import dlt

NUMBERS = ("open", "high", "low", "close", "volume", "adj_close")


@dlt.resource(name="prices", write_disposition="append")
def prices(path: str) -> Iterator[dict[str, object]]:
    """Rows with numbers as numbers, and what is none left as text."""
    with Path(path).open(newline="") as file:
        for row in csv.DictReader(file):
            yield {**row, **{name: _number(row[name]) for name in NUMBERS}}


def _number(text: str) -> float | str | None:
    try:
        return float(text) if text else None
    except ValueError:
        return text


if __name__ == "__main__":
    path, dsn = sys.argv[1:]
    pipeline = dlt.pipeline("dictionaries", destination=dlt.destinations.postgres(dsn), dataset_name="dictionaries")
    pipeline.run(prices(path))
