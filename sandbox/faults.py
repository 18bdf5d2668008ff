"""Faults on demand: errors of a provider or of the connection, a given number of times."""

import re
import threading
from dataclasses import dataclass, fields
from typing import Literal, get_args

Kind = Literal["status", "timeout", "truncate", "slow", "html", "empty", "reset", "note"]


@dataclass
class Fault:
    """`match` is a path prefix or a regular expression searched in path and query; `times` -1 means always.

    `status` responds with `status` (and Retry-After `retry_after`), `timeout` waits `seconds` and closes the
    connection, `slow` takes `seconds` for the body, `truncate` sends half of it (`cut="connection"`: with the
    Content-Length of the whole), `html` sends a web page, `empty` nothing, `reset` resets the connection at once,
    `note` sends Alpha Vantage's old error in "Note", with HTTP 200.
    """

    match: str
    kind: Kind
    times: int = 1
    status: int = 503
    retry_after: int | str | None = None
    seconds: float = 30.0
    cut: Literal["body", "connection"] = "body"
    body: str | None = None

    def __post_init__(self) -> None:
        if self.kind not in get_args(Kind):
            raise ValueError(f"unknown kind of fault {self.kind!r}: it is one of {', '.join(get_args(Kind))}")
        if self.times < 1 and self.times != -1:
            raise ValueError(f"a fault strikes at least once, or for ever (-1): not {self.times} times")
        re.compile(self.match)

    def meets(self, target: str) -> bool:
        return target.startswith(self.match) or re.search(self.match, target) is not None


class Faults:
    """The pending faults, in the order in which they were added. Thread-safe."""

    def __init__(self) -> None:
        self._pending: list[Fault] = []
        self._lock = threading.Lock()

    def add(self, fault: Fault) -> None:
        with self._lock:
            self._pending.append(fault)

    def clear(self) -> None:
        with self._lock:
            self._pending.clear()

    def pending(self) -> list[Fault]:
        with self._lock:
            return list(self._pending)

    def strike(self, target: str) -> Fault | None:
        """The fault for a request to `target`, if any; counts it as used once."""
        with self._lock:
            for fault in self._pending:
                if fault.meets(target):
                    fault.times -= 1
                    if fault.times == 0:
                        self._pending.remove(fault)
                    return fault
        return None


def read_fault(order: dict[str, object]) -> Fault:
    """A fault from JSON. Raises ValueError for unknown fields."""
    known = {field.name for field in fields(Fault)}
    if unknown := set(order) - known:
        raise ValueError(f"unknown field {', '.join(sorted(unknown))}: a fault has {', '.join(sorted(known))}")
    try:
        return Fault(**order)  # type: ignore[arg-type]  # checked by Fault itself
    except (TypeError, re.error) as error:
        raise ValueError(str(error)) from error
