"""The bounds of the possible: what a field of each kind can hold. This is the only place that defines them.

A raw table declares the kind of a field in place of its type ("close price Last price …"). A value outside the bounds
is a placeholder ("unset" as 1.797e308), another unit or damage, and its arithmetic can overflow: the row is rejected
with the field, the value and the bounds. Signs are not judged where a provider sends zero or less and the models flag
it, such as a negative price.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ingestion.parsing.values import Unreadable, read_double


@dataclass(frozen=True)
class Bounds:
    """`least` to `most`; a value other than zero is at least `finest` away from zero."""

    what: str
    least: float
    most: float
    finest: float = 0.0

    def __str__(self) -> str:
        near_zero = f" and, unless it is 0, at least {self.finest:g} from 0" if self.finest else ""
        return f"{self.what} is from {self.least:g} to {self.most:g}{near_zero}"

    def outside(self, column: pa.Array) -> np.ndarray:
        """The positions of the numbers of `column` that are outside; nulls are not."""
        values = column.to_numpy(zero_copy_only=False)
        with np.errstate(invalid="ignore"):
            wrong = (values < self.least) | (values > self.most)
            if self.finest:
                wrong |= (np.abs(values) < self.finest) & (values != 0)
        return np.flatnonzero(wrong)


@dataclass(frozen=True)
class Length:
    """At most `most` characters: the text becomes a key, and an index row holds 2,704 bytes."""

    what: str
    most: int

    def __str__(self) -> str:
        return f"{self.what} has at most {self.most} characters"

    def outside(self, column: pa.Array) -> np.ndarray:
        """The positions of the texts of `column` that are too long; nulls are not."""
        return pc.indices_nonzero(pc.greater(pc.utf8_length(column), self.most).fill_null(False)).to_numpy()


def _either_sign(what: str, most: float, finest: float = 0.0) -> Bounds:
    return Bounds(what, -most, most, finest)


# The dearest share costs less than a million dollars; adjusted for reverse splits, prices of the past are far higher.
DOUBLES: Mapping[str, Bounds] = {
    "price": _either_sign("a price", 1e9, 1e-9),
    "adjusted_price": _either_sign("an adjusted price", 1e12, 1e-12),
    "volume": _either_sign("a volume", 1e16, 1e-9),
    "amount": _either_sign("an amount per share", 1e9, 1e-9),
    "split_shares": _either_sign("a number of shares in a split", 1e9, 1e-9),
    "split_ratio": _either_sign("a split's ratio", 1e6, 1e-6),
    "score": _either_sign("a score", 1),
    "money": _either_sign("a sum of money", 1e16, 1e-9),
}
INTEGERS: Mapping[str, Bounds] = {
    "count": Bounds("a count", 0, 1e13),
    "payments": Bounds("a number of payments a year", 0, 366),
    "year": Bounds("a year", 1900, 2200),
}
TEXTS: Mapping[str, Length] = {
    "ticker": Length("a ticker", 64),
    "code": Length("a code", 64),
}
BOUNDS: Mapping[str, Bounds | Length] = {**DOUBLES, **INTEGERS, **TEXTS}


def bounds_of(field: pa.Field) -> Bounds | Length | None:
    """The bounds of a declared field; None if it has none."""
    kind = (field.metadata or {}).get(b"bounds")
    return BOUNDS[kind.decode()] if kind else None


def split_fault(split_from: object, split_to: object) -> str | None:
    """Why two numbers of shares, as sent, cannot be a split: their ratio is out of bounds. None if it is not.

    Numbers that are unreadable, not positive or out of their own bounds are judged elsewhere.
    """
    try:
        shares = [read_double(split_from), read_double(split_to)]
    except Unreadable:
        return None
    if min(shares) <= 0 or DOUBLES["split_shares"].outside(pa.array(shares)).size:
        return None
    if not DOUBLES["split_ratio"].outside(pa.array([shares[1] / shares[0]])).size:
        return None
    return f"split_from, split_to: {shares[0]:g} for {shares[1]:g} is out of bounds: {DOUBLES['split_ratio']}"
