"""What libraries, and Python itself, do unasked, and we do not need."""

import gc
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


def spare_collections() -> None:
    """Keep Python from looking through all it has imported, over and over, while answers are decoded.

    One answer is a hundred thousand objects, none of them in a cycle; they took longer to look through than to decode.
    """
    gc.freeze()
    gc.set_threshold(100_000, 20, 50)


class _WithoutPandas(MetaPathFinder):
    def find_spec(self, name: str, path: Any = None, target: Any = None) -> None:
        """Says of pandas alone that it cannot be imported."""
        if name == "pandas":
            raise ImportError(name)
