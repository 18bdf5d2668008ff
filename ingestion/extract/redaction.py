"""Keep secrets out of everything that is written: URLs, messages, bodies, logs."""

import logging
from urllib.parse import parse_qsl, quote, quote_plus, urlencode, urlsplit, urlunsplit

MASK = "REDACTED"
SECRET_PARAMETERS = frozenset({"apikey", "api_key", "token", "access_token", "key", "appid"})
SHORTEST_SECRET = 6


class Redactor:
    """Masks one provider's key: as sent, percent-encoded or JSON-escaped."""

    def __init__(self, *secrets: str | None) -> None:
        self._shapes: list[str] = []
        self.add(*secrets)

    def add(self, *secrets: str | None) -> None:
        """Mask these too."""
        plain = {secret for secret in secrets if secret and len(secret) >= SHORTEST_SECRET}
        shapes = {shape(secret) for secret in plain for shape in (str, quote, quote_plus, _percent_all, _json_escaped)}
        self._shapes = sorted(shapes.union(self._shapes), key=len, reverse=True)

    def text(self, value: str) -> str:
        """`value` with every form of the secrets masked."""
        for shape in self._shapes:
            value = value.replace(shape, MASK)
        return value

    def body(self, value: bytes) -> bytes:
        """The same for the bytes of a body: providers echo keys in their error messages."""
        for shape in self._shapes:
            value = value.replace(shape.encode(), MASK.encode())
        return value

    def url(self, value: str) -> str:
        """`value` with the secrets masked, and with the values of parameters that usually hold a key masked."""
        parts = urlsplit(value)
        pairs = parse_qsl(parts.query, keep_blank_values=True)
        clean = [(name, MASK if name.lower() in SECRET_PARAMETERS else item) for name, item in pairs]
        host = parts.netloc.rpartition("@")[2]
        return self.text(urlunsplit(parts._replace(netloc=host, query=urlencode(clean, safe=":,"))))

    def guard(self, *loggers: str) -> logging.Filter:
        """Add a masking filter to the named loggers, which would log URLs as sent; returns the filter."""
        redactor = self

        class Masking(logging.Filter):
            def filter(self, record: logging.LogRecord) -> bool:
                record.msg, record.args = redactor.text(record.getMessage()), None
                return True

        masking = Masking()
        for name in loggers:
            logging.getLogger(name).addFilter(masking)
        return masking


def without_secrets(url: str, *, at: str) -> str:
    """`url` with the scheme and host of the URL `at`, without the parameters that usually hold a key."""
    parts, base = urlsplit(url), urlsplit(at)
    pairs = [pair for pair in parts.query.split("&") if pair.partition("=")[0].lower() not in SECRET_PARAMETERS]
    return urlunsplit(parts._replace(scheme=base.scheme, netloc=base.netloc, query="&".join(pairs)))


def _percent_all(value: str) -> str:
    return quote(value, safe="")


def _json_escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("/", "\\/")
