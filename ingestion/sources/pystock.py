"""Daily bulk archives of pystock-data: prices, symbols and quarterly reports of about 6,000 US stocks.

https://github.com/eliangcs/pystock-data. One `YYYYMMDD.tar.gz` per trading day, named after the newest day in it. The
modification time of a member is when it was collected: its rows were known from then on.

Collections of such bars come as plain CSV or Parquet files of any size, with the columns of `prices.csv`. It is not
known when those were collected, so they count as received when the file is landed.
"""

import io
import re
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import PurePath
from typing import IO
from urllib.parse import unquote

import pyarrow as pa
from isal import isal_zlib

from ingestion.model import Member, Parsed, Rejected, Response, Source
from ingestion.parsing import bulk
from ingestion.parsing.assemble import snake_case
from ingestion.parsing.columnar import parse_columns
from ingestion.parsing.delimited import BOM, parse_delimited
from ingestion.parsing.headers import UnknownHeader, recognise
from ingestion.parsing.layout import Layout
from ingestion.parsing.rejection import reject
from ingestion.parsing.schema import table

NO_PARTITION = "__HIVE_DEFAULT_PARTITION__"
LARGEST_ARCHIVE = 256 * 1024 * 1024  # bytes unpacked; real ones have 3 MB

PRICES = table(
    "prices",
    "One bar of one stock, as collected; an archive holds two sessions, so that most bars come twice.",
    "symbol ticker! Ticker.",
    "date session! Session of the bar, the exchange's own date.",
    "open price First price of the session, USD.",
    "high price Highest price of the session, USD.",
    "low price Lowest price of the session, USD.",
    "close price Last price of the session, USD, as traded.",
    "volume volume Shares traded.",
    "adj_close adjusted_price Close adjusted for what had happened until it was collected, USD.",
    "archive text! Name of the archive, YYYYMMDD, or of the plain file.",
)
SYMBOLS = table(
    "symbols",
    "One stock in the list of those collected that day.",
    "symbol ticker! Ticker.",
    "name text Name of the company.",
    "archive text! Name of the archive, YYYYMMDD.",
)
REPORTS = table(
    "reports",
    "Facts of one quarterly or annual report, as extracted from its filing with the SEC.",
    "symbol ticker! Ticker.",
    "end_date date Last day of the period reported.",
    "amend boolean Whether the report amends an earlier one.",
    "period_focus text Period: Q1, Q2, Q3 or FY.",
    "fiscal_year year Fiscal year.",
    "doc_type text Form: 10-Q or 10-K.",
    "revenues money Revenues, USD.",
    "op_income money Operating income, USD.",
    "net_income money Net income, USD.",
    "eps_basic amount Earnings per share, USD.",
    "eps_diluted amount Diluted earnings per share, USD.",
    "dividend amount Dividend declared per share, USD.",
    "assets money Total assets, USD.",
    "cur_assets money Current assets, USD.",
    "cur_liab money Current liabilities, USD.",
    "cash money Cash and equivalents, USD.",
    "equity money Shareholders' equity, USD.",
    "cash_flow_op money Cash flow from operations, USD.",
    "cash_flow_inv money Cash flow from investing, USD.",
    "cash_flow_fin money Cash flow from financing, USD.",
    "archive text! Name of the archive, YYYYMMDD.",
)
ENDPOINTS = {"prices.csv": "prices", "symbols.txt": "symbols", "reports.csv": "reports"}


BARS = Layout(
    PRICES,
    synonyms={
        "symbol": ("ticker", "stock", "instrument", "sym"),
        "date": ("day", "trading_date", "trade_date", "session", "datetime", "timestamp"),
        "open": ("open_price",),
        "high": ("high_price",),
        "low": ("low_price",),
        "close": ("close_price",),
        "volume": ("vol",),
        "adj_close": ("adjclose", "adjusted_close", "close_adjusted", "close_adj"),
    },
    needs=PRICES.schema.names[:-1],
)
FACTS = Layout(REPORTS, needs=REPORTS.schema.names[:-1])
LIST = Layout(SYMBOLS, delimiter="\t", names=("symbol", "name"))


def unpack(name: str, file: IO[bytes]) -> Iterator[Member | Rejected]:
    """The members of one archive, or the pieces of one plain file of bars; rejects what cannot be read."""
    if name.lower().endswith((".tar.gz", ".tgz")):
        yield from _open_archive(name, file.read())
    else:
        yield from (_cut_parquet if bulk.is_parquet(file) else _cut_csv)(PurePath(name), file)


def _cut_csv(name: PurePath, file: IO[bytes]) -> Iterator[Member | Rejected]:
    """Pieces, each with the file's header."""
    try:
        for place, lines in bulk.cut_csv(BARS, file, _constants(name)):
            yield Member("prices", _params(name, place), lines)
    except UnknownHeader as problem:
        yield Rejected("prices", str(problem), str(name))


def _cut_parquet(name: PurePath, file: IO[bytes]) -> Iterator[Member | Rejected]:
    origin = bulk.digest(file)
    try:
        for place, rows in bulk.cut_parquet(file, lambda names: BARS.recognise(names, _constants(name))):
            yield Member("prices", _params(name, place), rows, origin=origin)
    except UnknownHeader as problem:
        yield Rejected("prices", str(problem), str(name))
    except (pa.ArrowException, OSError, UnicodeError):
        yield Rejected("prices", "the rest of the file is damaged or cut short: fetch it again", str(name))


def _params(name: PurePath, place: int) -> dict[str, str]:
    return {"archive": _archive_of(name), "file": str(name), "piece": str(place)}


