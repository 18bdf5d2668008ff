"""Addresses from settings, users and providers: put right where it is certain what is meant, else refused.

Nothing that a user or a provider writes changes the path of a request: values are percent-encoded, and a next page is
asked of the configured host at the endpoint's own path.
"""

import re
from collections.abc import Mapping
from ipaddress import ip_address
from urllib.parse import SplitResult, quote, unquote, urljoin, urlsplit, urlunsplit

from ingestion.errors import ConfigurationError, MalformedResponse
from ingestion.extract.redaction import without_secrets

LONGEST_ADDRESS = 8192
LONGEST_TICKER = 32
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_DOTS = re.compile(r"\.{1,2}")
_NO_TICKER = re.compile(r"[?%\\,;\"'<>{}|`]")


def variable_of(source: str, name: str) -> str:
    """Where to correct a setting of a source, for messages."""
    return f"SOURCES__{source.upper()}__{name.upper()} or [sources.{source}] {name} in .dlt/config.toml"


def is_loopback(host: str) -> bool:
    """True if the host is this machine."""
    name = host.strip("[]").rstrip(".").lower()
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        address = ip_address(name)
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


def base_address(base: str, setting: str) -> str:
    """The provider's base URL with its scheme, without slashes at the end. Raises ConfigurationError."""
    parts = _web_address(base, setting)
    if parts.username is not None or parts.password is not None:
        raise ConfigurationError(f"{setting} holds a user or password, which no provider expects: remove it")
    if parts.query or parts.fragment or "?" in base or "#" in base:
        raise ConfigurationError(f"{setting} holds a query or fragment: end it with the path")
    if any(_DOTS.fullmatch(unquote(segment)) for segment in parts.path.split("/")):
        raise ConfigurationError(f"{setting} has '..' in its path: write the path that is meant")
    return urlunsplit(parts).rstrip("/")


def feed_address(url: object, setting: str) -> str:
    """The URL of a feed, without a fragment. Raises ConfigurationError."""
    if not isinstance(url, str):
        raise ConfigurationError(f"{setting} must be an address, such as https://example.com/feed.xml")
    text = url.strip()
    if match := re.match(r"feed:(//)?(?=https?:)", text, re.IGNORECASE):
        text = text[match.end() :]
    elif match := re.match(r"feed://", text, re.IGNORECASE):
        text = f"http://{text[match.end() :]}"  # what the scheme has always stood for
    return urlunsplit(_web_address(text, setting)._replace(fragment=""))


def _web_address(text: str, setting: str) -> SplitResult:
    """The parts of an http(s) address; the scheme is added where there is none. Raises ConfigurationError."""
    text = text.strip().strip("\ufeff\u200b").strip()
    if not text:
        raise ConfigurationError(f"{setting} is empty: write an address, such as https://example.com, or remove it")
    if _CONTROL.search(text) or len(text) > LONGEST_ADDRESS:
        raise ConfigurationError(f"{setting} has line breaks or other control characters in it, or is far too long")
    if text.startswith("//"):
        text = text[2:]
    if not _SCHEME.match(text):
        host = re.split(r"[/?#]", text, maxsplit=1)[0]
        if re.match(r"[A-Za-z][A-Za-z0-9+.-]*:(?!\d{1,5}$)", host):  # mailto:, file:, a user and password
            raise ConfigurationError(f"{setting} is not a web address: it must begin with https:// or http://")
        name = host if host.startswith("[") else host.partition(":")[0]
        text = f"{'http' if is_loopback(name.partition(']')[0]) else 'https'}://{text}"
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError as problem:
        raise ConfigurationError(f"{setting} is not an address that can be read: {_without_quote(problem)}") from None
    if parts.scheme not in ("http", "https"):
        raise ConfigurationError(f"{setting} must begin with https:// or http://, not {parts.scheme}://")
    if not _is_host(host) or port == 0:
        raise ConfigurationError(f"{setting} names no host: write an address, such as https://example.com")
    return parts


def _is_host(host: str) -> bool:
    if ":" in host:
        return True  # urlsplit has checked an IPv6 address
    try:
        labels = host.rstrip(".").encode("idna").decode().split(".")
    except UnicodeError:
        return False
    return all(re.fullmatch(r"[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?", label) for label in labels)


def _without_quote(problem: ValueError) -> str:
    """The reason without what it quotes, which may be a password."""
    return str(problem).partition(":")[0].partition("'")[0].strip() or "invalid"


def usable_ticker(ticker: object) -> str:
    """The ticker without blanks around it. Raises ConfigurationError if no provider can have it."""
    text = ticker.strip() if isinstance(ticker, str) else ""
    shown = repr(ticker) if len(repr(ticker)) <= 60 else f"{repr(ticker)[:57]}..."
    if not text:
        raise ConfigurationError(f"ticker {shown} is empty or no text: write it in quotes, such as 'AAPL'")
    wrong = _CONTROL.search(text) or _NO_TICKER.search(text) or not text.isprintable()
    if wrong or len(text) > LONGEST_TICKER or any(_DOTS.fullmatch(part) for part in text.split("/")):
        raise ConfigurationError(f"ticker {shown} cannot be one: correct --ticker, or tickers in .dlt/config.toml")
    return text


def path_of(template: str, values: Mapping[str, object]) -> str:
    """The path of a request: the template with its values, of which texts are percent-encoded."""
    texts = {name: quote(value, safe="") if isinstance(value, str) else value for name, value in values.items()}
    return template.format(**texts)


def next_address(url: str, template: str, values: Mapping[str, object]) -> str:
    """The path and query of a next page, without keys, at the path of the endpoint.

    Its host is not used. Where the path holds dates or times, the provider may write them in another way. Raises
    MalformedResponse if the address cannot be of this endpoint.
    """
    text, first = url.strip(), path_of(template, values)
    if _CONTROL.search(text) or len(text) > LONGEST_ADDRESS:
        raise MalformedResponse("the address of the next page has control characters in it, or is far too long")
    try:
        parts = urlsplit(urljoin(first, text))
    except ValueError as problem:
        raise MalformedResponse(f"the address of the next page cannot be read: {problem}") from None
    if parts.scheme not in ("", "http", "https"):
        raise MalformedResponse(f"the next page is at {parts.scheme}:, not at a web address")
    wanted, given = template.split("/"), parts.path.split("/")[-len(template.split("/")) + 1 :]
    pairs = zip(wanted[1:], given, strict=False)
    if len(given) != len(wanted) - 1 or not all(_is_same_segment(*pair, values) for pair in pairs):
        raise MalformedResponse(f"the next page is at another path, {parts.path[:80]!r}, than the request, {first!r}")
    return without_secrets(urlunsplit(("", "", "/" + "/".join(given), parts.query, "")), at="")


def _is_same_segment(template: str, given: str, values: Mapping[str, object]) -> bool:
    if re.fullmatch(r"\{(since|until)\b[^}]*\}", template):
        return re.fullmatch(r"[0-9][0-9T:Z+-]*", unquote(given)) is not None
    return unquote(given) == unquote(path_of(template, values))
