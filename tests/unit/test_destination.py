"""The parts of dlt outside its documented API, which only one module uses."""

import re
from importlib.metadata import version

from ingestion.load import destination
from tests.shared import ROOT


def test_the_private_parts_of_dlt_were_checked_with_this_version() -> None:
    """If this fails after an upgrade: run tests/integration/test_exactly_once.py, then set CHECKED_WITH."""
    assert version("dlt").startswith(f"{destination.CHECKED_WITH}.")


def test_one_module_uses_them() -> None:
    documented = (
        "from dlt.common.configuration.exceptions import ConfigurationException",
        "from dlt.pipeline.exceptions import PipelineStepFailed",
        "from dlt.sources.helpers.requests import Client",
    )
    for path in (ROOT / "ingestion").rglob("*.py"):
        imports = re.findall(r"^ *(from dlt\S* import .*)$", path.read_text(), re.MULTILINE)
        if path.name != "destination.py":
            assert all(line.startswith(documented) for line in imports), f"{path}: {imports}"
