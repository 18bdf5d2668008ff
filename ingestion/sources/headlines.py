"""Headline files: CSV of title, date and stock, as in public samples of "Daily Financial News for 6000+ Stocks".

Titles may be quoted and contain newlines; dates are ISO 8601 with an offset (2020-06-05 10:30:00-04:00). Other columns
(the full set has an unnamed running number) are kept.
"""

from collections.abc import Iterator
from pathlib import PurePath
from typing import IO

from ingestion.model import Member, Parsed, Response, Source
from ingestion.parsing import bulk
from ingestion.parsing.delimited import BOM, parse_delimited
from ingestion.parsing.schema import table

HEADLINES = table(
    "headlines",
    "One headline about one stock; a story about several stocks has one row for each.",
    "title text! Headline.",
    "date timestamptz! When it was published.",
    "stock text! Ticker of the stock that it is about.",
)


def unpack(name: str, file: IO[bytes]) -> Iterator[Member]:
    """The file, in pieces with its header if it is large.

    It is not known when its headlines were collected, so they count as received when the file is landed.
    """
    header = b""
    for place, records in bulk.cut_records(file):
        params = {"file": PurePath(name).name}
        if place:
            yield Member("headlines", params | {"piece": str(place)}, header + records)
        else:
            header = records.removeprefix(BOM).lstrip(b"\r\n").partition(b"\n")[0] + b"\n"
            yield Member("headlines", params, records)


def parse_headlines(response: Response) -> Parsed:
    """The file's rows; rejects those without a title, a readable date or a stock."""
    return parse_delimited(HEADLINES, response, quoted=True, ends_with_newline=False)


SOURCE = Source(
    name="headlines",
    description="Historical news headlines with publication time and ticker, from CSV files.",
    tables=(HEADLINES,),
    parsers={"headlines": parse_headlines},
    unpack=unpack,
    file_patterns=("*.csv",),
)
