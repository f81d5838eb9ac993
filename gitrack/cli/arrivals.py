"""Runs of processes that have died: every command that reads the branch brings them in first."""

from __future__ import annotations

from gitrack.tracking.worktrees import something_waits

#: Runs that are named in the sentence about them.
_NAMED = 3


def bring_in() -> None:
    """Commit what interrupted runs have left, and say so on stderr. Never raises.

    Costs a look into the outboxes, and no import, while nothing waits there.
    """
    if not something_waits():
        return
    import click

    from gitrack.tracking.ending import recover

    arrived = recover.bring_in()
    if not arrived:
        return
    named = ", ".join(f"{run.id} ({run.status})" for run in arrived[:_NAMED])
    more = f" and {len(arrived) - _NAMED} more" if len(arrived) > _NAMED else ""
    plural = "run" if len(arrived) == 1 else "runs"
    click.echo(f"brought in {len(arrived)} {plural} that waited: {named}{more}", err=True)
