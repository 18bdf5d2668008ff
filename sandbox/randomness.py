"""Independent random streams by name and index, so that draws do not depend on the order of requests."""

from zlib import crc32

import numpy as np


def stream(seed: int, purpose: str, index: int = 0) -> np.random.Generator:
    """The generator for one `purpose` ("returns", "stories", …) at one `index` (mostly a session's number)."""
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, crc32(purpose.encode()), index])))
