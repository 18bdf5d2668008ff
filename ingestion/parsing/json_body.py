"""Decode JSON bodies: strictly where possible, leniently where only single rows are wrong."""

import json
import threading
from typing import Any

import orjson


class _Decoded(threading.local):
    """The last body that a thread decoded, and its content."""

    body: bytes | None = None
    content: Any = None


_last = _Decoded()


def decode_json(body: bytes) -> Any:
    """The content of a JSON body, which must not be changed; ValueError with the start of any other body.

    A body is needed several times (is it an error, is there a next page, which rows), so the last one is cached.
    """
    if _last.body is not body:
        _last.body = _last.content = None
        _last.content = _decode(body)
        _last.body = body
    return _last.content


def _decode(body: bytes) -> Any:
    """Decode leniently what strict JSON forbids but affects single rows only (NaN, lone surrogates, other bytes).

    It becomes text that no column accepts, so that one bad row does not cost ten thousand good ones.
    """
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as problem:
        if not body.strip():
            raise ValueError("expected JSON, found an empty body") from None
        try:
            return json.loads(body.decode("utf-8-sig", "surrogateescape"), parse_constant=str, strict=False)
        except (ValueError, RecursionError):
            start = body[:60].decode("utf-8", "replace")
            reason = str(problem).replace("unexpected end of data", "cut short").replace("unexpected", "wrong")
            raise ValueError(f"expected JSON, found {start!r}… ({len(body)} bytes; {reason})") from None


def looks_like_markup(body: bytes) -> bool:
    """True if the body is HTML or XML."""
    return body[:200].removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"<"
