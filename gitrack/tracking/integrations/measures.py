"""Names of metrics as training libraries give them, made into names that gitrack likes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Protocol

_UNLIKED = re.compile(r"[^A-Za-z0-9_.\-/]+")
_TRAINING = frozenset({"train", "training", "learn"})
_NUMBERED = re.compile(r"(?:valid|validation|eval|val)_?(\d+)\Z")


class Listener(Protocol):
    """Who hears of metrics: a run, or what autolog puts before it."""

    def log_metrics(self, metrics: Mapping[str, Any], step: int | None = None, /) -> object: ...


def clean(name: str) -> str:
    """`ndcg@10` is `ndcg_at_10`."""
    return _UNLIKED.sub("_", name.replace("@", "_at_")).strip("_") or "metric"


def set_names(given: list[str], chosen: Mapping[str, str] | None = None) -> dict[str, str]:
    """What the sets of data are called in metrics.

    `training` is `train`; the only numbered set, as in `validation_0`, is `val`. Where there are
    several, only the user knows which is which: they keep their names unless `chosen` says more.
    """
    chosen = chosen or {}
    numbered = [name for name in given if _NUMBERED.match(name)]
    names: dict[str, str] = {}
    for name in given:
        if name in chosen:
            names[name] = clean(chosen[name])
        elif name in _TRAINING:
            names[name] = "train"
        elif numbered == [name]:
            names[name] = "val"
        else:
            names[name] = clean(name)
    return names
