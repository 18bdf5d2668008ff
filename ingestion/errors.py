"""Every way in which a provider can fail us, by name.

Messages name the source, the endpoint, the scope (ticker, session or feed) and what to do next.
They are redacted before they are raised and never hold a key.
"""

from typing import ClassVar


class MarketloomError(Exception):
    """Base of all errors that marketloom raises on purpose; its text is fit to show to a user."""


class ProviderError(MarketloomError):
    """A provider answered with something other than data.

    `outcome` is the word written to `raw_ops.requests.outcome`.
    """

    outcome: ClassVar[str] = "provider_error"
    remedy: ClassVar[str] = "see the provider's documentation"

    def __init__(self, detail: str, *, source: str = "", endpoint: str = "", scope: str = "") -> None:
        self.detail = detail
        self.source = source
        self.endpoint = endpoint
        self.scope = scope
        super().__init__(detail)

    def __str__(self) -> str:
        place = " ".join(part for part in (self.source, self.endpoint, self.scope) if part)
        return f"{place}: {self.detail} ({self.remedy})" if place else f"{self.detail} ({self.remedy})"


class QuotaExhausted(ProviderError):
    """The call allowance is used up, per `period` ("second", "minute", "day"); seconds to a retry, if known."""

    outcome = "quota_exhausted"
    remedy = "wait for the allowance to renew, ask for less, or raise the plan"

    def __init__(self, detail: str, *, period: str = "minute", retry_after: float | None = None, **place: str) -> None:
        super().__init__(detail, **place)
        self.period = period
        self.retry_after = retry_after


class NotEntitled(ProviderError):
    """The key is good, the plan does not include this data."""

    outcome = "not_entitled"
    remedy = "choose dates and endpoints inside the plan, or upgrade it"


class AuthenticationFailed(ProviderError):
    """The key is missing or unknown to the provider."""

    outcome = "authentication_failed"
    remedy = "check the api_key in .dlt/secrets.toml or its environment variable"


class UnknownTicker(ProviderError):
    """The provider does not know the security, or has nothing for it."""

    outcome = "unknown_ticker"
    remedy = "check the ticker's spelling and that it was listed in the period"


class ProviderUnavailable(ProviderError):
    """Time-outs, broken connections and 5xx answers that outlived the retries."""

    outcome = "provider_unavailable"
    remedy = "run again later; what was received is kept"


class MalformedResponse(ProviderError):
    """The answer is not what the endpoint is documented to send: cut short, HTML, another shape."""

    outcome = "malformed_response"
    remedy = "look at the landed response; if the format has changed, the parser must follow"
