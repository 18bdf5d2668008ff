"""The sources: every module of this package that has a `SOURCE`."""

import importlib
import pkgutil

from ingestion.model import Source


def _found() -> dict[str, Source]:
    modules = (importlib.import_module(f"{__name__}.{found.name}") for found in pkgutil.iter_modules(__path__))
    return {module.SOURCE.name: module.SOURCE for module in modules if hasattr(module, "SOURCE")}


SOURCES: dict[str, Source] = _found()
