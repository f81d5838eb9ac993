"""An audit on a terminal: promotions, then what was found, the worst first."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from gitrack.cli.table import Column, draw, terminal_width
from gitrack.model.display import day_and_time, safe, width

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gitrack.model.audit import Audit, AuditedPromotion, Finding

_COLORS = {"tampering": "red", "suspicious": "yellow", "remark": "cyan"}
#: Promotions and findings that a terminal gets; a pipe and --json have all.
_SHOWN = 60
_LITTLE_ROOM = 100
#: What is spared first where there is little room.
_SPARE = ("policy", "commit", "judged again", "gates", "signature", "request")


def show(found: Audit) -> None:
    """Print it: lists on stdout, what it comes to on stderr."""
    if found.tip is None:
        click.echo("nothing was tracked here yet", err=True)
        return
    most = None if terminal_width() is None else _SHOWN
    _promotions(found.promotions, most)
    for change in found.aliases[-most:] if most else found.aliases:
        before = f"v{change.before}" if change.before is not None else "nothing"
        after = f"v{change.after}" if change.after is not None else "nothing"
        click.echo(
            safe(
                f"{day_and_time(change.when)}  {change.model}@{change.alias}: {before} → {after}"
                f"  {change.who}"
            )
        )
    if found.aliases:
        click.echo("")
    for finding in found.findings[:most]:
        _finding(finding)
    if most is not None and len(found.findings) > most:
        click.echo(f"… and {len(found.findings) - most:,} more ('--json' has all)")
    _sum_up(found)


def _promotions(promotions: list[AuditedPromotion], most: int | None) -> None:
    if not promotions:
        return
    shown = promotions[-most:] if most else promotions
    if len(shown) < len(promotions):
        click.echo(f"… {len(promotions) - len(shown):,} earlier promotions ('--json' has all)")
    days = (terminal_width() or _LITTLE_ROOM) < _LITTLE_ROOM
    rows = {
        "effective": [_when(one, days=days) for one in shown],
        "version": [safe(f"{one.model} v{one.version}") for one in shown],
        "stage": [safe(_stage(one)) for one in shown],
        "by": [safe(one.by.partition(" <")[0]) for one in shown],
        "approved by": [
            safe(", ".join(who.by.partition(" <")[0] for who in one.approvers)) for one in shown
        ],
        "request": [safe(one.pull_request or "") for one in shown],
        "gates": [_gates(one) for one in shown],
        "judged again": [safe(one.judged_again.partition(":")[0]) for one in shown],
        "policy": [_policy(one) for one in shown],
        "signature": [one.signature.state for one in shown],
        "commit": [(one.landed or one.commit)[:10] for one in shown],
    }
    rows = {name: texts for name, texts in rows.items() if any(texts)}
    spared = _spare(rows)
    draw([Column(name, name, texts, False) for name, texts in rows.items() if name not in spared])
    if spared:
        click.echo(f"no room for: {', '.join(spared)} ('--json' has all)")
    click.echo("")


def _when(one: AuditedPromotion, *, days: bool) -> str:
    if not one.effective:
        return "not yet"
    told = day_and_time(one.effective)
    return told[: len("2024-10-22")] if days else told


def _spare(rows: Mapping[str, Sequence[str]]) -> list[str]:
    """Columns that a narrow terminal does without: what is wrong in them is a finding anyway."""
    room = terminal_width()
    if room is None:
        return []
    wide = {name: max(map(width, (name, *texts))) + 2 for name, texts in rows.items()}
    spared: list[str] = []
    for name in _SPARE:
        if sum(wide.values()) - 2 <= room:
            break
        if wide.pop(name, None) is not None:
            spared.append(name)
    return spared


def _stage(one: AuditedPromotion) -> str:
    told = f"{one.to} (rollback)" if one.kind == "rollback" else one.to
    return f"{told}, reverted" if one.reverted else told


def _gates(one: AuditedPromotion) -> str:
    if not one.verdicts:
        return "none"
    counted: dict[str, int] = {}
    for verdict in one.verdicts:
        counted[str(verdict.outcome)] = counted.get(str(verdict.outcome), 0) + 1
    return ", ".join(f"{number} {outcome}" for outcome, number in counted.items())


def _policy(one: AuditedPromotion) -> str:
    used = one.policy.used
    return one.policy.state if used is None else f"{used.sha256[:8]} {one.policy.state}"


def _finding(finding: Finding) -> None:
    label = click.style(f"{finding.severity:<10}", fg=_COLORS[finding.severity], bold=True)
    click.echo(f"{label}  {safe(finding.what)}")
    click.echo(f"            → {safe(finding.means)}")
    where = [finding.commit[:12]] if finding.commit else []
    where += [finding.when] if finding.when else []
    where += [finding.who] if finding.who else []
    if where:
        click.echo(f"            {safe(', '.join(where))}")
    if finding.look:
        click.echo(f"            $ {safe(finding.look)}")


def _sum_up(found: Audit) -> None:
    from gitrack.model.audit import Severity

    counted = {severity: len(found.of(severity)) for severity in Severity}
    told = [
        f"{number:,} {severity}{'s' * (severity is Severity.REMARK and number != 1)}"
        for severity, number in counted.items()
        if number
    ]
    click.echo(
        f"{found.commits:,} commits, {found.runs:,} runs, {found.versions:,} versions, "
        f"{len(found.promotions):,} promotions: {', '.join(told) or 'nothing found'}",
        err=True,
    )
    if found.earlier:
        plural = "s" * (found.earlier != 1)
        click.echo(
            f"{found.earlier:,} finding{plural} of before {day_and_time(found.since or '')} "
            "not listed; without --since there are all",
            err=True,
        )
