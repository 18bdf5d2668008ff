"""Polygon's keys, quota, errors and routes; the data is in the `polygon_*` modules.

Documented at https://polygon.io/docs (now https://massive.com/docs).
"""

import re
from datetime import date, datetime

import orjson

from sandbox.polygon_errors import PolygonError
from sandbox.sessions import NEW_YORK
from sandbox.web import FREE, UNLIMITED, Request, Response, World

CALLS_PER_MINUTE = 5
HEADERS = {
    "Server": "nginx/1.19.2",
    "Vary": "Accept-Encoding",
    "Strict-Transport-Security": "max-age=15724800; includeSubDomains",
}


def respond(world: World, request: Request, path: str) -> Response:
    """The provider's response to `path` (after /polygon)."""
    from sandbox import polygon_bars, polygon_news, polygon_reference

    request_id = world.request_id()
    headers = {**HEADERS, "X-Request-Id": request_id}
    routes = (
        (r"/v2/aggs/grouped/locale/us/market/stocks/([^/]+)", polygon_bars.grouped),
        (r"/v2/aggs/ticker/([^/]+)/range/(\d+)/(\w+)/([^/]+)/([^/]+)", polygon_bars.of_ticker),
        (r"/v3/reference/tickers", polygon_reference.tickers),
        (r"/v3/reference/splits", polygon_reference.splits),
        (r"/v3/reference/dividends", polygon_reference.dividends),
        (r"/v2/reference/news", polygon_news.news),
    )
    try:
        _admit(world, request)
        for pattern, make in routes:
            if match := re.fullmatch(pattern, path):
                return Response(body=make(world, request, request_id, *match.groups()), headers=headers)
    except PolygonError as error:
        body = {"status": error.word, "request_id": request_id, error.field: error.text}
        return Response(error.status, orjson.dumps(body), headers=headers)
    return Response(404, b"404 page not found\n", "text/plain; charset=utf-8", headers)


def key_of(request: Request) -> str:
    """The caller's key: bearer token, or `apiKey`."""
    scheme, _, token = request.header("authorization").partition(" ")
    return token.strip() if scheme.lower() == "bearer" and token.strip() else request.query.get("apiKey", "")


def _admit(world: World, request: Request) -> None:
    key = key_of(request)
    if not key:
        raise PolygonError(401, "API Key was not provided")
    if key not in (FREE, UNLIMITED):
        raise PolygonError(401, "Unknown API Key")
    if key == FREE and not world.quotas.take("polygon", CALLS_PER_MINUTE, 60):
        raise PolygonError(
            429,
            "You've exceeded the maximum requests per minute, please wait or upgrade your subscription to continue. "
            "https://polygon.io/pricing",
        )


def entitle(request: Request, day: date, now: datetime) -> None:
    """Reject what the free plan does not include: today before 20:00, and dates more than two years ago."""
    if key_of(request) != FREE:
        return
    here = now.astimezone(NEW_YORK)
    if day >= here.date() and not (day == here.date() and here.hour >= 20):
        raise PolygonError(
            403,
            "Attempted to request today's data before end of day. Please upgrade your plan at "
            "https://polygon.io/pricing",
        )
    if (here.year - day.year, here.month - day.month, here.day - day.day) > (2, 0, 0):
        raise PolygonError(
            403,
            "Your plan doesn't include this data timeframe. Please upgrade your plan at https://polygon.io/pricing",
        )
