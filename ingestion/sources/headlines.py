"""Headline files: CSV of title, date and stock, as in public samples of "Daily Financial News for 6000+ Stocks".

Titles may be quoted and contain newlines; dates are ISO 8601 with an offset (2020-06-05 10:30:00-04:00). Other columns
(the full set has an unnamed running number) are kept.
"""

from collections.abc import Iterator
from typing import IO

from ingestion.model import Member, Parsed, Rejected, Response, Source
from ingestion.parsing import bulk
from ingestion.parsing.delimited import parse_delimited
from ingestion.parsing.headers import UnknownHeader
from ingestion.parsing.layout import Layout
from ingestion.parsing.schema import table

HEADLINES = table(
    "headlines",
    "One headline about one stock; a story about several stocks has one row for each.",
    "title text! Headline.",
    "date timestamptz! When it was published.",
    "stock ticker! Ticker of the stock that it is about.",
)


LAYOUT = Layout(
    HEADLINES,
    synonyms={
        "title": ("headline",),
        "date": ("published_at", "published", "publish_date", "datetime", "date_time", "timestamp"),
        "stock": ("ticker", "symbol"),
    },
    has_line_breaks=True,
    ends_with_newline=False,
)


def unpack(name: str, file: IO[bytes]) -> Iterator[Member | Rejected]:
    """The file, in pieces with its header if it is large.

    It is not known when its headlines were collected, so they count as received when the file is landed.
    """
    try:
        for place, records in bulk.cut_csv(LAYOUT, file):
            yield Member("headlines", {"file": name} | ({"piece": str(place)} if place else {}), records)
    except UnknownHeader as problem:
        yield Rejected("headlines", str(problem), name)


def parse_headlines(response: Response) -> Parsed:
    """The file's rows; rejects those without a title, a readable date or a stock."""
    return parse_delimited(LAYOUT, response)


SOURCE = Source(
    name="headlines",
    description="Historical news headlines with publication time and ticker, from CSV files.",
    tables=(HEADLINES,),
    parsers={"headlines": parse_headlines},
    unpack=unpack,
    file_patterns=("*.csv",),
)
