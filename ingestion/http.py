"""The one HTTP client: quota, time-out, retries, bounded bodies, redaction, landing.

Built on dlt's requests helper (https://dlthub.com/docs/general-usage/http/requests): three retries with
exponential backoff and jitter, Retry-After honoured. Every attempt takes its place in the provider's allowance,
and every answer is landed before anybody parses it.
"""

import random
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode, urlsplit

import requests
from dlt.sources.helpers.requests import Client as RetryingClient
from dlt.sources.helpers.requests.retry import wait_exponential_retry_after
from requests.adapters import HTTPAdapter
from tenacity import RetryCallState

from ingestion.config import Settings
from ingestion.errors import (
    AuthenticationFailed,
    MalformedResponse,
    MarketloomError,
    ProviderError,
    ProviderUnavailable,
    QuotaExhausted,
)
from ingestion.landing import Landed, Landing
from ingestion.model import Endpoint, Response, Source
from ingestion.quota import Allowance
from ingestion.redaction import Redactor

KEPT_HEADERS = ("content-type", "etag", "last-modified", "retry-after", "date", "link")
RETRIES = 3
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
        self._bound = int(settings.limit("largest_response_bytes", 64 * 1024 * 1024))
        self._timeout = settings.limit("timeout_seconds", 30)
        self._follow_clock = settings.is_sandbox
        self._adapter = _MeteredAdapter(self.allowance, self._bound, self._timeout)
        self._session = self._make_session()

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
        except (requests.RequestException, _TooLarge) as failure:
            error, received_at = self._failure(failure), datetime.now(UTC)
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
            error_message=str(error) if error else None,
        )
        return self.landing.write(landed if error else replace(landed, mark=_marks(mark, landed)))

    def close(self) -> None:
        """Close connections and the allowance's file."""
        self._session.close()
        self.allowance.close()

    def _place(self, url: str) -> str:
        if urlsplit(url).scheme:
            return url
        return f"{(self.terms.base_url or '').rstrip('/')}{url}"

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
        if isinstance(failure, _TooLarge):
            return MalformedResponse(str(failure))
        kind = "no answer in time" if isinstance(failure, requests.Timeout) else "the connection broke"
        return ProviderUnavailable(f"{kind} ({type(failure).__name__}) after {self._adapter.attempts} attempts")

    def _clock(self, headers: Mapping[str, str]) -> datetime:
        """When the answer was received: now, or in the sandbox the simulated market's own now."""
        simulated = headers.get("X-Sandbox-Now") if self._follow_clock else None
        return datetime.fromisoformat(simulated) if simulated else datetime.now(UTC)

    def _make_session(self) -> requests.Session:
        client = RetryingClient(
            request_timeout=self._timeout,
            raise_for_status=False,
            status_codes=TRANSIENT,
            retry_condition=self._is_short_throttle,
            request_max_attempts=1 + RETRIES,
            request_backoff_factor=1,
            request_max_retry_delay=self.longest_wait,
        )
        session: requests.Session = client.session
        session.mount("http://", self._adapter)
        session.mount("https://", self._adapter)
        retrying: Any = session.send.retry  # type: ignore[attr-defined]  # tenacity hangs it on what it wraps
        retrying.wait = _wait(retrying.wait, self._throttled_for)
        return session

    def _throttled_for(self, answer: requests.Response | None) -> float | None:
        """Seconds until a throttled call may be tried again; None if it was not throttled, or for too long."""
        if answer is None or not isinstance(answer.content, bytes):
            return None
        error = self._diagnose(answer.status_code, {k.lower(): v for k, v in answer.headers.items()}, answer.content)
        if not isinstance(error, QuotaExhausted):
            return None
        usual = {"second": 1.1, "minute": 61.0}.get(error.period)
        seconds = _seconds(answer.headers.get("Retry-After")) or error.retry_after or usual
        return seconds if seconds is not None and seconds <= self.longest_wait else None

    def _is_short_throttle(self, answer: requests.Response | None, error: BaseException | None) -> bool:
        return self._throttled_for(answer) is not None


class _TooLarge(Exception):
    """A body exceeded the bound."""


class _MeteredAdapter(HTTPAdapter):
    """Takes a place in the allowance for each attempt, and reads bodies whole within bounds of size and time."""

    def __init__(self, allowance: Allowance, bound: int, timeout: float) -> None:
        super().__init__(pool_maxsize=2)
        self.allowance = allowance
        self.bound = bound
        self.patience = 4 * timeout
        self.attempts = 0

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        self.allowance.take()
        self.attempts += 1
        answer = super().send(request, *args, **kwargs)
        deadline, pieces, size = time.monotonic() + self.patience, [], 0
        for piece in answer.iter_content(65536):
            pieces.append(piece)
            size += len(piece)
            if size > self.bound:
                answer.close()
                raise _TooLarge(f"the answer is larger than {self.bound:,} bytes (largest_response_bytes)")
            if time.monotonic() > deadline:
                answer.close()
                raise requests.ReadTimeout(f"the body was not complete after {self.patience:.0f} s")
        answer._content = b"".join(pieces)
        return answer


def _wait(
    backoff: wait_exponential_retry_after, throttled_for: Callable[[requests.Response | None], float | None]
) -> Callable[[RetryCallState], float]:
    def wait(state: RetryCallState) -> float:
        outcome = state.outcome
        answer = outcome.result() if outcome and not outcome.failed else None
        return (throttled_for(answer) or backoff(state)) + random.uniform(0, 0.5)

    return wait


def _seconds(retry_after: str | None) -> float | None:
    return float(retry_after) if retry_after and retry_after.strip().isdigit() else None


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
