"""One request, its proxy and its redirects: few, none in a circle, none that takes a key to another host."""

from collections.abc import Mapping
from urllib.parse import urldefrag, urljoin, urlsplit

import requests

from ingestion.errors import ConfigurationError, MalformedResponse, ProviderError, ProviderUnavailable
from ingestion.extract.addresses import is_loopback
from ingestion.extract.proxies import Route, route_to
from ingestion.extract.redaction import Redactor
from ingestion.extract.transport import MeteredAdapter, TooLarge

REDIRECTS = (301, 302, 303, 307, 308)
MOST_REDIRECTS = 5
PORTS = {"http": 80, "https": 443}


class Exchange:
    """Sends requests through a session; `route` is how the last one went."""

    def __init__(self, session: requests.Session, adapter: MeteredAdapter, redactor: Redactor, has_key: bool) -> None:
        self.session, self.adapter, self.redactor, self.has_key = session, adapter, redactor, has_key
        self.route = Route({})

    def get(
        self, address: str, params: Mapping[str, str], secrets: Mapping[str, str], headers: Mapping[str, str]
    ) -> tuple[requests.Response, MalformedResponse | None]:
        """The response at `address`, or where it redirects to; the last one, with why a redirect is not followed.

        `secrets` are the parameters that each request needs. Raises ConfigurationError for an unusable proxy.
        """
        sent = {**params, **secrets}
        seen, count = set[tuple[str, str]](), 0
        while True:
            # A site may redirect to the same address once it has set a cookie.
            cookies = str(self.session.cookies)
            self.take_route(address)
            response = self.session.get(
                address, params=sent, headers=headers, stream=True, allow_redirects=False, **self.route.arguments
            )
            seen |= {(address, cookies), (response.url, cookies)}
            location = self.adapter.location
            if response.status_code not in REDIRECTS or location is None:
                return response, None
            count += 1
            try:
                target = target_of(response.url, location, has_key=self.has_key)
                if (target, str(self.session.cookies)) in seen:
                    raise MalformedResponse("it redirects in a circle")
                if count > MOST_REDIRECTS:
                    raise MalformedResponse(f"it redirects more than {MOST_REDIRECTS} times")
            except MalformedResponse as refusal:
                return response, refusal
            address, sent = target, {name: value for name, value in secrets.items() if f"{name}=" not in target}

    def take_route(self, address: str) -> None:
        """Choose how to reach an address. Raises ConfigurationError for an unusable proxy."""
        self.route = route_to(address)
        self.redactor.add(*self.route.secrets)

    def failure(self, failure: Exception) -> ProviderError:
        """The error that a request without a response means. Raises ConfigurationError if it could not be sent."""
        if isinstance(failure, TooLarge):
            return MalformedResponse(str(failure))
        if isinstance(failure, ValueError):  # requests' errors of addresses and headers
            kind = type(failure).__name__
            raise ConfigurationError(f"the request cannot be sent ({kind}): check its address") from None
        kind = "no response in time" if isinstance(failure, requests.Timeout) else "the connection broke"
        if isinstance(failure, requests.exceptions.SSLError):
            kind = "the certificate is not trusted (REQUESTS_CA_BUNDLE names those of a proxy that opens TLS)"
        if proxy := self.route.proxy:
            is_login = isinstance(failure, requests.exceptions.ProxyError) and "407" in str(failure)
            kind = f"{proxy} wants a login (HTTP 407)" if is_login else f"{kind} through {proxy}"
        return ProviderUnavailable(f"{kind} ({type(failure).__name__}) after {self.adapter.attempts} attempts")


def target_of(address: str, location: str, *, has_key: bool) -> str:
    """The address that a response from `address` redirects to. Raises MalformedResponse if it is not followed."""
    try:
        named = urljoin(address, location.encode("latin-1", "replace").decode("utf-8", "replace").strip())
        scheme = urlsplit(named).scheme
        target = requests.Request("GET", urldefrag(named).url).prepare().url or ""
        host, is_here = urlsplit(target).hostname or "", is_same_origin(address, target)
    except ValueError:
        raise MalformedResponse("it redirects to an address that cannot be read") from None
    if scheme not in PORTS or not host:
        raise MalformedResponse(f"it redirects to {scheme[:20]}:, not to a web address")
    if has_key and not is_here:
        raise MalformedResponse(
            f"it redirects to {scheme}://{host}, which would get the key: "
            "if that is the provider's new address, set base_url"
        )
    if is_loopback(host) and not is_loopback(urlsplit(address).hostname or ""):
        raise MalformedResponse(f"it redirects to this machine ({host})")
    return target


def is_same_origin(address: str, other: str) -> bool:
    """True if both are of one scheme, host and port, or `other` is the same host by https."""
    first, second = urlsplit(address), urlsplit(other)
    if (first.hostname or "").lower() != (second.hostname or "").lower():
        return False
    ports = [parts.port or PORTS.get(parts.scheme) for parts in (first, second)]
    schemes = (first.scheme, second.scheme)
    return (schemes[0] == schemes[1] and ports[0] == ports[1]) or (schemes == ("http", "https") and ports == [80, 443])
