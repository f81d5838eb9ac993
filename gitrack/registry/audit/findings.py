"""Findings as they are made: who and when come from the commit, nothing is said twice."""

from __future__ import annotations

import shlex

from gitrack.model.audit import Finding, Severity
from gitrack.registry.audit.trail import Trail, moment
from gitrack.store.layout import place_of


class Findings:
    """Collects what the checks find."""

    def __init__(self, trail: Trail) -> None:
        self._trail = trail
        self._found: dict[tuple[str, str | None, str | None, str | None], Finding] = {}

    def tampering(self, kind: str, what: str, means: str, **where: str | None) -> None:
        """Something that honest work with gitrack does not leave behind."""
        self._add(Severity.TAMPERING, kind, what, means, **where)

    def suspicious(self, kind: str, what: str, means: str, **where: str | None) -> None:
        """Something that an accident could explain, and that somebody has to explain."""
        self._add(Severity.SUSPICIOUS, kind, what, means, **where)

    def remark(self, kind: str, what: str, means: str, **where: str | None) -> None:
        """Something to know that is no fault."""
        self._add(Severity.REMARK, kind, what, means, **where)

    def _add(
        self,
        severity: Severity,
        kind: str,
        what: str,
        means: str,
        *,
        commit: str | None = None,
        path: str | None = None,
        model: str | None = None,
        run: str | None = None,
        promotion: str | None = None,
        look: str | None = None,
        who: str | None = None,
    ) -> None:
        key = (kind, commit, path, promotion)
        if key in self._found:
            return
        past = self._trail.by_id.get(commit) if commit is not None else None
        if path is not None:
            parts = path.split("/")
            if model is None and parts[0] == "registry" and len(parts) > 2:
                model = parts[1]
            place = place_of(path)
            run = run or (place.id if place is not None else None)
        self._found[key] = Finding(
            severity=severity,
            kind=kind,
            what=what,
            means=means,
            commit=commit,
            path=path,
            who=who or (past.author if past is not None else None),
            when=moment(past.committed) if past is not None else None,
            look=look or _look(commit, path, merge=past is not None and len(past.parents) > 1),
            model=model,
            run=run,
            promotion=promotion,
        )

    def sorted(self) -> list[Finding]:
        """The worst first, then in the order of history."""
        rank = {severity: place for place, severity in enumerate(Severity)}
        order = self._trail.order
        return sorted(
            self._found.values(),
            key=lambda finding: (
                rank[finding.severity],
                order.get(finding.commit or "", -1),
                finding.kind,
                finding.path or "",
            ),
        )


def _look(commit: str | None, path: str | None, *, merge: bool) -> str | None:
    if commit is None:
        return None
    behind = f" -- {shlex.quote(path)}" if path is not None else ""
    return f"git show {'-m ' if merge else ''}{commit[:12]}{behind}"
