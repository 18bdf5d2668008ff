"""HTTP transport: a session with retries, metered attempts, and bodies within bounds of size and time."""

import random
import time
from collections.abc import Callable, Iterator
from typing import Any

import requests
import urllib3.exceptions
from dlt.sources.helpers.requests import Client as RetryingClient
from requests.adapters import HTTPAdapter
from tenacity import RetryCallState

from ingestion.extract.quota import Allowances

RETRIES = 3
PIECE = 1 << 20

Pause = Callable[[requests.Response], float | None]


class TooLarge(Exception):
    """A body exceeds the bound."""


class MeteredAdapter(HTTPAdapter):
    """Takes each attempt from the allowance, and reads whole bodies of at most `bound` bytes.

    `location` is where the last response redirects to. requests does not see it: the client decides what to follow.
    """

    def __init__(self, allowances: Allowances, bound: int, timeout: float) -> None:
        super().__init__(pool_maxsize=2)
        self.allowances = allowances
        self.location: str | None = None
        self.bound = bound
        self.patience = 4 * timeout
        self.attempts = 0

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        self.allowances.take(request.url or "")
        self.attempts += 1
        self.location = None
        response = super().send(request, *args, **kwargs)
        self.location = response.headers.pop("location", None)
        deadline, pieces, size = time.monotonic() + self.patience, [], 0
        for piece in _pieces(response):
            pieces.append(piece)
            size += len(piece)
            if size > self.bound:
                response.close()
                raise TooLarge(f"the response is larger than {self.bound:,} bytes (largest_response_bytes)")
            if time.monotonic() > deadline:
                response.close()
                raise requests.ReadTimeout(f"the body was not complete after {self.patience:.0f} s")
        response._content = b"".join(pieces)
        response.close()
        return response


def make_session(adapter: MeteredAdapter, *, timeout: float, backoff: float, pause: Pause) -> requests.Session:
    """A session that retries failed connections, and responses for which `pause` returns a number.

    `pause` returns the seconds that a response names (0: none), None if it is final. The first retry comes `backoff`
    seconds after the failure, each later one after twice the time, with jitter.
    """

    def is_retried(response: requests.Response | None, error: BaseException | None) -> bool:
        return response is not None and pause(response) is not None

    client = RetryingClient(
        request_timeout=timeout,
        raise_for_status=False,
        status_codes=(),
        retry_condition=is_retried,
        request_max_attempts=1 + RETRIES,
    )
    session: requests.Session = client.session
    # Neither .netrc, whose login would replace the key, nor proxies: routes are chosen for each request.
    session.trust_env = False
    session.mount("http://", adapter)
    session.mount("https://", adapter)

    def wait(state: RetryCallState) -> float:
        outcome = state.outcome
        named = pause(outcome.result()) if outcome and not outcome.failed else None
        usual = backoff * 2 ** (state.attempt_number - 1)
        return (named or usual) + random.uniform(0, backoff / 2)

    retrying: Any = session.send.retry  # type: ignore[attr-defined]  # tenacity sets it on the function that it wraps
    retrying.wait = wait
    return session


def _pieces(response: requests.Response) -> Iterator[bytes]:
    """The decoded body as it arrives: `iter_content` would wait for a whole piece, however slow the connection."""
    try:
        while piece := response.raw.read1(PIECE, decode_content=True):
            yield piece
    except urllib3.exceptions.ReadTimeoutError as problem:
        raise requests.ReadTimeout("the body stopped arriving") from problem
    except urllib3.exceptions.ProtocolError as problem:
        raise requests.exceptions.ChunkedEncodingError("the body broke off") from problem
    except urllib3.exceptions.DecodeError as problem:
        raise requests.exceptions.ContentDecodingError("the body is not compressed as its header says") from problem
