"""`gitrack status`: what is running, what waits, and where the tracking branch stands."""

from __future__ import annotations

from typing import Any

import click
import msgspec

from gitrack.cli import arrivals
from gitrack.cli.moving import files_shown, runs_shown
from gitrack.cli.output import print_json
from gitrack.errors import GitrackError
from gitrack.sharing.exchange.unpushed import Unpushed, unpushed
from gitrack.tracking.ending.recover import Waiting, waiting
from gitrack.tracking.place import Place, find_place


class BranchStatus(msgspec.Struct, frozen=True, kw_only=True):
    """Where the tracking branch stands. `ahead` and `behind` count commits.

    `unpushed` is None where there is no remote to push to.
    """

    name: str
    tip: str | None = None
    runs: int = 0
    unreadable: int = 0
    remote: str | None = None
    ahead: int | None = None
    behind: int | None = None
    unpushed: Unpushed | None = None


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print the status as JSON.")
def command(as_json: bool) -> None:
    """Say what is running, waiting and committed.

    Reads only what is on this machine; nothing is fetched. Like every command it first commits
    what interrupted runs have left; whatever it could not commit is listed with the reason.
    """
    arrivals.bring_in()
    place = find_place()
    runs = waiting(place)
    branch = _branch(place) if place.repository is not None else None
    if as_json:
        status = {"branch": branch, "runs": runs}
        print_json(status)
        return
    for state, title in _TITLES.items():
        _list(title, [run for run in runs if run.state == state])
    _say_branch(branch, place)
    if any(run.state in ("finished", "dead") for run in runs):
        click.echo("'gitrack sync' commits what waits", err=True)


_TITLES = {
    "running": "running",
    "starting": "starting",
    "finished": "finished, not on the branch yet",
    "dead": "interrupted, not on the branch yet",
    "damaged": "damaged",
}


def _list(title: str, runs: list[Waiting]) -> None:
    if not runs:
        return
    click.echo(f"{title}:")
    for run in runs:
        click.echo(f"  {run.id}  {_described(run)}".rstrip())


def _described(run: Waiting) -> str:
    if run.state == "damaged":
        return f"{run.folder}: {run.why}"
    parts = [run.experiment, run.name]
    if run.step is not None:
        parts.append(f"step {run.step}")
    parts += [f"{name}={value:.4g}" for name, value in list(run.metrics.items())[-3:]]
    if run.last:
        parts.append(f"last record {run.last}")
    return "  ".join(part for part in parts if part)


def _say_branch(branch: BranchStatus | None, place: Place) -> None:
    if branch is None:
        click.echo(
            f"{place.folder} is not inside a git repository; runs wait in {place.outbox}, and "
            "'gitrack sync --into REPO' brings them into one"
        )
    elif branch.tip is None:
        click.echo(f"branch {branch.name}: no run yet")
    else:
        plural = "run" if branch.runs == 1 else "runs"
        click.echo(f"branch {branch.name}: {branch.runs} {plural}, at {branch.tip[:12]}")
        if branch.unreadable:
            click.echo(f"  {branch.unreadable} files cannot be read: 'gitrack doctor' names them")
        if branch.remote is None:
            click.echo("  not on any remote yet")
        else:
            click.echo(f"  {branch.ahead} ahead of and {branch.behind} behind {branch.remote}")
        _say_unpushed(branch.unpushed)


def _say_unpushed(unpushed: Unpushed | None) -> None:
    if unpushed is None or not (unpushed.runs or unpushed.heavy):
        return
    parts = [runs_shown(unpushed.runs)] if unpushed.runs else []
    parts += [files_shown(unpushed.heavy)] if unpushed.heavy else []
    click.echo(f"  not pushed yet: {' and '.join(parts)}; 'gitrack push' sends them")


def _branch(place: Place) -> BranchStatus:
    store = place.store()
    name = store.branch.name
    tip = store.branch.tip()
    if tip is None:
        return BranchStatus(name=name)
    table = store.table()
    return BranchStatus(
        name=name,
        tip=tip,
        runs=table.rows,
        unreadable=len(table.faults),
        unpushed=unpushed(place),
        **_distance(place, name, tip),
    )


def _distance(place: Place, branch: str, tip: str) -> dict[str, Any]:
    """How far the branch is from what was last fetched or pushed. A fresh clone has only that."""
    assert place.repository is not None
    remote = f"{place.config.remote}/{branch}"
    try:
        counted = place.repository.git(
            "rev-list", "--left-right", "--count", f"{tip}...refs/remotes/{remote}"
        )
    except GitrackError:
        return {}
    ahead, behind = counted.split()
    return {"remote": remote, "ahead": int(ahead), "behind": int(behind)}
