"""`gitrack gc`: remove heavy files that nobody needs any more; shows them first."""

from __future__ import annotations

import shlex
import sys
from typing import TYPE_CHECKING, Any

import click

from gitrack.cli import arrivals
from gitrack.cli.output import print_json
from gitrack.errors import UsageError
from gitrack.model.display import safe, size

if TYPE_CHECKING:
    from gitrack.sharing.collection.letting_go import Rules
    from gitrack.sharing.collection.plan import Ground, Leaving, LetGo, Plan
    from gitrack.store.runs import RunStore
    from gitrack.tracking.place import Place

#: Lines of each list that a terminal gets; --json has all.
_SHOWN = 40
_STATUSES = ("finished", "failed", "killed")
_UNRULED = "; to let runs go, name rules, such as  gitrack gc --older-than 90d"


def _duration(ctx: click.Context, param: click.Parameter, value: str | None) -> float | None:
    if value is None:
        return None
    from gitrack.model.query.times import seconds

    found = 0 if value == "0" else seconds(value)
    if found is None:
        raise click.BadParameter(f"{value!r} is not a time such as 90d, 12h or 2w", ctx, param)
    return float(found)


def _words(ctx: click.Context, param: click.Parameter, value: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(word.strip() for text in value for word in text.split(",") if word.strip())


def _statuses(
    ctx: click.Context, param: click.Parameter, value: tuple[str, ...]
) -> tuple[str, ...]:
    words = _words(ctx, param, value)
    for word in words:
        if word not in _STATUSES:
            known = ", ".join(_STATUSES)
            raise click.BadParameter(f"{word!r} is none of {known}", ctx, param)
    return words


@click.command()
@click.argument("filter", required=False, default="")
@click.option(
    "--older-than", metavar="TIME", callback=_duration, help="Runs that ended so long ago: 90d, 2w."
)
@click.option(
    "--status",
    "statuses",
    multiple=True,
    metavar="STATUS",
    callback=_statuses,
    help="Runs that ended so: finished, failed, killed; several with commas.",
)
@click.option(
    "-e",
    "--experiment",
    "experiments",
    multiple=True,
    metavar="PATTERN",
    help="Runs of these experiments, such as 'xgboost-*'; may be given several times.",
)
@click.option(
    "--keep-last",
    type=click.IntRange(min=0),
    metavar="N",
    help="All runs but the last N of each experiment.",
)
@click.option(
    "--kind",
    "kinds",
    multiple=True,
    metavar="KIND",
    callback=_words,
    help="Only artifacts of this kind, such as checkpoint; several with commas.",
)
@click.option("--remote", is_flag=True, help="Remove from gitrack's own artifact remote, too.")
@click.option("-y", "--yes", "--force", "really", is_flag=True, help="Do it.")
@click.option(
    "--grace",
    metavar="TIME",
    default="24h",
    show_default=True,
    callback=_duration,
    help="Leave what is younger: somebody may be about to refer to it.",
)
@click.option("--offline", is_flag=True, help="Do not ask the git remote whether it has more runs.")
@click.option("--shared-cache", is_flag=True, help="Also a DVC cache outside of this repository.")
@click.option("--despite-lost", is_flag=True, help="Also if folders that stay have lost a part.")
@click.option("--json", "as_json", is_flag=True, help="Print what goes and what stays as JSON.")
def command(
    filter: str,
    older_than: float | None,
    statuses: tuple[str, ...],
    experiments: tuple[str, ...],
    keep_last: int | None,
    kinds: tuple[str, ...],
    remote: bool,
    really: bool,
    grace: float,
    offline: bool,
    shared_cache: bool,
    despite_lost: bool,
    as_json: bool,
) -> None:
    """Remove heavy files that no kept run needs. Shows what would go; --yes does it.

    \b
    gitrack gc --older-than 90d --status failed,killed
    gitrack gc 'metrics.test_auc_roc < 0.8' --kind checkpoint --keep-last 10
    gitrack gc --experiment 'xgboost-*' --keep-last 10 --remote --yes

    Every run is kept unless rules let it go: FILTER, as 'gitrack ls' takes it, and the options.
    Of several, all must hold. Without any, only what runs no longer refer to goes.

    Always stay: what a registered version, an alias or the newest version of a named artifact, or
    a run that stays relies on, your own DVC data, runs that are being written. Records of runs
    are never removed. --remote takes bytes from everybody.
    """
    from gitrack.sharing.collection import collect
    from gitrack.sharing.collection.letting_go import Rules
    from gitrack.tracking.place import find_place

    if offline and remote:
        raise UsageError("--remote takes bytes from everybody, so it must ask; leave --offline out")
    arrivals.bring_in()
    place = find_place()
    store = place.store()
    rules = Rules(
        older_than=older_than,
        statuses=frozenset(statuses),
        experiments=experiments,
        keep_last=keep_last,
        kinds=frozenset(kinds),
    )
    ground = _ground(place, store, remote, grace, offline, despite_lost)
    _refuse(place, store, ground, offline=offline, shared_cache=shared_cache)
    let_go = _let_go(store, rules, filter)
    done = (collect.collect if really else collect.plan)(ground, store, let_go)
    if as_json:
        _print_json(done, ground, really)
    else:
        _print(done, ground, really, ruled=rules.given() or bool(filter))


def _ground(
    place: Place, store: RunStore, both: bool, grace: float, offline: bool, despite_lost: bool
) -> Ground:
    from gitrack.artifacts import cache_of
    from gitrack.artifacts.remote import RemoteObjects
    from gitrack.artifacts.transfer import settings_for
    from gitrack.retrieval.obtain import remote_of
    from gitrack.sharing.collection.plan import Ground

    repository = place.repository
    assert repository is not None
    url = place.config.artifacts.remote if both else remote_of(store, repository)
    if both and url is None:
        raise UsageError(
            "there is no artifact remote to collect in",
            hint="leave --remote out, or set artifacts.remote in .tracking/config.yaml",
        )
    remote = None
    if url is not None and not offline:
        foreign = place.config.artifacts.remote is None
        settings = settings_for(repository.worktree, url, only_on_branch=foreign)
        remote = RemoteObjects(url, settings)
    return Ground(
        place=place,
        cache=cache_of(repository.worktree, repository.common_dir),
        url=url,
        remote=remote,
        both=both,
        grace=grace,
        despite_lost=despite_lost,
    )


def _refuse(
    place: Place, store: RunStore, ground: Ground, *, offline: bool, shared_cache: bool
) -> None:
    from gitrack.sharing.collection.certainty import (
        refuse_ignorance,
        refuse_shared_cache,
        refuse_shared_remote,
    )

    refuse_ignorance(place, store, offline=offline)
    if not shared_cache:
        refuse_shared_cache(place, ground.cache)
    if ground.remote is not None and ground.both:
        refuse_shared_remote(place, ground.remote.url)


def _let_go(store: RunStore, rules: Rules, filter: str) -> LetGo:
    from gitrack.sharing.collection.plan import LetGo

    table = store.table()
    among: list[int] | None = None
    if filter:
        from gitrack.analysis.search import matching

        among = matching(table, filter)
    return LetGo(
        folders=frozenset(table.path(row) for row in rules.rows(table, among)),
        kinds=rules.kinds,
        rules=rules.said(filter),
    )


def _print(done: Plan, ground: Ground, really: bool, *, ruled: bool) -> None:
    runs = {artifact.run for artifact in done.leaving}
    if done.leaving:
        verb = "removed" if really else "would remove"
        where = [f"{size(sum(done.cache.values()))} in the cache"]
        if ground.remote is not None and ground.both:
            where.append(f"{size(sum(done.remote.values()))} in {ground.remote.url}")
        count, many = len(done.leaving), len(runs)
        click.echo(
            f"{verb} {count} artifact{'s' * (count != 1)} of {many} run{'s' * (many != 1)}: "
            + ", ".join(where)
        )
        alone = ground.url is not None and not ground.both
        _list([_line(artifact, alone and artifact.last) for artifact in done.leaving])
    if done.staying:
        click.echo("stays although the rules name it:")
        _list([f"{s.run or '-'}  {s.path or 'all of it'}: {s.why}" for s in done.staying])
    if not done.leaving:
        click.echo(f"nothing to remove{'' if ruled else _UNRULED}", err=True)
    elif not really:
        typed = shlex.join(["gitrack", *sys.argv[1:], "--yes"])
        click.echo(f"nothing was removed; to do it, type  {safe(typed)}", err=True)


def _line(artifact: Leaving, only_here: bool) -> str:
    where = " (not on the remote: the only copy)" if only_here else ""
    return f"{artifact.run or '-'}  {size(artifact.bytes):>9}  {artifact.path}{where}"


def _list(lines: list[str]) -> None:
    for line in lines[:_SHOWN]:
        click.echo(f"  {safe(line)}")
    if len(lines) > _SHOWN:
        click.echo(f"  … and {len(lines) - _SHOWN:,} more ('--json' has all)")


def _print_json(done: Plan, ground: Ground, really: bool) -> None:
    import msgspec

    def shelf(objects: dict[str, int]) -> dict[str, int]:
        return {"objects": len(objects), "bytes": sum(objects.values())}

    said: dict[str, Any] = {
        "removed": really,
        "bytes": done.bytes,
        "cache": shelf(done.cache),
        "remote": shelf(done.remote) if ground.both else None,
        "leaving": msgspec.to_builtins(done.leaving),
        "staying": msgspec.to_builtins(done.staying),
    }
    print_json(said)
