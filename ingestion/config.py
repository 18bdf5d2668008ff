"""Settings. This is the only module that reads the environment.

Settings come from the environment, then `.dlt/secrets.toml` and `.dlt/config.toml` (dlt's own precedence), then
defaults. libpq's variables name the warehouse; without PGHOST it is the embedded one.
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from ingestion import postgres
from ingestion.dlt_settings import dlt_number, dlt_secret, dlt_value, rates_of
from ingestion.errors import ConfigurationError
from ingestion.model import Rate, Source
from ingestion.settings_files import check_files

TARGETS = ("live", "sandbox")
SANDBOX_TICKERS = ("LOOM", "WEFT", "WARP", "HEDL", "REED", "SHED", "BOBN", "TREA", "SPUN", "YARN")
SANDBOX_FEEDS = ("newswire", "markets", "boerse", "tape")
SANDBOX_YEARS = range(2024, 2036)  # those of the simulated market
MOST = {"lookback_days": 36_500, "largest_response_bytes": 10**12}
LONGEST_WAIT = 86_400  # seconds
DEFAULT_SANDBOX_URL = "http://127.0.0.1:8765"


@dataclass(frozen=True)
class SourceSettings:
    """The settings of one provider: address, key, allowances, tickers and feeds."""

    base_url: str | None
    api_key: str | None
    rates: tuple[Rate, ...]
    tickers: tuple[str, ...]
    feeds: Mapping[str, str]
    is_simulated: bool = False


@dataclass(frozen=True)
class ClientLimits:
    """The bounds of the HTTP client: `[marketloom]` in `.dlt/config.toml`."""

    timeout_seconds: float = 30
    backoff_seconds: float = 1
    longest_wait_seconds: float = 90
    largest_response_bytes: int = 64 * 1024 * 1024


@dataclass(frozen=True)
class Settings:
    """The project root, the state folder and the target, and what follows from them and the environment."""

    root: Path
    home: Path
    target: str

    @property
    def is_embedded(self) -> bool:
        """True if PGHOST names no server, so that the embedded one is used."""
        host = os.environ.get("PGHOST", "").strip()
        return not host or Path(host) in (self.socket_folder, self.warehouse_folder)

    @property
    def warehouse_folder(self) -> Path:
        """The embedded server's data directory (mode 0700), which also holds its socket."""
        return self.home / "warehouse"

    @property
    def socket_folder(self) -> Path:
        """The folder that clients of the embedded server name as its host: its data directory, or a link to it."""
        return postgres.socket_folder(self.warehouse_folder)

    @property
    def database(self) -> str:
        """`marketloom` (or PGDATABASE) for live data, `marketloom_sandbox` for simulated data: they never mix."""
        if self.target == "sandbox":
            return "marketloom_sandbox"
        name = os.environ.get("PGDATABASE") or "marketloom"
        if name == "marketloom_sandbox":
            raise ConfigurationError(
                "PGDATABASE names marketloom_sandbox, which holds simulated data: "
                "use --target sandbox for it, or another database for live data"
            )
        return name

    def connection(self, *, database: str | None = None, role: str | None = None) -> dict[str, Any]:
        """libpq parameters for psycopg2; `role` is set after connecting, as by `set role`."""
        embedded = self.socket_folder if self.is_embedded else None
        return postgres.parameters(os.environ, embedded, database or self.database, role)

    def dsn(self, *, role: str | None = None, password: bool = True) -> str:
        """The same as a URL, for dlt (with a role) and for people."""
        return postgres.url(self.connection(role=role), is_session=role is not None, password=password)

    @property
    def subprocess_environment(self) -> dict[str, str]:
        """The environment for dbt and psql: the same warehouse and session, and no telemetry."""
        params = self.connection()
        found = {name: str(params[key]) for key, name in postgres.NAMES.items() if key in params}
        environment = dict(os.environ)
        postgres.pin_session(environment, is_embedded=self.is_embedded)
        own = {"DO_NOT_TRACK": "1", "DBT_SEND_ANONYMOUS_USAGE_STATS": "false", "MARKETLOOM_TARGET": self.target}
        return {**environment, **found, **own, "MARKETLOOM_HOME": str(self.home), "PWD": str(self.root)}

    @property
    def server_environment(self) -> dict[str, str]:
        """The environment of the embedded server."""
        return postgres.server_environment(os.environ)

    @property
    def dbt_folder(self) -> Path:
        """The folder of dbt's artefacts and docs site."""
        return self.root / (os.environ.get("DBT_TARGET_PATH") or "target")

    @property
    def landing_url(self) -> str:
        """The landing zone's root for this target: a local folder by default, or any fsspec URL such as s3://…"""
        root = os.environ.get("MARKETLOOM_LANDING") or dlt_value("marketloom.landing") or str(self.home / "landing")
        return f"{root.rstrip('/')}/{self.target}"

    @property
    def work_folder(self) -> Path:
        """The folder of load packages and call allowances of this target."""
        return self.home / "work" / self.target

    @property
    def folders(self) -> tuple[Path, ...]:
        """The local folders that a run writes to."""
        landing = self.landing_url
        return (*([] if "://" in landing else [Path(landing)]), self.work_folder, self.home)

    @property
    def packages_folder(self) -> Path:
        """The folder of load packages that are not loaded yet."""
        return self.work_folder / "packages"

    @property
    def sessions_folder(self) -> Path:
        """The folder in which the exchange's sessions are cached."""
        return self.home / "calendar"

    @property
    def client_limits(self) -> ClientLimits:
        """The bounds of the HTTP client."""
        default = ClientLimits()
        return ClientLimits(
            timeout_seconds=self.limit("timeout_seconds", default.timeout_seconds),
            backoff_seconds=self.limit("backoff_seconds", default.backoff_seconds),
            longest_wait_seconds=self.limit("longest_wait_seconds", default.longest_wait_seconds),
            largest_response_bytes=int(self.limit("largest_response_bytes", default.largest_response_bytes)),
        )

    @property
    def sandbox_url(self) -> str:
        """The URL of the simulated market."""
        return os.environ.get("MARKETLOOM_SANDBOX_URL") or DEFAULT_SANDBOX_URL

    @property
    def sandbox_now(self) -> str | None:
        """The time at which a simulated market's clock is pinned (ISO 8601); None: real time."""
        text = os.environ.get("MARKETLOOM_SANDBOX_NOW", "").strip()
        return sandbox_moment(text, "MARKETLOOM_SANDBOX_NOW") if text else None

    @cached_property
    def is_sandbox(self) -> bool:
        return self.target == "sandbox"

    def source(self, source: Source) -> SourceSettings:
        """The settings for one source. On the target sandbox, all providers are at the simulated market's address."""
        section = f"sources.{source.name}"
        rates = rates_of(f"{section}.rates", source.rates)
        if self.is_sandbox:
            key = os.environ.get("MARKETLOOM_SANDBOX_KEY", "sandbox-unlimited")
            free = rates if key == "sandbox-free" else ()
            feeds = {name: f"{self.sandbox_url}/rss/{name}.xml" for name in SANDBOX_FEEDS}
            base = f"{self.sandbox_url}/{source.name}" if source.endpoints else None
            return SourceSettings(base, key, free, SANDBOX_TICKERS, feeds, is_simulated=True)
        return SourceSettings(
            base_url=dlt_value(f"{section}.base_url") or source.base_url,
            api_key=dlt_secret(f"{section}.api_key"),
            rates=rates,
            tickers=tuple(dlt_value(f"{section}.tickers", list) or dlt_value("marketloom.tickers", list) or ()),
            feeds=dict(dlt_value(f"{section}.feeds", dict) or {}),
        )

    def limit(self, name: str, default: float) -> float:
        """A number, `[marketloom] <name>` in `.dlt/config.toml`."""
        return dlt_number(f"marketloom.{name}", default, MOST.get(name, LONGEST_WAIT))


