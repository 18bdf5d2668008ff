"""What sqlfluff renders in place of dbt's `adapter`: a plain piece of SQL for each macro that dispatches."""

from collections.abc import Callable

PIECES = {
    "in_array": "{0} = any(array({1}))",
    "type_timestamp_tz": "timestamp with time zone",
    "type_double": "double precision",
    "unnest_json_array": "cross join lateral jsonb_array_elements({0}) as {1} (element)",
    "json_text": "{0} ->> 'field'",
    "unnest_regexp_matches": "cross join lateral regexp_matches({0}, 'pattern') as {2} (match)",
    "date_in_zone": "cast({0} as date)",
    "lateral_join": "inner join (select * from {0}) as {1} on {2}",
    "unnest_arrays": "cross join lateral unnest(delivery_times, response_ids) as {1} (received_at, response_id)",
    "exponential_average": "sum({0}) over {2}",
    "connected_rows": "select copy_key from {0}",
}


def dispatch(name: str, package: str) -> Callable[..., str]:
    """A callable like the macro's implementation for this database."""

    def piece(*arguments: object) -> str:
        return PIECES.get(name, "f({0})").format(*arguments)

    return piece
