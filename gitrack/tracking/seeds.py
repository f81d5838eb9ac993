"""Seeds: set for every random number generator that is loaded, and recorded."""

from __future__ import annotations

import os
import random
import sys
from typing import Any

from gitrack.errors import UsageError
from gitrack.tracking import active

_NUMPY_LIMIT = 2**32


def seed_everything(seed: int) -> dict[str, int]:
    """Seed Python, NumPy and what is loaded of torch; the active run, if any, records it.

    Hashes of text follow `PYTHONHASHSEED`, which only counts before Python starts: it is set for
    the processes started from here.
    """
    if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed < _NUMPY_LIMIT:
        hint = "use a whole number from 0 to 4294967295, which every library takes"
        raise UsageError(f"{seed!r} is not a seed", hint=hint)
    random.seed(seed)
    os.environ["PYTHONHASHSEED"] = str(seed)
    seeded = {"python": seed}
    if (numpy := _loaded("numpy")) is not None:
        numpy.random.seed(seed)
        seeded["numpy"] = seed
    if (torch := _loaded("torch")) is not None:
        torch.manual_seed(seed)  # every device, CUDA's too
        seeded["torch"] = seed
    run = active.active_run()
    if run is not None:
        run.log_seeds(seeded)
    return seeded


def _loaded(library: str) -> Any:
    """NumPy is so common that it is worth an import; torch is not."""
    if library == "numpy":
        try:
            import numpy
        except ImportError:
            return None
        return numpy
    return sys.modules.get(library)
