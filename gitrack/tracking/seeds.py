"""Seeding the random number generators of a training, and saying so in its run."""

from __future__ import annotations

import importlib.util
import os
import random
import sys

from gitrack.errors import UsageError

#: The largest seed that NumPy's legacy generator takes.
_LARGEST = 2**32 - 1

#: Seeds set before a run was started; the first run that starts then takes them.
_pending: dict[str, int] = {}


def seed_everything(seed: int) -> dict[str, int]:
    """Seed Python, NumPy and, if it is loaded, torch with its GPUs; record it in the active run.

    Takes whole numbers from 0 to 2**32 - 1, else raises UsageError. Gives what was seeded, such
    as `{"python": 42, "numpy": 42}`. Without an active run the next one that starts records it.
    `PYTHONHASHSEED` is read when Python starts: it is set for processes
    begun from here on, and recorded only if this process itself has it.
    """
    if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed <= _LARGEST:
        raise UsageError(
            f"seed {seed!r:.60} is not a whole number from 0 to {_LARGEST}",
            hint="seed_everything(42)",
        )
    seeds = {"python": seed}
    random.seed(seed)
    if "numpy" in sys.modules or importlib.util.find_spec("numpy") is not None:
        import numpy

        numpy.random.seed(seed)
        seeds["numpy"] = seed
    torch = sys.modules.get("torch")
    if torch is not None:
        torch.manual_seed(seed)  # CPU and every GPU, also those not yet in use
        seeds["torch"] = seed
    hash_seed = os.environ.get("PYTHONHASHSEED", "")
    if hash_seed.isdigit() and sys.flags.hash_randomization == (hash_seed != "0"):
        seeds["pythonhashseed"] = int(hash_seed)
    os.environ.setdefault("PYTHONHASHSEED", str(seed))
    _record(seeds)
    return seeds


def take_pending_seeds() -> dict[str, int]:
    """What was seeded before any run was active; told once."""
    global _pending
    taken, _pending = _pending, {}
    return taken


def _record(seeds: dict[str, int]) -> None:
    global _pending
    # a script that seeds and tracks nothing need not load what tracks
    active = sys.modules.get("gitrack.tracking.active")
    run = active.active_run() if active is not None else None
    if run is None:
        _pending = dict(seeds)
    else:
        run.log_seeds(seeds)
