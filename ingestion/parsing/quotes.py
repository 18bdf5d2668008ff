"""Find the lines of CSV text whose quotes do not match, so that a stray quote costs its own line and no other.

A CSV reader takes a quote at the start of a field as the start of quoted text, and reads on until the next quote, over
any number of lines. Here a quoted field may contain line breaks only if it closes properly and no line inside it is a
record by itself.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

IsRecord = Callable[[bytes], bool]

MAX_LINES = 1_000  # of one record
UNCLOSED = "a quote opens a field that is not closed properly"


@dataclass(frozen=True)
class Lines:
    """The lines of a text: `broken` are the numbers of those with unmatched quotes, `continued` of those inside a
    record; `end` is the number of the first line of a record that the text does not complete, or of all lines.

    `starts` has the place of each line, and the length of the text.
    """

    starts: np.ndarray
    broken: list[int]
    continued: list[int]
    end: int


def examine(text: bytes, delimiter: str, is_record: IsRecord | None, *, is_whole: bool = True) -> Lines:
    """Examine lines of CSV. Without `is_record` no field contains a line break.

    `is_record(line)` is true for a line that is a record by itself. If the text `is_whole`, what it does not complete
    is broken.
    """
    starts = _line_starts(text)
    syntax = _Syntax(delimiter)
    broken: list[int] = []
    continued: list[int] = []
    end = number = len(starts) - 1
    following = 0
    for number in _suspects(text, starts, syntax):
        if number < following:
            continue
        following = number + 1
        last = _last_line(text, starts, number, syntax, is_record) if is_record else None
        if last == len(starts) - 1 and not is_whole:
            end = number
            break
        if last is None or last == len(starts) - 1:
            broken.append(number)
        else:
            continued += range(number + 1, last + 1)
            following = last + 1
    return Lines(starts, broken, continued, end)


class _Syntax:
    """Regular expressions of one line, by whether it starts and ends inside a quoted field."""

    def __init__(self, delimiter: str) -> None:
        d = re.escape(delimiter)
        field = rf'(?:[^"{d}\r\n][^{d}\n]*|"(?:[^"]|"")*"|)'
        # RE2, which Arrow uses, has no possessive quantifiers and needs none.
        self.complete = rf"^{field}(?:{d}{field})*\r?\n?$"
        field = rf'(?:[^"{d}\r][^{d}]*+|"(?:[^"]++|"")*+"|)'
        inside = r'(?:[^"]++|"")*+'
        self.opens = re.compile(rf'(?:{field}{d})*"{inside}'.encode(), re.DOTALL)
        self.stays = re.compile(inside.encode(), re.DOTALL)
        self.closes = re.compile(rf'{inside}"(?:{d}{field})*+\r?'.encode(), re.DOTALL)
        self.reopens = re.compile(rf'{inside}"(?:{d}{field})*{d}"{inside}'.encode(), re.DOTALL)


def _line_starts(text: bytes) -> np.ndarray:
    ends = np.flatnonzero(np.frombuffer(text, np.uint8) == ord("\n")) + 1
    last = [len(text)] if text and not text.endswith(b"\n") else []
    return np.concatenate([[0], ends, last]).astype(np.int64)


def _suspects(text: bytes, starts: np.ndarray, syntax: _Syntax) -> Sequence[int]:
    """The numbers of the lines that are no complete record by their quotes."""
    if b'"' not in text:
        return []
    lines = pa.LargeBinaryArray.from_buffers(
        pa.large_binary(), len(starts) - 1, [None, pa.py_buffer(starts), pa.py_buffer(text)]
    )
    return pc.indices_nonzero(pc.invert(pc.match_substring_regex(lines, syntax.complete))).to_pylist()


def _line(text: bytes, starts: np.ndarray, number: int) -> bytes:
    return text[starts[number] : starts[number + 1]].removesuffix(b"\n")


def _last_line(text: bytes, starts: np.ndarray, first: int, syntax: _Syntax, is_record: IsRecord) -> int | None:
    """The last line of the record that starts on a line with an open quote.

    None if its quotes are wrong; the number of all lines if the text ends before the record.
    """
    opening = _line(text, starts, first)
    if not syntax.opens.fullmatch(opening):
        return None
    for number in range(first + 1, min(first + MAX_LINES, len(starts) - 1)):
        line = _line(text, starts, number)
        if syntax.closes.fullmatch(line):
            # A quote too many in each of two records makes one of them: both are records without their quotes.
            is_pair = is_record(opening.replace(b'"', b"")) and is_record(line.replace(b'"', b""))
            return None if is_pair else number
        if is_record(line) or not (syntax.stays.fullmatch(line) or syntax.reopens.fullmatch(line)):
            return None
    return None if first + MAX_LINES < len(starts) - 1 else len(starts) - 1
