"""What `gitrack check` prints for people: promotions with their gates, then what was found."""

from __future__ import annotations

import os
from itertools import pairwise
from typing import TYPE_CHECKING

import click

from gitrack.model.display import safe

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitrack.model.promotion import Verdict
    from gitrack.registry.check.findings import Checked, Finding

_MARKS = {"passed": "+", "failed": "-", "waiting": "?"}
_MEASURED = frozenset(("metric", "no_regression"))
_MOST = 200


def show(checked: Checked, ignored: Sequence[str]) -> None:
    """The report on stdout."""
    from gitrack.registry.check.report import title

    policy = checked.policy or "none (the preset stages)"
    _say(f"{checked.head_name} onto {checked.base_name}, by the policy {policy}")
    for judged in checked.promotions:
        what = judged.promotion
        verb = "rollback" if what.kind == "rollback" else "promotion"
        _say(f"{verb}: {what.model} v{what.version} to {what.to}, by {what.by}: {what.why}")
        _gates(judged.verdicts)
    for reverted in checked.reverted:
        what = reverted.promotion
        _say(f"takes back: {what.model} v{what.version} to {what.to} ({reverted.id})")
        _gates(reverted.verdicts)
    for before, finding in pairwise((None, *checked.findings[:_MOST])):
        if finding is not None:
            _finding(finding, again=before is not None and before.path == finding.path)
    if len(checked.findings) > _MOST:
        _say(f"and {len(checked.findings) - _MOST:,} more")
    for says in ignored:
        _say(f"note: {says}")
    _say(title(checked))


def _gates(verdicts: Sequence[Verdict]) -> None:
    for verdict in verdicts:
        measured = verdict.margin is not None and verdict.kind in _MEASURED
        margin = f"; margin {verdict.margin:+.4g}" if measured else ""
        via = f" (of {verdict.via})" if verdict.via else ""
        _say(f"  {_MARKS[verdict.outcome.value]} {verdict.gate}{via}: {verdict.says}{margin}")


def _finding(finding: Finding, *, again: bool) -> None:
    """What was found; in the file of the finding before, `again`, which is not named twice."""
    word = "refused" if finding.level.value == "error" else finding.level.value
    line = f":{finding.line}" if finding.line is not None else ""
    named = "" if again and not line else f"{finding.path or ''}{line}"
    where = f" {named}:" if named else ""
    _say(f"{word}:{where} {finding.says}")
    if finding.do:
        _say(f"  what to do: {finding.do}")


def _say(line: str) -> None:
    """One line, in which neither a terminal nor a runner of jobs finds a command."""
    plain = safe(line)
    if os.environ.get("GITHUB_ACTIONS") == "true":
        from gitrack.registry.check.report import for_log

        plain = for_log(plain)
    click.echo(plain)
