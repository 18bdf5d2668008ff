"""Below the client: one session with retries, metered attempts, and bodies read within bounds of size and time."""

import random
import time
from collections.abc import Callable, Iterator
from typing import Any

import requests
import urllib3.exceptions
from dlt.sources.helpers.requests import Client as RetryingClient
from requests.adapters import HTTPAdapter
from tenacity import RetryCallState

from ingestion.extract.quota import Allowance

RETRIES = 3
PIECE = 1 << 20

Pause = Callable[[requests.Response], float | None]


class TooLarge(Exception):
    """A body exceeded the bound."""


class MeteredAdapter(HTTPAdapter):
    """Takes a place in the allowance for each attempt, and reads bodies whole, `bound` bytes of them at most."""

    def __init__(self, allowance: Allowance, bound: int, timeout: float) -> None:
        super().__init__(pool_maxsize=2)
        self.allowance = allowance
        self.bound = bound
        self.patience = 4 * timeout
        self.attempts = 0

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        self.allowance.take()
        self.attempts += 1
        answer = super().send(request, *args, **kwargs)
        deadline, pieces, size = time.monotonic() + self.patience, [], 0
        for piece in _pieces(answer):
            pieces.append(piece)
            size += len(piece)
            if size > self.bound:
                answer.close()
                raise TooLarge(f"the answer is larger than {self.bound:,} bytes (largest_response_bytes)")
            if time.monotonic() > deadline:
                answer.close()
                raise requests.ReadTimeout(f"the body was not complete after {self.patience:.0f} s")
        answer._content = b"".join(pieces)
        answer.close()
        return answer


def make_session(adapter: MeteredAdapter, *, timeout: float, backoff: float, pause: Pause) -> requests.Session:
    """A session that tries again where the connection failed, and where `pause` of an answer says that it should.

    `pause` gives the seconds that the answer asks for (0: none in particular), None where it is final. The first
    retry comes `backoff` seconds after the failure, each later one after twice the time, with jitter.
    """

    def is_worth_another_try(answer: requests.Response | None, error: BaseException | None) -> bool:
        return answer is not None and pause(answer) is not None

    client = RetryingClient(
        request_timeout=timeout,
        raise_for_status=False,
        status_codes=(),
        retry_condition=is_worth_another_try,
        request_max_attempts=1 + RETRIES,
    )
    session: requests.Session = client.session
    session.mount("http://", adapter)
    session.mount("https://", adapter)

    def wait(state: RetryCallState) -> float:
        outcome = state.outcome
        asked = pause(outcome.result()) if outcome and not outcome.failed else None
        usual = backoff * 2 ** (state.attempt_number - 1)
        return (asked or usual) + random.uniform(0, backoff / 2)

    retrying: Any = session.send.retry  # type: ignore[attr-defined]  # tenacity hangs it on what it wraps
    retrying.wait = wait
    return session


def _pieces(answer: requests.Response) -> Iterator[bytes]:
    """The body, decoded, as it arrives: `iter_content` would wait for a whole piece, however slowly it drips."""
    try:
        while piece := answer.raw.read1(PIECE, decode_content=True):
            yield piece
    except urllib3.exceptions.ReadTimeoutError as problem:
        raise requests.ReadTimeout("the body stopped coming") from problem
    except urllib3.exceptions.ProtocolError as problem:
        raise requests.exceptions.ChunkedEncodingError("the body broke off") from problem
    except urllib3.exceptions.DecodeError as problem:
        raise requests.exceptions.ContentDecodingError("the body is not compressed as it says") from problem
