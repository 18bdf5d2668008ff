"""What a source declares, and what flows between the rooms: calls, responses and parsed tables."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import IO, Literal

import pyarrow as pa

from ingestion.errors import ProviderError


@dataclass(frozen=True)
class Rate:
    """An allowance of `calls` in any `seconds` seconds."""

    calls: int
    seconds: int


@dataclass(frozen=True)
class ApiKey:
    """Where a provider wants its key: in the header or query parameter `name`, as `template` with {key} filled in."""

    place: Literal["header", "query"]
    name: str
    template: str = "{key}"


@dataclass(frozen=True)
class Response:
    """One answer of a provider, or one member of a bulk file, as it stands in landing.

    `params` are the request's own without secrets, plus the scope it was made for ("session", "ticker", "feed",
    "archive"). `headers` are lower-cased and only the few that parsers and diagnosis need.
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
    """One received row (or a whole unreadable body) that cannot be trusted, with the reason in plain words."""

    entity: str
    reason: str
    row: str
    row_number: int | None = None


@dataclass
class Parsed:
    """What a response held: a table per raw table name, and what had to be refused.

    Each table has the columns its `Table` declares plus `_row_number` (int64), and may have further columns
    that the provider has added; rows received = rows in `tables` + `rejected`.
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

    `each` says what it is repeated over: every exchange "session" not yet loaded, every "ticker" of the watch list
    (with `{ticker}`), every configured "feed", once over the time "window" not yet loaded, or once a "day".
    `path` and `params` are templates over {session} {ticker} {feed_url} {since} {until} ({since}/{until} are UTC
    datetimes, so "{since:%Y-%m-%d}" works). `overlap` is re-read so that restatements are
    seen: sessions once a day, all else at every run. `next_page` gives the URL of the page that follows, or None.
    `only_with_tickers` endpoints replace the whole-market ones (`not_with_tickers`) when the user names tickers.
    """

    name: str
    path: str
    parse: Callable[[Response], Parsed]
    each: Each
    params: Mapping[str, str] = field(default_factory=dict)
    overlap: timedelta = timedelta(0)
    next_page: Callable[[Response], str | None] | None = None
    only_with_tickers: bool = False
    not_with_tickers: bool = False


@dataclass(frozen=True)
class Member:
    """A piece of a bulk file: what `Source.unpack` makes of it. `received_at` None means "when it is landed".

    `origin` tells by what the piece is known again where its bytes were made by us: the digest of the file it is of.
    """

    endpoint: str
    params: Mapping[str, str]
    body: bytes
    received_at: datetime | None = None
    origin: str = ""


@dataclass(frozen=True)
class Source:
    """All that marketloom knows of one provider.

    HTTP sources declare `base_url`, `key`, `rates`, `endpoints` and `diagnose` (None for a good answer, else the
    error that the answer means, also when it came with HTTP 200). File sources declare `unpack(name, file)` and
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
