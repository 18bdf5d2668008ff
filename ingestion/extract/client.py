"""The HTTP client: quota, time-out, retries, bounded bodies, redaction, landing.

Built on dlt's requests helper (https://dlthub.com/docs/general-usage/http/requests): three retries with exponential
backoff and jitter; Retry-After is honoured. Every attempt counts against the provider's allowance, and every response
is landed before it is parsed.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlencode

import requests

from ingestion.config import ClientLimits, SourceSettings
from ingestion.errors import (
    AuthenticationFailed,
    ConfigurationError,
    MarketloomError,
    ProviderError,
    ProviderUnavailable,
    QuotaExhausted,
)
from ingestion.extract.addresses import base_address, variable_of
from ingestion.extract.exchange import Exchange
from ingestion.extract.quota import Allowances
from ingestion.extract.redaction import Redactor, without_secrets
from ingestion.extract.transport import MeteredAdapter, TooLarge, make_session
from ingestion.landing import Landed, Landing
from ingestion.model import Endpoint, Response, Source, scope_of
from ingestion.parsing.diagnosis import diagnose, retry_after

KEPT_HEADERS = ("content-type", "etag", "last-modified", "retry-after", "date", "link")
VALIDATORS = "validators:"
TRANSIENT = (408, 500, 502, 503, 504, 520, 521, 522, 523, 524)
# The simulated market sends its own time.
SIMULATED_TIME = "X-Sandbox-Now"


class Client:
    """Requests to one provider on its terms. Not safe for threads; processes share the allowance in `quota_folder`.

    Raises ConfigurationError for a base URL, key or proxy that cannot be right.
    """

    def __init__(
        self,
        source: Source,
        terms: SourceSettings,
        limits: ClientLimits,
        landing: Landing,
        quota_folder: Path,
        clock: Callable[[], datetime] | None = None,
    ) -> None:
        self.clock = clock
        self.source, self.terms, self.limits, self.landing = source, terms, limits, landing
        self.redactor = Redactor(terms.api_key)
        self.redactor.guard("urllib3.connectionpool", "dlt", "requests")
        self.base = base_address(terms.base_url, variable_of(source.name, "base_url")) if terms.base_url else None
        _check_key(source, terms.api_key)
        # Without a base URL, each address is one of a provider of its own.
        self.allowances = Allowances(
            source.name, terms.rates, quota_folder, limits.longest_wait_seconds, by_host=self.base is None
        )
        self._adapter = MeteredAdapter(self.allowances, limits.largest_response_bytes, limits.timeout_seconds)
        self._session = make_session(
            self._adapter, timeout=limits.timeout_seconds, backoff=limits.backoff_seconds, pause=self._pause
        )
        self._exchange = Exchange(self._session, self._adapter, self.redactor, has_key=source.key is not None)
        if self.base:
            self._exchange.take_route(self.base)  # an unusable proxy is known before the first request

    def get(
        self,
        endpoint: Endpoint,
        url: str,
        params: Mapping[str, str],
        *,
        scope: Mapping[str, str],
        cursors: Callable[[Response], Mapping[str, str]],
        headers: Mapping[str, str] | None = None,
    ) -> Landed:
        """Send one request (with retries) and land the response, good or bad; its `outcome` says which.

        `scope` (ticker, session, feed) is kept with the parameters; `cursors` gives the cursors to set after a good
        response. Raises QuotaExhausted without a request when the allowance is used up, and ConfigurationError for an
        address or proxy that cannot be requested.
        """
        address = self._address(url)
        secret_headers, secret_params = self._credentials()
        requested_at, started = self._now(), time.monotonic()
        if self.clock:
            headers = {**(headers or {}), SIMULATED_TIME: requested_at.isoformat()}
        self._adapter.attempts = 0
        status: int | None = None
        body, kept = b"", dict[str, str]()
        try:
            sent = {**(headers or {}), **secret_headers}
            response, refusal = self._exchange.get(address, params, secret_params, sent)
            status, body = response.status_code, self.redactor.body(response.content)
            found = response.headers
            kept = {name: self.redactor.text(found[name]) for name in KEPT_HEADERS if name in found}
            error = refusal or self._diagnose(status, kept, body)
            received_at = self._time_of(response)
        except (requests.RequestException, TooLarge) as failure:
            error, received_at = self._exchange.failure(failure), self._now()
        except QuotaExhausted as exhausted:
            if not self._adapter.attempts:
                raise
            # The allowance ran out between a failed attempt and its retry; the attempt is recorded all the same.
            error, received_at = exhausted, self._now()
        if error:
            error.source, error.endpoint, error.scope = self.source.name, endpoint.name, scope_of(scope)
            error.detail = self.redactor.text(error.detail)
        good = "not_modified" if status == 304 else "ok"
        landed = Landed(
            source=self.source.name,
            endpoint=endpoint.name,
            url=self.redactor.url(f"{address}?{urlencode(params)}" if params else address),
            params={**params, **scope},
            requested_at=requested_at,
            received_at=received_at,
            status=status,
            outcome=error.outcome if error else good,
            body=body,
            headers=kept,
            duration_ms=round((time.monotonic() - started) * 1000, 3),
            attempt_count=max(1, self._adapter.attempts),
            error_message=error.detail if error else None,
        )
        return self.landing.write(landed if error else replace(landed, cursors=_cursors(cursors, landed)))

    def close(self) -> None:
        """Close connections and the allowances' files."""
        self._session.close()
        self.allowances.close()

    def _now(self) -> datetime:
        return self.clock() if self.clock else datetime.now(UTC)

    def _address(self, url: str) -> str:
        """The address to request. The key only goes to the configured host, whatever URL a next page has."""
        if self.base is None:
            return url
        return without_secrets(url, at=self.base) if url.startswith(("http://", "https://")) else f"{self.base}{url}"

    def _credentials(self) -> tuple[dict[str, str], dict[str, str]]:
        key = self.source.key
        if key is None:
            return {}, {}
        if not self.terms.api_key:
            raise AuthenticationFailed("no key is configured", source=self.source.name)
        value = {key.name: key.template.format(key=self.terms.api_key)}
        return (value, {}) if key.place == "header" else ({}, value)

    def _diagnose(self, status: int, headers: Mapping[str, str], body: bytes) -> ProviderError | None:
        if status == 304:
            return None
        if status == 407:
            return ProviderUnavailable(f"{self._exchange.route.proxy or 'a proxy'} wants a login (HTTP 407)")
        return (self.source.diagnose or diagnose)(status, headers, body)

    def _time_of(self, response: requests.Response) -> datetime:
        """When the response was received: now, or the simulated market's own now."""
        simulated = response.headers.get(SIMULATED_TIME) if self.terms.is_simulated else None
        return datetime.fromisoformat(simulated) if simulated else self._now()

    def _pause(self, response: requests.Response) -> float | None:
        """Seconds before a retry (0: no time named); None if the response is final or the wait too long."""
        headers = {name.lower(): value for name, value in response.headers.items()}
        error = self._diagnose(response.status_code, headers, response.content)
        named = retry_after(headers)
        if isinstance(error, QuotaExhausted):
            seconds = named or error.retry_after or {"second": 1.1, "minute": 61.0}.get(error.period)
        elif response.status_code in TRANSIENT:
            seconds = named or 0.0
        else:
            return None
        return seconds if seconds is not None and seconds <= self.limits.longest_wait_seconds else None


def _check_key(source: Source, key: str | None) -> None:
    """Raise ConfigurationError for a key that no header can carry, without showing it."""
    wrong = next((letter for letter in key or "" if not ("!" <= letter <= "~")), None) if source.key else None
    if wrong is not None:
        name = "a blank or line break" if wrong.isspace() else f"the character U+{ord(wrong):04X}"
        raise ConfigurationError(
            f"the key has {name} in it, as no key has: copy it again into SOURCES__{source.name.upper()}__API_KEY or "
            f"[sources.{source.name}] api_key in .dlt/secrets.toml"
        )


def _cursors(cursors: Callable[[Response], Mapping[str, str]], landed: Landed) -> dict[str, str]:
    """The cursors to set after a good response. One named VALIDATORS stands for its ETag and Last-Modified."""
    try:
        found = dict(cursors(landed.response))
    except MarketloomError:
        return {}
    feed = found.pop(VALIDATORS, None)
    if feed:
        names = [name for name in ("etag", "last-modified") if name in landed.headers]
        found |= {f"{VALIDATORS}{feed}:{name}": landed.headers[name] for name in names}
    return found
