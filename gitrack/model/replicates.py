"""Runs that differ by chance alone: the same experiment, params and data, but other seeds."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping

from gitrack.model.run import Dataset, Run, Scalar

_SEED = re.compile(
    r"(?:\A|[._/ -])(?:\w*hash)?(?:seeds?|random_?(?:state|seed)|rng)(?:[._-]?\d+)?\Z",
    re.IGNORECASE | re.ASCII,
)


def is_seed(param: str) -> bool:
    """True for params that only choose the chance: `seed`, `model.random_state`, `data_seed`."""
    return _SEED.search(param) is not None


def settled(params: Mapping[str, Scalar]) -> dict[str, Scalar]:
    """The params that say what was tried, seeds left out, by name."""
    return {name: params[name] for name in sorted(params) if not is_seed(name)}


def replicate_key(run: Run) -> str:
    """Equal for runs that are replicates of each other; 12 hexadecimal digits.

    Values of another type are other values: `8` and `"8"` are not the same param.
    """
    told = [
        run.experiment,
        [(name, type(value).__name__, repr(value)) for name, value in settled(run.params).items()],
        sorted(_identity(dataset) for dataset in run.data),
    ]
    return hashlib.blake2b(json.dumps(told).encode("ascii"), digest_size=6).hexdigest()


def _identity(dataset: Dataset) -> list[str]:
    return [dataset.name, dataset.role or "", dataset.dvc or "", dataset.version or ""]
