"""Decode JSON bodies: strictly where possible, leniently where only single rows are wrong."""

import json
import threading
from typing import Any

import orjson


class _Decoded(threading.local):
    """The last body that a thread has decoded, and what it holds."""

    body: bytes | None = None
    content: Any = None


_last = _Decoded()


def decode_json(body: bytes) -> Any:
    """What a JSON body holds, or ValueError that says what stands there instead. It is shared: not to be changed.

    The same body is looked at several times on its way (is it an error, is there a next page, which rows), and decoded
    once: the last one is remembered until the next comes.
    """
    if _last.body is not body:
        _last.body = _last.content = None
        _last.content = _decode(body)
        _last.body = body
    return _last.content


def _decode(body: bytes) -> Any:
    """What strict JSON forbids but only spoils single rows (NaN, lone surrogates, bytes that are not UTF-8) is let
    through as text that no column accepts, so that one bad row does not cost ten thousand good ones.
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
            raise ValueError(f"expected JSON, found {start!r}… ({len(body)} bytes; {problem})") from None


def looks_like_markup(body: bytes) -> bool:
    """Whether the body is HTML or XML where JSON or CSV was expected."""
    return body[:200].removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"<"
