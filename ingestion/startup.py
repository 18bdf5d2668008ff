"""Avoid what libraries, and Python itself, do at start and we do not need."""

import gc
import resource
import sys
from importlib.abc import MetaPathFinder
from typing import Any

import pyarrow as pa


def avoid_pandas() -> None:
    """Keep pyarrow from importing pandas with the first list it converts: a third of a second, and 40 MB.

    pyarrow looks for pandas once; functions that need it (`to_pandas`) look again, and find it.
    """
    if "pandas" in sys.modules:
        return
    finder = _WithoutPandas()
    sys.meta_path.insert(0, finder)
    try:
        pa.scalar(None)
    finally:
        sys.meta_path.remove(finder)


def tune_garbage_collection() -> None:
    """Keep Python from scanning all imported objects again and again while responses are decoded.

    A response is a hundred thousand objects, none of them in a cycle; scanning them took longer than decoding.
    """
    gc.freeze()
    gc.set_threshold(100_000, 20, 50)


def raise_file_limit() -> None:
    """Allow this process and its children as many open files as the system allows: the usual limit suits a shell."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = 65_536 if hard == resource.RLIM_INFINITY else min(hard, 65_536)
    if resource.getrlimit(resource.RLIMIT_NOFILE)[0] < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


class _WithoutPandas(MetaPathFinder):
    def find_spec(self, name: str, path: Any = None, target: Any = None) -> None:
        if name == "pandas":
            raise ImportError(name)
