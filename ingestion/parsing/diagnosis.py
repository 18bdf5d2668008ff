"""Turn HTTP responses without data into errors: the rules that all providers share."""

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from ingestion.errors import (
    AuthenticationFailed,
    MalformedResponse,
    NotEntitled,
    ProviderError,
    ProviderUnavailable,
    QuotaExhausted,
)
from ingestion.parsing.json_body import decode_json, looks_like_markup


def failure_of_status(
    status: int, headers: Mapping[str, str], detail: str, *, period: str = "minute"
) -> ProviderError | None:
    """The error that the HTTP status alone tells, None for 2xx and 304. `period` is the provider's shortest quota."""
    if 200 <= status < 300 or status == 304:
        return None
    told = f"HTTP {status}" + (f": {detail}" if detail else "")
    if status == 401:
        return AuthenticationFailed(told)
    if status in (402, 403):
        return NotEntitled(told)
    if status == 429:
        return QuotaExhausted(told, period=period, retry_after=retry_after(headers))
    if status >= 500 or status == 408:
        return ProviderUnavailable(told)
    return MalformedResponse(told)


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds that the Retry-After header asks for, as a number or a date; None without one that can be read."""
    value = headers.get("retry-after", "").strip()
    if value.isascii() and value.isdigit():
        return float(value[:9])
    try:
        moment = parsedate_to_datetime(value)
        return max(0.0, ((moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def message_of(body: bytes, *keys: str) -> str:
    """The provider's own words: the first of `keys` in a JSON object, else the start of a plain text body."""
    try:
        content = decode_json(body)
    except ValueError:
        text = body[:300].decode("utf-8", "replace").strip()
        return "" if looks_like_markup(body) else " ".join(text.split())
    if not isinstance(content, dict):
        return ""
    told = next((content[key][:500] for key in keys if isinstance(content.get(key), str)), "")
    return told.encode(errors="replace").decode()


def unusable_body(body: bytes) -> MalformedResponse | None:
    """The error for a body that can be neither JSON nor CSV: empty, or a web page."""
    if not body.strip():
        return MalformedResponse("expected data, found an empty body")
    if looks_like_markup(body):
        return MalformedResponse(f"expected data, found a web page: {body[:60]!r}")
    return None
