"""What every flavor has: how its models are known, saved, loaded and asked."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from gitrack.models.environment import Needs
from gitrack.models.mlmodel import Description


class Saving(msgspec.Struct, frozen=True, kw_only=True):
    """Where to save, and what is allowed. `example` is the example's data, if one was given."""

    folder: Path
    allow_pickle: bool = False
    example: Any = None


class Saved(msgspec.Struct, frozen=True, kw_only=True):
    """What `MLmodel` has to say of the files: the flavors' entries, and modules that are needed.

    `function` is the entry by which MLflow predicts, None where it cannot; `name` what people
    call it, where that is not the flavor's.
    """

    flavors: dict[str, dict[str, Any]]
    function: dict[str, Any] | None
    modules: tuple[str, ...]
    pickled: bool = False
    name: str | None = None
    untrusted: tuple[str, ...] = ()


class Loading(msgspec.Struct, frozen=True, kw_only=True):
    """What to load from where, and what its user consents to."""

    folder: Path
    description: Description
    needs: Needs
    allow_pickle: bool = False
    trusted: tuple[str, ...] = ()
    into: Any = None

    def conf(self, key: str) -> dict[str, Any]:
        """What `MLmodel` says of one flavor."""
        return self.description.flavors[key]


class Flavor(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of model. `key` is its entry in `MLmodel`, `name` what people call it."""

    key: str
    name: str
    understands: Callable[[object], bool]
    save: Callable[[Any, Saving], Saved]
    load: Callable[[Loading], Any]
    predict: Callable[[Any, Any], Any]


def has_class(value: object, *names: str) -> bool:
    """True if a class of the object has one of these full names; nothing is imported for it."""
    return any(f"{cls.__module__}.{cls.__qualname__}" in names for cls in type(value).__mro__)
