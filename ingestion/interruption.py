"""End a command that is interrupted: Ctrl-C, or a SIGTERM from a scheduler.

Landing, load packages and the warehouse are made to be left at any moment, even by `kill -9`, so that the process ends
at once instead of unwinding two threads, dlt and a progress line. https://tldp.org/LDP/abs/html/exitcodes.html
"""

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any

import psutil

GRACE = 5  # seconds for programs that this command started, such as dbt
ENDS = {signal.SIGINT: "interrupted", signal.SIGTERM: "terminated", signal.SIGHUP: "hung up"}
SHOW_CURSOR = "\x1b[?25h"


@contextmanager
def ends_when_interrupted() -> Iterator[None]:
    """For the duration of the block, a signal ends the process with one line and the status 128 + signal."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    # One that is ignored stays ignored, as `nohup` wants it.
    chosen = [number for number in ENDS if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, _end) for number in chosen}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def left_to_the_child() -> Iterator[None]:
    """For the duration of the block, Ctrl-C is for the interactive program that this one waits for."""
    before: Any = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _end(number: int, frame: FrameType | None) -> None:
    for other in ENDS:
        signal.signal(other, signal.SIG_IGN)
    _end_children()
    with suppress(Exception):
        sys.stdout.flush()
    shown = SHOW_CURSOR if os.isatty(2) else ""
    kept = "what was received is kept, and the next run goes on from there"
    line = f"{shown}marketloom: {ENDS[signal.Signals(number)]}; {kept}"
    with suppress(OSError):
        os.write(2, f"{line}\n".encode())
    os._exit(128 + number)


def _end_children() -> None:
    """End the programs of this session. The embedded server has a session of its own, and stays."""
    with suppress(psutil.Error, OSError):
        session = os.getsid(0)
        children = [child for child in psutil.Process().children(recursive=True) if _session_of(child) == session]
        # Ctrl-C has reached them too, and they may be about to end by themselves.
        _, alive = psutil.wait_procs(children, timeout=1)
        for child in alive:
            with suppress(psutil.Error):
                child.terminate()
        _, alive = psutil.wait_procs(alive, timeout=GRACE)
        for child in alive:
            with suppress(psutil.Error):
                child.kill()


def _session_of(process: psutil.Process) -> int | None:
    with suppress(OSError):
        return os.getsid(process.pid)
    return None
