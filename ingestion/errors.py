"""The errors of providers, by name.

Messages name the source, the endpoint, the scope (ticker, session or feed) and what to do next. They never contain a
key.
"""

from typing import ClassVar

LONGEST_DETAIL = 1000


class MarketloomError(Exception):
    """Base of all errors that marketloom raises on purpose; its message is meant for the user."""


class ConfigurationError(MarketloomError):
    """A setting is missing or invalid; the message names it and says what to write."""


class ProviderError(MarketloomError):
    """A provider responded with something other than data.

    `outcome` is the value of `raw_ops.requests.outcome`.
    """

    outcome: ClassVar[str] = "provider_error"
    remedy: ClassVar[str] = "see the provider's documentation"

    def __init__(self, detail: str, *, source: str = "", endpoint: str = "", scope: str = "") -> None:
        detail = detail if len(detail) <= LONGEST_DETAIL else f"{detail[:LONGEST_DETAIL]}…"
        # What a provider wrote must not break lines, logs or text columns.
        self.detail = "".join(letter if letter.isprintable() else " " for letter in detail)
        self.source = source
        self.endpoint = endpoint
        self.scope = scope
        super().__init__(self.detail)

    def __str__(self) -> str:
        place = " ".join(part for part in (self.source, self.endpoint, self.scope) if part)
        return f"{place}: {self.detail} ({self.remedy})" if place else f"{self.detail} ({self.remedy})"


class QuotaExhausted(ProviderError):
    """The calls per `period` ("second", "minute", "day") are used up. `retry_after` is in seconds, if known."""

    outcome = "quota_exhausted"
    remedy = "wait for the allowance to renew, request less, or raise the plan"

    def __init__(self, detail: str, *, period: str = "minute", retry_after: float | None = None, **place: str) -> None:
        super().__init__(detail, **place)
        self.period = period
        self.retry_after = retry_after


class NotEntitled(ProviderError):
    """The key is valid, but the plan does not include this data."""

    outcome = "not_entitled"
    remedy = "choose dates and endpoints inside the plan, or upgrade it"


class AuthenticationFailed(ProviderError):
    """The key is missing or unknown to the provider."""

    outcome = "authentication_failed"
    remedy = "check the api_key in .dlt/secrets.toml or its environment variable"


class UnknownTicker(ProviderError):
    """The provider does not know the security, or has no data for it."""

    outcome = "unknown_ticker"
    remedy = "check the ticker's spelling and that it was listed in the period"


class ProviderUnavailable(ProviderError):
    """Time-outs, broken connections and 5xx responses that remained after all retries."""

    outcome = "provider_unavailable"
    remedy = "run again later; what was received is kept"


class MalformedResponse(ProviderError):
    """The response is not what the endpoint is documented to send: truncated, HTML, another shape."""

    outcome = "malformed_response"
    remedy = "look at the landed response; if the format has changed, the parser must follow"
