"""The proxy of a request, from the environment, by the rules of requests (HTTPS_PROXY, ALL_PROXY, NO_PROXY, …).

This machine is asked directly: no proxy could reach its loopback. Messages name a proxy without its login.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import Any
from urllib.parse import unquote, urlsplit

import requests
from requests.utils import get_environ_proxies

from ingestion.errors import ConfigurationError
from ingestion.extract.addresses import is_loopback


@dataclass(frozen=True)
class Route:
    """How to reach an address: arguments for requests, and the proxy's name and variable for messages."""

    arguments: Mapping[str, Any]
    proxy: str = ""
    secrets: tuple[str, ...] = field(default=(), repr=False)


def route_to(url: str) -> Route:
    """The route to an http(s) address. Raises ConfigurationError, which names the variable, for an unusable proxy."""
    address = urlsplit(url)
    trusted = requests.Session().merge_environment_settings(url, {}, True, None, None)
    direct: dict[str, Any] = {"proxies": {}, "verify": trusted["verify"]}
    if is_loopback(address.hostname or ""):
        return Route(direct)
    found = {kind: proxy.strip() for kind, proxy in get_environ_proxies(url, no_proxy=None).items()}
    kind = next((kind for kind in (address.scheme, "all") if found.get(kind)), None)
    if kind is None:
        return Route(direct)
    proxy, variable = found[kind], f"{kind.upper()}_PROXY"
    text = proxy if "://" in proxy else f"http://{proxy}"
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
    except ValueError:
        host = port = None
    if not host or " " in text:
        raise ConfigurationError(f"{variable} is not the address of a proxy: write http://host:port, or unset it")
    if parts.scheme not in ("http", "https", "socks4", "socks4a", "socks5", "socks5h"):
        raise ConfigurationError(f"{variable} begins with {parts.scheme}://, as no proxy does: write http://host:port")
    if parts.scheme.startswith("socks") and find_spec("socks") is None:
        raise ConfigurationError(
            f"{variable} names a SOCKS proxy, which needs PySocks: pip install 'requests[socks]', or write http://host:port"
        )
    secrets = [secret for secret in (parts.password, unquote(parts.password or "")) if secret]
    name = f"the proxy {parts.scheme}://{host}{f':{port}' if port else ''} of {variable}"
    return Route(direct | {"proxies": {"http": text, "https": text}}, name, tuple(secrets))
