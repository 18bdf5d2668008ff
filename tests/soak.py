"""What only the long run tests, `make soak`."""

import os

import pytest

SOAK = bool(os.environ.get("MARKETLOOM_SOAK"))
in_full = pytest.mark.skipif(not SOAK, reason="set MARKETLOOM_SOAK=1, as make soak does")
