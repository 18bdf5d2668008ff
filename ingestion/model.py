"""What a source declares, and what flows between the packages: responses, parsed tables, rejected rows."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import IO, Literal

import pyarrow as pa

from ingestion.errors import ProviderError

TIMESTAMP = pa.timestamp("us", tz="UTC")
ROW_NUMBER = pa.field("_row_number", pa.int64())
# The columns that every raw table has: where a row comes from.
ORIGIN = (ROW_NUMBER, pa.field("_response_id", pa.string()), pa.field("_received_at", TIMESTAMP))
# The parameters that name what a request was made for.
SCOPE_KEYS = ("session", "ticker", "feed", "archive")


def scope_of(params: Mapping[str, str]) -> str:
    """What a request was made for, in a few words for messages: its session, ticker, feed or archive."""
    return " ".join(params[key] for key in SCOPE_KEYS if key in params)


@dataclass(frozen=True)
class Rate:
    """An allowance of `calls` in any period of `seconds`."""

    calls: int
    seconds: int


@dataclass(frozen=True)
class ApiKey:
    """Where a provider expects its key: in the header or query parameter `name`, as `template` with {key} filled in."""

    place: Literal["header", "query"]
    name: str
    template: str = "{key}"


@dataclass(frozen=True)
class Response:
    """One response of a provider, or one piece of a bulk file, as in landing.

    `params` are the parameters of the request without secrets, plus its scope (SCOPE_KEYS). `headers` are lower-cased,
    and only those that parsers and diagnosis need.
    """

    response_id: str
    source: str
    endpoint: str
    params: Mapping[str, str]
    received_at: datetime
    body: bytes
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Rejected:
    """One received row, or a whole unreadable body, that cannot be trusted, with the reason in plain words."""

    entity: str
    reason: str
    row: str
    row_number: int | None = None


@dataclass
class Parsed:
    """What a response holds: a table per raw table name, and the rejected rows.

    Each table has the columns that its `Table` declares, `_row_number`, and possibly columns that the provider has
    added. Rows received = rows in `tables` + `rejected`.
    """

    tables: dict[str, pa.Table] = field(default_factory=dict)
    rejected: list[Rejected] = field(default_factory=list)

    @property
    def rows_received(self) -> int:
        return sum(table.num_rows for table in self.tables.values()) + len(self.rejected)


@dataclass(frozen=True)
class Table:
    """A raw table: its name, its columns as an Arrow schema (non-nullable fields are required), and what one row is."""

    name: str
    schema: pa.Schema
    description: str


Each = Literal["session", "ticker", "feed", "window", "day"]


@dataclass(frozen=True)
class Endpoint:
    """One kind of call.

    `each` is what it repeats over: every exchange "session" not loaded yet, every "ticker" of the watch list, every
    configured "feed", the time "window" not loaded yet, or once a "day". `path` and `params` are templates over
    {session} {ticker} {feed_url} {since} {until}; the last two are UTC datetimes ("{since:%Y-%m-%d}" works). `overlap`
    is read again to see restatements: sessions once a day, all else in every run. `next_page` gives the URL of the next
    page, or None; `has_more` says if the response names one at all, even if it is no URL. `only_with_tickers` endpoints
    replace the whole-market ones (`not_with_tickers`) when the user names tickers.
    """

    name: str
    path: str
    parse: Callable[[Response], Parsed]
    each: Each
    params: Mapping[str, str] = field(default_factory=dict)
    overlap: timedelta = timedelta(0)
    next_page: Callable[[Response], str | None] | None = None
    has_more: Callable[[Response], bool] | None = None
    only_with_tickers: bool = False
    not_with_tickers: bool = False


@dataclass(frozen=True)
class Member:
    """A piece of a bulk file, as `Source.unpack` yields it. `received_at` None means "when it is landed".

    `origin` identifies a piece whose bytes we made ourselves: the digest of the file that it comes from.
    """

    endpoint: str
    params: Mapping[str, str]
    body: bytes
    received_at: datetime | None = None
    origin: str = ""


@dataclass(frozen=True)
class Source:
    """All that marketloom knows about one provider.

    HTTP sources declare `base_url`, `key`, `rates`, `endpoints` and `diagnose`, which returns the error that a response
    means (also one with HTTP 200), or None for a good response. File sources declare `unpack(name, file)` and
    `parsers`; generated ones `generate(first, last)` and `parsers`.
    """

    name: str
    description: str
    tables: tuple[Table, ...]
    base_url: str | None = None
    key: ApiKey | None = None
    rates: tuple[Rate, ...] = ()
    endpoints: tuple[Endpoint, ...] = ()
    diagnose: Callable[[int, Mapping[str, str], bytes], ProviderError | None] | None = None
    parsers: Mapping[str, Callable[[Response], Parsed]] = field(default_factory=dict)
    unpack: Callable[[str, IO[bytes]], Iterable[Member | Rejected]] | None = None
    generate: Callable[[date, date], Iterable[Member]] | None = None
    file_patterns: tuple[str, ...] = ()

    def parser(self, endpoint: str) -> Callable[[Response], Parsed]:
        """The pure parser for responses of `endpoint`."""
        for declared in self.endpoints:
            if declared.name == endpoint:
                return declared.parse
        return self.parsers[endpoint]
