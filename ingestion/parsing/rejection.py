"""Reject responses and rows, with the row as text and a reason."""

import json
from collections.abc import Iterable
from typing import Any, NoReturn

import orjson

from ingestion.errors import MalformedResponse
from ingestion.model import Response, scope_of
from ingestion.parsing.json_body import decode_json
from ingestion.parsing.values import show

MAX_ROW_TEXT = 64 * 1024


def reject(response: Response, detail: str) -> NoReturn:
    """Reject the whole response: it is not what its endpoint is documented to send. Raises MalformedResponse."""
    scope = scope_of(response.params)
    raise MalformedResponse(detail, source=response.source, endpoint=response.endpoint, scope=scope)


def load_json(response: Response) -> Any:
    """The JSON body, which must not be changed; MalformedResponse if it is none."""
    try:
        return decode_json(response.body)
    except ValueError as problem:
        reject(response, str(problem))


def json_object(response: Response) -> dict[str, Any]:
    """The body as a JSON object, which must not be changed; MalformedResponse if it is none."""
    body = load_json(response)
    if not isinstance(body, dict):
        reject(response, f"expected a JSON object, found {type(body).__name__}")
    return body


def found(keys: Iterable[str]) -> str:
    """The keys of an unexpected shape, for a message."""
    names = sorted(keys)
    return ", ".join(show(name) for name in names[:8]) + (", …" if len(names) > 8 else "") or "nothing"


def row_text(row: object) -> str:
    """A rejected row as compact JSON, truncated at 64 KiB (landing has all of it)."""
    try:
        text = orjson.dumps(row).decode()
    except (TypeError, ValueError, RecursionError):
        try:
            text = json.dumps(row, separators=(",", ":"), default=str)
        except (ValueError, RecursionError):
            text = show(row)
    text = text.replace("\0", "")
    return text if len(text) <= MAX_ROW_TEXT else f"{text[:MAX_ROW_TEXT]}… (cut; {len(text)} characters)"
