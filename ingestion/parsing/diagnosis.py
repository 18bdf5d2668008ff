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


def diagnose(status: int, headers: Mapping[str, str], body: bytes) -> ProviderError | None:
    """The error that a response means, by the rules that all providers share; None for a good response."""
    return failure_of_status(status, headers, message_of(body, "error", "message")) or unusable_body(body)


def failure_of_status(
    status: int, headers: Mapping[str, str], detail: str, *, period: str = "minute"
) -> ProviderError | None:
    """The error that an HTTP status means; None for 2xx and 304. `period` is the provider's shortest quota."""
    if 200 <= status < 300 or status == 304:
        return None
    message = f"HTTP {status}" + (f": {detail}" if detail else "")
    if status == 401:
        return AuthenticationFailed(message)
    if status in (402, 403):
        return NotEntitled(message)
    if status == 429:
        return QuotaExhausted(message, period=period, retry_after=retry_after(headers))
    if status >= 500 or status == 408:
        return ProviderUnavailable(message)
    return MalformedResponse(message)


def retry_after(headers: Mapping[str, str]) -> float | None:
    """The seconds that the Retry-After header names, as a number or a date; None without a readable one."""
    value = headers.get("retry-after", "").strip()
    if value.isascii() and value.isdigit():
        return float(value[:9])
    try:
        moment = parsedate_to_datetime(value)
        return max(0.0, ((moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def message_of(body: bytes, *keys: str) -> str:
    """The provider's message: the first of `keys` in a JSON object, else the start of a plain text body."""
    try:
        content = decode_json(body)
    except ValueError:
        text = body[:300].decode("utf-8", "replace").strip()
        return "" if looks_like_markup(body) else " ".join(text.split())
    if not isinstance(content, dict):
        return ""
    message = next((content[key][:500] for key in keys if isinstance(content.get(key), str)), "")
    return message.encode(errors="replace").decode()


def unusable_body(body: bytes) -> MalformedResponse | None:
    """The error for a body that is neither JSON nor CSV: empty, or a web page."""
    if not body.strip():
        return MalformedResponse("expected data, found an empty body")
    if looks_like_markup(body):
        return MalformedResponse(f"expected data, found a web page: {body[:60]!r}")
    return None
