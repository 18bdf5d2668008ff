"""The one HTTP client: quota, time-out, retries, bounded bodies, redaction, landing.

Built on dlt's requests helper (https://dlthub.com/docs/general-usage/http/requests): three retries with
exponential backoff and jitter, Retry-After honoured. Every attempt takes its place in the provider's allowance,
and every answer is landed before anybody parses it.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import urlencode

import requests

from ingestion.config import Settings
from ingestion.errors import (
    AuthenticationFailed,
    MalformedResponse,
    MarketloomError,
    ProviderError,
    ProviderUnavailable,
    QuotaExhausted,
)
from ingestion.extract.quota import Allowance
from ingestion.extract.redaction import Redactor, without_secrets
from ingestion.extract.transport import MeteredAdapter, TooLarge, make_session
from ingestion.landing import Landed, Landing
from ingestion.model import Endpoint, Response, Source
from ingestion.parsing.diagnosis import retry_after

KEPT_HEADERS = ("content-type", "etag", "last-modified", "retry-after", "date", "link")
VALIDATORS = "validators:"
TRANSIENT = (408, 500, 502, 503, 504, 520, 521, 522, 523, 524)


class Client:
    """Asks one provider, in its terms. Not safe for threads; processes share the allowance."""

    def __init__(self, source: Source, settings: Settings, landing: Landing) -> None:
        self.source = source
        self.terms = settings.source(source)
        self.landing = landing
        self.redactor = Redactor(self.terms.api_key)
        self.redactor.guard("urllib3.connectionpool", "dlt", "requests")
        self.longest_wait = settings.limit("longest_wait_seconds", 90)
        folder = settings.work_folder / "quota"
        self.allowance = Allowance(source.name, self.terms.rates, folder, self.longest_wait)
        bound = int(settings.limit("largest_response_bytes", 64 * 1024 * 1024))
        timeout = settings.limit("timeout_seconds", 30)
        self._follow_clock = settings.is_sandbox
        self._adapter = MeteredAdapter(self.allowance, bound, timeout)
        backoff = settings.limit("backoff_seconds", 1)
        self._session = make_session(self._adapter, timeout=timeout, backoff=backoff, pause=self._pause)

    def get(
        self,
        endpoint: Endpoint,
        url: str,
        params: Mapping[str, str],
        *,
        scope: Mapping[str, str],
        mark: Callable[[Response], Mapping[str, str]],
        headers: Mapping[str, str] | None = None,
    ) -> Landed:
        """Ask once (retries included) and land the answer, good or bad; its `outcome` says which.

        `scope` (ticker, session, feed) is kept with the parameters, `mark` says what a good answer lets us remember.
        Raises QuotaExhausted without asking when the allowance is used up.
        """
        where = self._place(url)
        secret_headers, secret_params = self._credentials()
        requested_at, started = datetime.now(UTC), time.monotonic()
        self._adapter.attempts = 0
        status: int | None = None
        body, kept = b"", dict[str, str]()
        try:
            answer = self._session.get(
                where, params={**params, **secret_params}, headers={**(headers or {}), **secret_headers}, stream=True
            )
            status, body = answer.status_code, self.redactor.body(answer.content)
            kept = {name: self.redactor.text(answer.headers[name]) for name in KEPT_HEADERS if name in answer.headers}
            error = None if status == 304 else self._diagnose(status, kept, body)
            received_at = self._clock(answer.headers)
        except (requests.RequestException, TooLarge) as failure:
            error, received_at = self._failure(failure), datetime.now(UTC)
        except QuotaExhausted as refused:
            if not self._adapter.attempts:
                raise
            # The allowance ran out between a failed attempt and its retry; the attempt is on record all the same.
            error, received_at = refused, datetime.now(UTC)
        if error:
            error.source, error.endpoint, error.scope = self.source.name, endpoint.name, " ".join(scope.values())
            error.detail = self.redactor.text(error.detail)
        good = "not_modified" if status == 304 else "ok"
        landed = Landed(
            source=self.source.name,
            endpoint=endpoint.name,
            url=self.redactor.url(f"{where}?{urlencode(params)}" if params else where),
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
        return self.landing.write(landed if error else replace(landed, mark=_marks(mark, landed)))

    def close(self) -> None:
        """Close connections and the allowance's file."""
        self._session.close()
        self.allowance.close()

    def _place(self, url: str) -> str:
        """Where to ask. Whatever address the provider gives for its next page, its key goes to the configured host."""
        base = self.terms.base_url
        if base is None:
            return url
        return without_secrets(url, at=base) if "://" in url else f"{base.rstrip('/')}{url}"

    def _credentials(self) -> tuple[dict[str, str], dict[str, str]]:
        key = self.source.key
        if key is None:
            return {}, {}
        if not self.terms.api_key:
            raise AuthenticationFailed("no key is configured", source=self.source.name)
        value = {key.name: key.template.format(key=self.terms.api_key)}
        return (value, {}) if key.place == "header" else ({}, value)

    def _diagnose(self, status: int, headers: Mapping[str, str], body: bytes) -> ProviderError | None:
        if self.source.diagnose and (error := self.source.diagnose(status, headers, body)):
            return error
        if status == 429:
            return QuotaExhausted("the provider answers 429, too many requests")
        if status >= 500:
            return ProviderUnavailable(f"HTTP {status}")
        if status >= 400:
            return MalformedResponse(f"HTTP {status}: {body[:200].decode('utf-8', 'replace')}")
        return MalformedResponse("an empty body") if not body.strip() else None

    def _failure(self, failure: Exception) -> ProviderError:
        if isinstance(failure, TooLarge):
            return MalformedResponse(str(failure))
        kind = "no answer in time" if isinstance(failure, requests.Timeout) else "the connection broke"
        return ProviderUnavailable(f"{kind} ({type(failure).__name__}) after {self._adapter.attempts} attempts")

    def _clock(self, headers: Mapping[str, str]) -> datetime:
        """When the answer was received: now, or in the sandbox the simulated market's own now."""
        simulated = headers.get("X-Sandbox-Now") if self._follow_clock else None
        return datetime.fromisoformat(simulated) if simulated else datetime.now(UTC)

    def _pause(self, answer: requests.Response) -> float | None:
        """Seconds to wait before asking again (0: no time named); None if the answer is final or the wait too long."""
        headers = {name.lower(): value for name, value in answer.headers.items()}
        error = self._diagnose(answer.status_code, headers, answer.content)
        asked = retry_after(headers)
        if isinstance(error, QuotaExhausted):
            seconds = asked or error.retry_after or {"second": 1.1, "minute": 61.0}.get(error.period)
        elif answer.status_code in TRANSIENT:
            seconds = asked or 0.0
        else:
            return None
        return seconds if seconds is not None and seconds <= self.longest_wait else None


def _marks(mark: Callable[[Response], Mapping[str, str]], landed: Landed) -> dict[str, str]:
    """What to remember of a good answer. A mark named VALIDATORS stands for the ETag and Last-Modified it came with."""
    try:
        marks = dict(mark(landed.response))
    except MarketloomError:
        return {}
    feed = marks.pop(VALIDATORS, None)
    if feed:
        found = {name: landed.headers[name] for name in ("etag", "last-modified") if name in landed.headers}
        marks |= {f"{VALIDATORS}{feed}:{name}": value for name, value in found.items()}
    return marks
