"""Alpha Vantage's only path, /query: every failure is an HTTP 200 with a message in place of data.

Documented at https://www.alphavantage.co/documentation/.
"""

import json

from sandbox import alpha_vantage_daily, alpha_vantage_news
from sandbox.alpha_vantage_messages import (
    BURST,
    DAILY_CAP,
    DEMO_KEY,
    INVALID_KEY,
    PREMIUM_ENDPOINT,
    UNKNOWN_FUNCTION,
    MessageError,
)
from sandbox.web import FREE, UNLIMITED, Request, Response, World

CALLS_PER_SECOND, CALLS_PER_DAY = 1, 25
HEADERS = {
    "Server": "cloudflare",
    "Allow": "GET, HEAD, OPTIONS",
    "Vary": "Cookie, Origin",
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Via": "1.1 vegur",
}
FUNCTIONS = {
    "TIME_SERIES_DAILY": alpha_vantage_daily.daily,
    "TIME_SERIES_DAILY_ADJUSTED": alpha_vantage_daily.daily_adjusted,
    "NEWS_SENTIMENT": alpha_vantage_news.news,
}


def respond(world: World, request: Request, path: str) -> Response:
    """The provider's response to `path` (after /alpha_vantage)."""
    if path.rstrip("/") != "/query":
        return Response(404, b"<h1>Not Found</h1>", "text/html", dict(HEADERS), chunked=True)
    try:
        _admit(world, request)
        name = request.query.get("function", "")
        make = FUNCTIONS.get(name.upper())
        if make is None:
            raise MessageError("Error Message", UNKNOWN_FUNCTION.format(function=name))
        if make is alpha_vantage_daily.daily_adjusted and request.query.get("apikey") == FREE:
            raise MessageError("Information", PREMIUM_ENDPOINT)
        found = make(world, request)
    except MessageError as message:
        found = Response(body=json.dumps({message.field: message.text}, indent=4, ensure_ascii=False).encode())
    found.headers = {**HEADERS, **found.headers}
    found.chunked = True
    return found


def _admit(world: World, request: Request) -> None:
    key = request.query.get("apikey", "")
    if key == "demo":
        raise MessageError("Information", DEMO_KEY)
    if key not in (FREE, UNLIMITED):
        raise MessageError("Error Message", INVALID_KEY)
    if key == FREE:
        if not world.quotas.take("alpha_vantage", CALLS_PER_SECOND, 1.0):
            raise MessageError("Information", BURST)
        if not world.quotas.take_daily("alpha_vantage", CALLS_PER_DAY):
            raise MessageError("Information", DAILY_CAP.format(key=key))
