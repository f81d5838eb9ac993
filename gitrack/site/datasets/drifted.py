"""How columns of data differ between two versions, as another room finds it out."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from gitrack.model.profile import TableProfile


class Drifted(msgspec.Struct, frozen=True, kw_only=True):
    """One column: `change` is same, added, removed or retyped, `level` is none to large."""

    name: str
    change: str = "same"
    before: str | None = None
    after: str | None = None
    level: str = "none"
    psi: float | None = None
    distance: float | None = None
    measure: str | None = None
    missing_before: float | None = None
    missing_after: float | None = None
    why: list[str] = []


#: Columns of the second table against the first, those that differ most first.
Drift = Callable[[TableProfile, TableProfile], Sequence[Drifted]]