def sandbox_moment(text: str, setting: str) -> str:
    """The moment, if the simulated market's clock can be pinned there. Raises ConfigurationError, naming `setting`."""
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        moment = None
    if moment is None or moment.year not in SANDBOX_YEARS:
        raise ConfigurationError(
            f"{setting} must be a moment in ISO 8601 from {SANDBOX_YEARS[0]} to {SANDBOX_YEARS[-1]}, such as "
            f"2024-03-15T21:30:00Z; it is {text!r}"
        )
    return text.strip()


def load(target: str | None = None) -> Settings:
    """The settings for `target` (else MARKETLOOM_TARGET, else live) of the project in the current folder or above."""
    chosen = target or os.environ.get("MARKETLOOM_TARGET") or "live"
    if chosen not in TARGETS:
        raise ConfigurationError(f"unknown target {chosen!r}: it is one of {', '.join(TARGETS)}")
    here = Path.cwd().resolve()
    root = next((folder for folder in (here, *here.parents) if (folder / "dbt_project.yml").exists()), None)
    if root is None:
        raise ConfigurationError(f"no dbt_project.yml in {here} or above it: run marketloom from the project's root")
    os.environ.setdefault("DLT_PROJECT_DIR", str(root))
    os.environ.setdefault("RUNTIME__DLTHUB_TELEMETRY", "false")
    # Where Airflow is installed, dlt would import it to look for secrets in its database: seconds at every start.
    os.environ.setdefault("PROVIDERS__ENABLE_AIRFLOW_SECRETS", "false")
    # Ctrl-C ends a command at once (see interruption.py); dlt would go on for as long as it takes.
    os.environ.setdefault("RUNTIME__INTERCEPT_SIGNALS", "false")
    check_files(root)
    home = (root / (os.environ.get("MARKETLOOM_HOME") or ".marketloom")).resolve()
    settings = Settings(root=root, home=home, target=chosen)
    postgres.pin_session(os.environ, is_embedded=settings.is_embedded)
    return settings


@contextmanager
def environment(**values: str | None) -> Iterator[None]:
    """Set environment variables (None: unset) for the duration of a block."""
    before = {name: os.environ.get(name) for name in values}
    _set(values)
    try:
        yield
    finally:
        _set(before)


def _set(values: Mapping[str, str | None]) -> None:
    for name, value in values.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