def _constants(name: PurePath) -> dict[str, str | None]:
    """The columns that have one value in all of a plain file.

    These are `archive`, and those in the names of a data set's folders: symbol=A/part-0.parquet.
    """
    pairs = [folder.partition("=") for folder in name.parts[:-1] if "=" in folder]
    columns = recognise([key for key, _, _ in pairs], PRICES.schema, BARS.synonyms)
    values = [None if value == NO_PARTITION else unquote(value) for _, _, value in pairs]
    return dict(zip(columns, values, strict=True)) | {"archive": _archive_of(name)}


def _archive_of(name: PurePath) -> str:
    """The file's name, or that of its data set, without the ending."""
    return PurePath(name.parts[0]).stem if name.parts else ""


def _open_archive(name: str, body: bytes) -> Iterator[Member | Rejected]:
    """The members of one archive; missing, unknown and truncated members are rejected by name.

    A truncated archive gives what comes before the cut. A damaged one gives nothing, because a flipped bit can change
    a price: fetch it again.
    """
    file = PurePath(name).name
    archive = file.split(".")[0]

    def reject(reason: str) -> Rejected:
        return Rejected("archive", reason, file)

    if not _is_date(archive):
        yield reject("the name is no date: call the archive by its newest trading day, YYYYMMDD.tar.gz")
        return
    try:
        content, is_whole = _decompress(body)
    except (isal_zlib.error, ValueError) as problem:  # type: ignore[misc]  # a class, declared as none
        yield reject(f"cannot be unpacked, fetch it again: {problem}")
        return
    seen = set()
    for info in _members(content):
        member = PurePath(info.name).name
        data = content[info.offset_data : info.offset_data + info.size]
        if member not in ENDPOINTS:
            yield reject(f"unknown member {info.name!r}")
            continue
        seen.add(member)
        if len(data) < info.size:
            yield reject(f"{member} is cut short: {len(data)} of {info.size} bytes, fetch the archive again")
        yield Member(ENDPOINTS[member], {"archive": archive}, data, _collected_at(info, archive))
    cut = "" if is_whole else "; the archive is cut short, fetch it again"
    for member in ENDPOINTS.keys() - seen:
        yield reject(f"{member} is missing{cut}")
    if cut and not ENDPOINTS.keys() - seen:
        yield reject("the archive is cut short after its last member")


def _is_date(text: str) -> bool:
    try:
        return bool(re.fullmatch(r"\d{8}", text, re.ASCII)) and bool(date.fromisoformat(text))
    except ValueError:
        return False


def _decompress(body: bytes) -> tuple[bytes, bool]:
    """The tar inside, and whether it is whole. Raises for damage and for more than LARGEST_ARCHIVE bytes."""
    gunzip = isal_zlib.decompressobj(wbits=isal_zlib.MAX_WBITS | 16)
    content = gunzip.decompress(body, LARGEST_ARCHIVE)
    if gunzip.unconsumed_tail:
        raise ValueError(f"it holds more than {LARGEST_ARCHIVE} bytes")
    return content, gunzip.eof


def _members(content: bytes) -> Iterator[tarfile.TarInfo]:
    """The regular files, as far as the tar is readable."""
    try:
        with tarfile.open(fileobj=io.BytesIO(content), mode="r:") as tar:
            while info := tar.next():
                if info.isreg():
                    yield info
    except (tarfile.TarError, EOFError, ValueError, OverflowError, IndexError):
        return  # missing members are reported by name


def _collected_at(info: tarfile.TarInfo, archive: str) -> datetime | None:
    """The member's own time; None (when it is landed) if that is before its newest session or in the future."""
    try:
        moment = datetime.fromtimestamp(info.mtime, UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return moment if date.fromisoformat(archive) <= moment.date() and moment <= datetime.now(UTC) else None


def parse_prices(response: Response) -> Parsed:
    """Bars; rejects a repeated header line."""
    constants = _constants(PurePath(response.params.get("file", ""))) | _archive(response)
    if response.body.startswith(bulk.PARQUET):
        return parse_columns(BARS, response, constants=constants)
    if not response.body.strip():
        reject(response, "prices.csv is empty: fetch the archive again")
    return _parse_csv(BARS, response, constants)


def parse_symbols(response: Response) -> Parsed:
    """Symbol and name, separated by a tab, without a header."""
    if not response.body.strip():
        reject(response, "symbols.txt is empty: fetch the archive again")
    return parse_delimited(LIST, response, constants=_archive(response))


def parse_reports(response: Response) -> Parsed:
    """Report facts; the file is empty on days without a filing."""
    return _parse_csv(FACTS, response, _archive(response))


def _parse_csv(layout: Layout, response: Response, constants: Mapping[str, str | None]) -> Parsed:
    """Rows of a CSV file; those in archives sometimes lack their header (reports of 20151002)."""
    is_member = "piece" not in response.params
    if is_member and not _has_header(layout, response.body):
        layout = replace(layout, names=[*layout.needs])
    return parse_delimited(layout, response, constants=constants)


def _has_header(layout: Layout, body: bytes) -> bool:
    """True if the first line names columns of the table: more than one, because LOW and OPEN are tickers too."""
    first = body.removeprefix(BOM).lstrip(b"\r\n").partition(b"\n")[0].decode("utf-8", "replace")
    names = {snake_case(name) for name in first.split(layout.delimiter)}
    return len(names & {*layout.table.schema.names}.union(*layout.synonyms.values())) > 1


def _archive(response: Response) -> dict[str, str | None]:
    return {"archive": response.params["archive"]}


SOURCE = Source(
    name="pystock",
    description="Daily prices, symbols and report facts of about 6,000 US stocks, from collected archives.",
    tables=(PRICES, SYMBOLS, REPORTS),
    parsers={"prices": parse_prices, "symbols": parse_symbols, "reports": parse_reports},
    unpack=unpack,
    file_patterns=("*.tar.gz", "*.csv", "*.parquet"),
)
