"""Read single values from providers strictly: a value of the declared type, or `Unreadable` with a reason."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime
from math import isfinite

import orjson
import pyarrow as pa

from ingestion.model import TIMESTAMP

EARLIEST, LATEST = date(1900, 1, 1), date(2200, 12, 31)

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
# Midnight in any zone is the zone's date: pandas writes a session as 2024-01-02 00:00:00-05:00.
_DATE = re.compile(r"(\d{4})-(\d\d)-(\d\d)([T ]00:00(:00(\.0+)?)?(Z| ?[+-]\d\d:?\d\d)?)?", re.ASCII)
_COMPACT_UTC = re.compile(r"\d{8}T\d{6}", re.ASCII)


class Unreadable(ValueError):
    """A value cannot be read as its declared type; the message says why, without the column."""


def show(value: object) -> str:
    """`value` as a short, printable text."""
    try:
        text = repr(value)
    except RecursionError:
        text = f"a deeply nested {type(value).__name__}"
    return text if len(text) <= 80 else f"{text[:77]}..."


def read_timestamp(value: object) -> datetime:
    """Read a time in UTC: ISO 8601 with Z or an offset, `YYYYMMDDTHHMMSS` (UTC), or RFC 822 with a zone it defines.

    Rejects times without a zone, with a zone name that RFC 822 does not define (CET, IST, …), or outside 1900 to 2200.
    """
    if not isinstance(value, str):
        raise Unreadable(f"{show(value)} is not a time")
    text = value.strip()
    try:
        moment = datetime.fromisoformat(f"{text}Z" if _COMPACT_UTC.fullmatch(text) else text)
    except ValueError:
        moment = _read_rfc822(text)
    if moment.tzinfo is None:
        raise Unreadable(f"{show(value)} has no time zone that can be known")
    try:
        moment = moment.astimezone(UTC)
    except (OverflowError, ValueError):
        raise Unreadable(f"{show(value)} is not a time between 1900 and 2200") from None
    if not EARLIEST <= moment.date() <= LATEST:
        raise Unreadable(f"{show(value)} is not a time between 1900 and 2200")
    return moment


def _read_rfc822(text: str) -> datetime:
    try:
        if ":" not in text:
            raise ValueError
        return parsedate_to_datetime(text)  # without tzinfo for no zone, an unknown name, and "-0000"
    except (ValueError, OverflowError, IndexError, TypeError):
        raise Unreadable(f"{show(text)} is not a time that can be read") from None


def read_text(value: object) -> str:
    if not isinstance(value, str):
        raise Unreadable(f"{show(value)} is not text")
    if "\0" in value:
        raise Unreadable(f"{show(value)} holds a NUL character, which no text column can store")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise Unreadable(f"{show(value)} is not valid Unicode text") from None
    return value


def read_json(value: object) -> str:
    if not isinstance(value, list | dict):
        raise Unreadable(f"{show(value)} is not a list or an object")
    try:
        text = orjson.dumps(value).decode()
    except (TypeError, ValueError, RecursionError):
        raise Unreadable(f"{show(value)} cannot be written as JSON text") from None
    if "\\u0000" in text:
        raise Unreadable(f"{show(value)} holds a NUL character, which no text column can store")
    return text


def read_double(value: object) -> float:
    """Read a finite number, from a number or its decimal text."""
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        value = float(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Unreadable(f"{show(value)} is not a number")
    try:
        number = float(value)
    except OverflowError:
        number = float("inf")
    if not isfinite(number):
        raise Unreadable(f"{show(value)} is not a finite number")
    return number


def _read_int(value: object) -> int:
    number = read_double(value)
    if isinstance(value, str) and value.lstrip("+-").isdecimal():
        value = int(value)
    if not isinstance(value, int):
        # Beyond 2^53 a double is ambiguous.
        if not number.is_integer() or abs(number) > 2**53:
            raise Unreadable(f"{show(value)} is not a whole number")
        value = int(number)
    if not -(2**63) <= value < 2**63:
        raise Unreadable(f"{show(value)} does not fit a 64-bit integer")
    return value


def _read_bool(value: object) -> bool:
    known = {"true": True, "false": False, "1": True, "0": False}
    if isinstance(value, str) and value.lower() in known:
        return known[value.lower()]
    if not isinstance(value, bool):
        raise Unreadable(f"{show(value)} is not true or false")
    return value


def _read_date(value: object) -> date:
    try:
        parts = _DATE.fullmatch(value) if isinstance(value, str) else None
        if parts is None:
            raise ValueError
        day = date(int(parts[1]), int(parts[2]), int(parts[3]))
    except ValueError:
        raise Unreadable(f"{show(value)} is not a date (YYYY-MM-DD)") from None
    if not EARLIEST <= day <= LATEST:
        raise Unreadable(f"{show(value)} is not a date between 1900 and 2200")
    return day


READERS: dict[pa.DataType, Callable[[object], object]] = {
    pa.string(): read_text,
    pa.float64(): read_double,
    pa.int64(): _read_int,
    pa.bool_(): _read_bool,
    pa.date32(): _read_date,
    TIMESTAMP: read_timestamp,
}
