"""Read settings with dlt: the environment, then `.dlt/secrets.toml`, then `.dlt/config.toml`."""

import math
import string
from typing import Any

from ingestion.errors import ConfigurationError
from ingestion.model import Rate

AROUND_SECRETS = string.whitespace + "\"'`\u00a0\u00ab\u00bb\u2018\u2019\u201a\u201c\u201d\u201e\u200b\u2060\ufeff"


def rates_of(path: str, default: tuple[Rate, ...]) -> tuple[Rate, ...]:
    """The configured allowances, as [[calls, seconds], …]; an empty list means no limit."""
    configured = dlt_value(path, list)
    if configured is None:
        return default
    try:
        rates = tuple(Rate(int(calls), int(seconds)) for calls, seconds in configured)
    except (TypeError, ValueError, OverflowError) as problem:
        raise ConfigurationError(f"{path} must be pairs of calls and seconds, such as [[5, 60]]: {problem}") from None
    if any(rate.calls < 1 or rate.seconds < 1 for rate in rates):
        raise ConfigurationError(f"{path} must be pairs of calls and seconds, each 1 or more, such as [[5, 60]]")
    return rates


def dlt_value(path: str, kind: Any = str) -> Any:
    """A setting of type `kind` (lists and tables are JSON in the environment); None if it is not set."""
    import dlt
    from dlt.common.configuration.exceptions import ConfigurationException

    try:
        return dlt.config.get(path, kind)
    except ConfigurationException:
        shape = {list: 'a list, such as ["AAPL", "MSFT"]', dict: 'a table, such as {"name": "https://…"}'}
        variable = path.upper().replace(".", "__")
        raise ConfigurationError(
            f"{path} must be {shape.get(kind, 'a number')}: correct it in .dlt/config.toml or in {variable}"
        ) from None


def dlt_number(path: str, default: float, most: float) -> float:
    """A number from 0 to `most`."""
    value = dlt_value(path, float)
    if value is None:
        return default
    if not (math.isfinite(value) and 0 <= value <= most):
        variable = path.upper().replace(".", "__")
        raise ConfigurationError(
            f"{path} must be a number from 0 to {most:.0f}: correct it in .dlt/config.toml or in {variable}"
        )
    return float(value)


def dlt_secret(path: str) -> str | None:
    """A secret, without the blanks and quotes that were copied with it; None if it is not set."""
    import dlt

    value: Any = dlt.secrets.get(path)
    return str(value).strip(AROUND_SECRETS) or None if value else None
