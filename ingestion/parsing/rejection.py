"""Reject responses and rows, with the row as text and a reason."""

import json
from collections.abc import Iterable
from typing import Any, NoReturn

import orjson

from ingestion.errors import MalformedResponse
from ingestion.model import Response
from ingestion.parsing.json_body import decode_json
from ingestion.parsing.values import show

MAX_ROW_TEXT = 64 * 1024


def refuse(response: Response, detail: str) -> NoReturn:
    """Raise the error that says the whole `response` is not what its endpoint is documented to send."""
    scope = next((response.params[k] for k in ("ticker", "session", "feed", "archive") if k in response.params), "")
    raise MalformedResponse(detail, source=response.source, endpoint=response.endpoint, scope=scope)


def load_json(response: Response) -> Any:
    """The JSON body (not to be changed), or MalformedResponse."""
    try:
        return decode_json(response.body)
    except ValueError as problem:
        refuse(response, str(problem))


def json_object(response: Response) -> dict[str, Any]:
    """The body as a JSON object (not to be changed), or MalformedResponse."""
    body = load_json(response)
    if not isinstance(body, dict):
        refuse(response, f"expected a JSON object, found {type(body).__name__}")
    return body


def found(keys: Iterable[str]) -> str:
    """The keys of another shape than the expected one, for a message."""
    names = sorted(keys)
    return ", ".join(show(name) for name in names[:8]) + (", …" if len(names) > 8 else "") or "nothing"


def row_text(row: object) -> str:
    """A refused row as compact JSON in plain characters, cut at 64 KiB (landing has the whole)."""
    try:
        text = orjson.dumps(row).decode()
    except (TypeError, ValueError, RecursionError):
        try:
            text = json.dumps(row, separators=(",", ":"), default=str)
        except (ValueError, RecursionError):
            text = show(row)
    text = text.replace("\0", "")
    return text if len(text) <= MAX_ROW_TEXT else f"{text[:MAX_ROW_TEXT]}… (cut; {len(text)} characters)"
