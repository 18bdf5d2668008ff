"""Real payloads and data; tests that need them skip if the folder is missing."""

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared"
PAYLOADS = SHARED / "payloads"
DATA = SHARED / "data"
CASES = SHARED / "cases"


def need(path: Path) -> Path:
    """Return `path`, or skip the test if it is missing."""
    if not path.exists():
        pytest.skip(f"real data is not here: {path.relative_to(SHARED.parent)} (see the folder's own README)")
    return path
