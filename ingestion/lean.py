"""What a library imports by itself, and we do not need."""

import sys
from importlib.abc import MetaPathFinder
from typing import Any

import pyarrow as pa


def spare_pandas() -> None:
    """Keep pyarrow from importing pandas with the first list it is given: a third of a second, and 40 MB.

    It looks for it once; what is meant for pandas (`to_pandas`) looks again, and finds it.
    """
    if "pandas" in sys.modules:
        return
    finder = _WithoutPandas()
    sys.meta_path.insert(0, finder)
    try:
        pa.scalar(None)
    finally:
        sys.meta_path.remove(finder)


class _WithoutPandas(MetaPathFinder):
    def find_spec(self, name: str, path: Any = None, target: Any = None) -> None:
        """Says of pandas alone that it cannot be imported."""
        if name == "pandas":
            raise ImportError(name)
