"""What sqlfluff renders in place of dbt's `adapter`: a plain piece of SQL for each macro that dispatches."""

from collections.abc import Callable

PIECES = {
    "is_any_of": "{0} = any(array({1}))",
    "type_timestamp_tz": "timestamp with time zone",
    "type_double": "double precision",
    "unnest_json_array": "cross join lateral jsonb_array_elements({0}) as {1} (element)",
    "json_text": "{0} ->> 'field'",
    "unnest_regexp_matches": "cross join lateral regexp_matches({0}, 'pattern') as {2} (match)",
    "date_in_zone": "cast({0} as date)",
    "looked_up": "inner join {0} as {1} on {2}",
    "exponential_averages": "select * from {0}",
    "framed_by_lookups": "select * from {0}",
    "unnest_arrays": "cross join lateral unnest(delivery_times, response_ids) as {1} (received_at, response_id)",
}


def dispatch(name: str, package: str) -> Callable[..., str]:
    """A callable like the macro's implementation for this database."""

    def piece(*arguments: object) -> str:
        return PIECES.get(name, "f({0})").format(*arguments)

    return piece
