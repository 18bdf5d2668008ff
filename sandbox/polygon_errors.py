"""Polygon's errors, and its parameters."""

import base64
import binascii
from collections.abc import Mapping
from datetime import UTC, date, datetime

import orjson

from sandbox.sessions import NEW_YORK


class PolygonError(Exception):
    """A response other than data. 403 bodies have `message`, all others `error`."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status, self.text = status, text
        self.field = "message" if status == 403 else "error"
        self.word = "NOT_AUTHORIZED" if status == 403 else "ERROR"


def read_date(text: str, name: str) -> date:
    """YYYY-MM-DD, or an epoch in milliseconds as a New York date."""
    try:
        if text.isdigit():
            return datetime.fromtimestamp(int(text) / 1000, NEW_YORK).date()
        return date.fromisoformat(text)
    except (ValueError, OverflowError) as error:
        raise PolygonError(
            400, f"Could not parse the time parameter: '{name}'. Use YYYY-MM-DD or Unix MS Timestamps"
        ) from error


def read_instant(text: str, name: str) -> datetime:
    """A date or an RFC 3339 instant, as UTC."""
    try:
        instant = datetime.fromisoformat(text)
    except ValueError as error:
        raise PolygonError(400, f"failed to parse {name}: {text!r} is neither a date nor RFC3339") from error
    return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)


def read_limit(text: str | None, default: int, most: int) -> int:
    if text is None:
        return default
    if not text.isdigit() or not 1 <= int(text) <= most:
        raise PolygonError(400, f"'limit' must be between 1 and {most}")
    return int(text)


def read_bool(text: str, name: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise PolygonError(400, f"'{name}' must be true or false")
    return text.lower() == "true"


def write_cursor(state: Mapping[str, object]) -> str:
    return base64.urlsafe_b64encode(orjson.dumps(dict(state))).decode().rstrip("=")


def read_cursor(text: str) -> dict[str, str]:
    try:
        state = orjson.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (binascii.Error, orjson.JSONDecodeError, ValueError) as error:
        raise PolygonError(400, "failed to parse cursor") from error
    if not isinstance(state, dict):
        raise PolygonError(400, "failed to parse cursor")
    return {str(key): str(value) for key, value in state.items()}


def envelope(rows: list[bytes], request_id: str, next_url: str | None) -> bytes:
    """A page of a reference endpoint, its keys in the provider's order."""
    tail = f'],"status":"OK","request_id":"{request_id}","count":{len(rows)}'
    following = f',"next_url":"{next_url}"' if next_url else ""
    return b'{"results":[' + b",".join(rows) + (tail + following + "}").encode()
