"""Filter, order and page rows as Polygon's reference endpoints do."""

from collections.abc import Sequence
from urllib.parse import quote

import orjson

from sandbox.polygon_errors import PolygonError, envelope, read_cursor, read_limit, write_cursor
from sandbox.web import Request

Row = dict[str, object]
COMPARISONS = ("gt", "gte", "lt", "lte")


def read_query(request: Request) -> dict[str, str]:
    """The query, or the one of the page before this."""
    cursor = request.query.get("cursor")
    return read_cursor(cursor) if cursor else {k: v for k, v in request.query.items() if k != "apiKey"}


def page(
    request: Request,
    request_id: str,
    rows: list[Row],
    query: dict[str, str],
    sort: str,
    filters: Sequence[str],
    path: str,
    limits: tuple[int, int],
) -> bytes:
    """Filter, order and cut. The cursor names the last row sent, so that new rows do not shift pages."""
    limit = read_limit(query.get("limit"), *limits)
    if query.get("sort", sort) not in filters:
        raise PolygonError(400, f"'sort' must be one of {', '.join(filters)}")
    sort = query.get("sort", sort)
    for key in filters:
        rows = [row for row in rows if _passes(str(row[key]), key, query)]

    def order(row: Row) -> tuple[str, str, str]:
        return str(row[sort]), str(row["ticker"]), str(row.get("id") or row.get("composite_figi", ""))

    descending = query.get("order", "asc" if sort == "ticker" else "desc") == "desc"
    rows = sorted(rows, key=order, reverse=descending)
    if after := query.get("after"):
        mark = tuple(after.split("|"))
        rows = [row for row in rows if (order(row) < mark if descending else order(row) > mark)]
    following = None
    if len(rows) > limit:
        state: dict[str, object] = {**query, "after": "|".join(order(rows[limit - 1]))}
        following = f"{request.base}/polygon/v3/reference/{path}?cursor={quote(write_cursor(state))}"
    return envelope([orjson.dumps(row) for row in rows[:limit]], request_id, following)


def _passes(value: str, key: str, query: dict[str, str]) -> bool:
    if key in query and value != query[key]:
        return False
    bounds = {comparison: query.get(f"{key}.{comparison}") for comparison in COMPARISONS}
    return not (
        (bounds["gt"] is not None and not value > bounds["gt"])
        or (bounds["gte"] is not None and not value >= bounds["gte"])
        or (bounds["lt"] is not None and not value < bounds["lt"])
        or (bounds["lte"] is not None and not value <= bounds["lte"])
    )
