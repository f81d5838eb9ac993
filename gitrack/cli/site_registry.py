"""What the website asks of the registry: stages through time, the audit, what waits for review."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from gitrack.model.audit import Audit
    from gitrack.site.extras import Waiting
    from gitrack.store.timeline import StageChange


class Asked(NamedTuple):
    """What the site may ask; it asks for as little as it shows."""

    stages: Callable[[str], Sequence[StageChange]] | None = None
    audit: Callable[[], Audit] | None = None
    waiting: Callable[[], Sequence[Waiting]] | None = None


def asked_of_registry(commit: str | None) -> Asked:
    """For the site of a commit of the branch; nothing where there is none."""
    if commit is None:
        return Asked()
    from gitrack.registry.opened import open_registry
    from gitrack.store.timeline import Timeline

    opened = open_registry()
    timeline = Timeline(opened.branch, at=commit)

    def stages(model: str) -> Sequence[StageChange]:
        return timeline.changes(model)

    @cache
    def audit() -> Audit:
        from gitrack.registry.audit.steady import audit_at

        return audit_at(opened, commit, opened.branch.repository.home / "cache")

    @cache
    def waiting() -> Sequence[Waiting]:
        from gitrack.registry.promotion.waiting import waiting_promotions
        from gitrack.site.extras import Waiting

        return [
            Waiting(branch=one.branch, id=one.id, promotion=one.promotion)
            for one in waiting_promotions(opened, commit)
        ]

    return Asked(stages, audit, waiting)
