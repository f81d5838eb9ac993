"""Promotes a version and rolls back: by a pull request, or directly where the policy allows it."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from datetime import date, datetime
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from gitrack.config.stage_name import ARCHIVE
from gitrack.errors import PromotionRefused, UsageError
from gitrack.model.promotion import Promotion, Verdict
from gitrack.model.run import Status
from gitrack.registry.opened import OpenRegistry, open_registry
from gitrack.registry.promotion import branches, upstream
from gitrack.registry.promotion.allowed import direct_allowed
from gitrack.registry.promotion.branches import Placed
from gitrack.registry.promotion.plan import LONGEST_WHY, Planned, plan, upon
from gitrack.registry.promotion.previous import on_day, previous, stood_there
from gitrack.registry.promotion.releases import tag_promotions
from gitrack.registry.promotion.upstream import Base
from gitrack.registry.registering import known_model
from gitrack.registry.transition import known_stage
from gitrack.store.branch import Plan
from gitrack.store.layout import RUNS
from gitrack.store.registry import Registry
from gitrack.store.registry.paths import REGISTRY

if TYPE_CHECKING:
    from pathlib import Path


#: So often somebody else may change the same model while a direct promotion is judged.
_TRIES = 20


class Promoted(msgspec.Struct, frozen=True, kw_only=True):
    """A promotion that was made, or would be (`dry_run`: then without branch and commit).

    `branch` is that of the pull request, or the tracking branch if it was direct. `url` is the pull
    request, where one was opened; else `open` is the address at which a person opens it. `notes`
    are sentences that people should read, `next` what to type. `trouble` says why it went only half
    the way: the branch is here, and could not be pushed.
    """

    id: str
    promotion: Promotion
    direct: bool
    branch: str | None = None
    commit: str | None = None
    title: str
    text: str
    url: str | None = None
    open: str | None = None
    pushed: bool = False
    notes: list[str] = []
    trouble: str | None = None
    next: list[str] = []

    @property
    def verdicts(self) -> list[Verdict]:
        """What each gate said."""
        return self.promotion.verdicts


def promote(
    name: str,
    version: int | str,
    *,
    to: str,
    why: str | None = None,
    keep_previous: bool = False,
    direct: bool = False,
    draft: bool = False,
    dry_run: bool = False,
    push: bool | None = None,
    release: str | None = None,
    replace: bool = False,
    where: OpenRegistry | Path | None = None,
) -> Promoted:
    """Bring a version of a registered model into a stage.

    Its gates are judged; then the stage and the record of the promotion are written as one commit
    on a branch of their own, which is pushed, and a pull request is opened where the git remote is
    a host that takes one. Nothing changes for anybody until that is merged. With `direct` the
    commit goes to the tracking branch at once, where the policy allows it.

    Args:
        name: The registered model.
        version: A number, `v7`, a stage or an alias.
        to: The stage to enter.
        why: The reason, for those who review it and those who read it in a year; without one, the
            description of the version stands for it.
        keep_previous: Leave those who stand in the stage beside the new one.
        direct: Without a pull request.
        draft: Make the branch even if a gate fails, and mark it.
        dry_run: Judge and write nothing.
        push: Send the branch and open the pull request; by default where there is a remote.
        release: The version of the release, such as `v1.2.3`, of the tag that GTO reads.
        replace: Put this promotion in the place of one that waits on the same branch.
        where: A folder of the project; by default the current one.

    Raises:
        PromotionRefused: A gate failed (`verdicts` says which), or the policy forbids it.
    """
    opened = where if isinstance(where, OpenRegistry) else open_registry(where)

    def make(at: str | None) -> Planned:
        reason = _told_of(opened, name, version, at) if why is None else why
        return plan(
            *(opened, name, version, to, reason),
            at=at,
            keep_previous=keep_previous,
            draft=draft,
            release=release,
        )

    way = _Way(direct=direct, draft=draft, dry_run=dry_run, push=push, replace=replace)
    return _carry_out(opened, name, make, way, lambda _: version)


def _told_of(opened: OpenRegistry, name: str, version: int | str, at: str | None) -> str:
    """What a version is said to be; where nobody said it, that nobody gave a reason."""
    about = opened.reader(at=at).version(name, version).description
    return " ".join((about or "no reason was given").split())[:LONGEST_WHY]


def rollback(
    name: str,
    *,
    to_version: int | str | None = None,
    to_date: str | date | datetime | None = None,
    why: str,
    stage: str = "production",
    direct: bool = False,
    draft: bool = False,
    dry_run: bool = False,
    push: bool | None = None,
    replace: bool = False,
    where: OpenRegistry | Path | None = None,
) -> Promoted:
    """Bring the version back that stood in a stage before.

    A promotion like any other, with a reason and a pull request, but judged by the gates that the
    policy has for going back (none, unless it says so).

    Args:
        name: The registered model.
        to_version: The version to go back to; by default the one before the present one.
        to_date: Or a day or a moment, and the version that stood there then.
        why: The reason.
        stage: The stage.
        direct: Without a pull request.
        draft: As in `promote`.
        dry_run: Judge and write nothing.
        push: As in `promote`.
        replace: As in `promote`.
        where: A folder of the project; by default the current one.

    Raises:
        PromotionRefused: The version never stood there, a gate failed, or the policy forbids it.
        NotFound: Nobody stood there before.
    """
    if to_version is not None and to_date is not None:
        raise UsageError("a rollback goes to a version or to a date, not both", hint="name one")
    opened = where if isinstance(where, OpenRegistry) else open_registry(where)
    place = known_stage(stage, opened.ruling.policy.stages(name), name)

    def target(reader: Registry) -> int:
        known_model(reader, name)
        if to_version is not None:
            number = reader.version(name, to_version).version
        elif to_date is not None:
            number = on_day(opened, reader, name, place, to_date)
        else:
            number = previous(reader, name, place)
        stood_there(reader, name, place, number)
        return number

    def make(at: str | None) -> Planned:
        number = target(opened.reader(at=at))
        return plan(opened, name, number, place, why, at=at, kind="rollback", draft=draft)

    way = _Way(direct=direct, draft=draft, dry_run=dry_run, push=push, replace=replace)
    return _carry_out(opened, name, make, way, target)


class _Way(NamedTuple):
    """How a promotion is to be carried out."""

    direct: bool
    draft: bool
    dry_run: bool
    push: bool | None
    replace: bool


def _carry_out(
    opened: OpenRegistry,
    name: str,
    make: Callable[[str | None], Planned],
    way: _Way,
    target: Callable[[Registry], int | str],
) -> Promoted:
    if way.direct:
        _refuse_mixture(way)
        if way.dry_run:
            return _described(opened, make(opened.branch.tip()), direct=True)
        return _directly(opened, name, make)
    base = upstream.base_of(opened, ask=way.push is not False and not way.dry_run)
    upstream.refuse_unpushed(opened, name, target, base)
    planned = make(base.commit)
    if way.dry_run:
        return _described(opened, planned, direct=False, remote=base.remote)
    if planned.failed and not way.draft:
        raise refused(planned)
    push = way.push is not False and base.remote is not None and base.trouble is None
    name_there = branches.branch_name(planned.promotion)
    if push and base.remote is not None:
        trouble = branches.look_at_remote(opened, name_there, base.remote)
        if trouble is not None:
            base, push = base._replace(trouble=trouble), False
    placed = branches.place(opened, planned, replace=way.replace, remote=base.remote)
    return _published(opened, planned, placed, base, push=push)


def _refuse_mixture(way: _Way) -> None:
    """Raise UsageError for what makes sense of a pull request only."""
    for name, given in (("draft", way.draft), ("replace", way.replace), ("push", way.push)):
        if given:
            hint = "leave one of them away"
            if name == "push":
                hint = "leave it away, and type  gitrack push  afterwards"
            raise UsageError(f"a direct promotion has no branch to {name}", hint=hint)


def _published(
    opened: OpenRegistry, planned: Planned, placed: Placed, base: Base, *, push: bool
) -> Promoted:
    from gitrack.registry.promotion.hosts.opening import Request
    from gitrack.registry.promotion.publish import publish

    there = msgspec.structs.replace(planned, id=placed.id, promotion=placed.promotion)
    done = _described(opened, there, direct=False, remote=base.remote)
    wanted = Request(
        branch=placed.branch,
        into=opened.branch.name,
        title=done.title,
        text=done.text,
        draft=placed.promotion.draft,
    )
    out = publish(opened, placed, wanted, remote=base.remote, push=push)
    notes = [*done.notes, *out.notes]
    if placed.promotion.tag is not None:
        notes.append(f"{placed.promotion.tag} is made by  gitrack model tags  when it is merged")
    if placed.again:
        notes.append(f"the branch {placed.branch} was there already")
    return msgspec.structs.replace(
        done,
        branch=placed.branch,
        commit=placed.commit,
        pushed=out.pushed,
        url=out.url,
        open=out.open,
        notes=notes,
        trouble=base.trouble or out.trouble,
        next=list(out.next),
    )


def _directly(opened: OpenRegistry, name: str, make: Callable[[str | None], Planned]) -> Promoted:
    """Judge without the writers' lock, for gates may take minutes; commit under it.

    If the branch moved meanwhile, but neither this model nor the runs, what was judged still holds.
    """
    made: list[Planned] = []
    for _ in range(_TRIES):
        judged = make(opened.branch.tip())
        _refuse_direct(opened, judged)

        def on_tip(tip: str | None, judged: Planned = judged) -> Plan:
            base = judged.promotion.base
            if tip is None or (tip != base and _changed(opened, name, base, tip)):
                raise _Moved
            final = judged if tip == base else upon(judged, tip)
            made.append(final)
            return Plan(final.changes, final.message)

        try:
            commit = opened.branch.commit_on_tip(on_tip)
        except _Moved:
            continue
        return _committed(opened, made[-1], commit)
    raise PromotionRefused(
        f"others changed {name} {_TRIES} times while it was judged", hint="type it again"
    )


def _committed(opened: OpenRegistry, planned: Planned, commit: str) -> Promoted:
    done = _described(opened, planned, direct=True)
    notes, next = list(done.notes), ["gitrack push"] if upstream.has_remote(opened) else []
    if planned.promotion.tag is not None:
        tagged = tag_promotions(opened, planned.promotion.model)
        notes += tagged.troubles
        notes += [f"tagged {made.tag} on {made.commit[:12]}" for made in tagged.made]
        if tagged.made and next:
            names = " ".join(shlex.quote(f"refs/tags/{made.tag}") for made in tagged.made)
            next.append(f"git push {opened.place.config.remote} {names}")
    return msgspec.structs.replace(
        done, branch=opened.branch.name, commit=commit, notes=notes, next=next
    )


class _Moved(Exception):
    """The branch has other facts by now than those that were judged."""


def _changed(opened: OpenRegistry, name: str, old: str, new: str) -> bool:
    branch = opened.branch
    folders = (f"{REGISTRY}/{name}", RUNS)
    return any(branch.tree(folder, at=old) != branch.tree(folder, at=new) for folder in folders)


def _refuse_direct(opened: OpenRegistry, planned: Planned) -> None:
    what = planned.promotion
    if not direct_allowed(opened.ruling.policy.stages(what.model)[what.to], what.kind):
        raise PromotionRefused(
            f"{what.to} of {what.model} is entered by a pull request only",
            hint=f"leave  --direct  away; or write  direct: true  under {what.to} in "
            ".tracking/policy.yaml",
            verdicts=planned.verdicts,
        )
    if planned.failed:
        raise refused(planned)
    if planned.waiting:
        gates = "; ".join(verdict.says for verdict in planned.waiting)
        raise PromotionRefused(
            f"{what.model} v{what.version} waits for approval: {gates}",
            hint="leave  --direct  away, so that reviewers can approve the pull request",
            verdicts=planned.verdicts,
        )


def refused(planned: Planned) -> PromotionRefused:
    """The error for gates that failed."""
    what, gates = planned.promotion, planned.failed
    plural = "gate" if len(gates) == 1 else "gates"
    names = ", ".join(verdict.gate for verdict in gates[:5])
    more = f" and {len(gates) - 5} more" if len(gates) > 5 else ""
    return PromotionRefused(
        f"{what.model} v{what.version} does not pass {len(gates)} {plural} of {what.to}: "
        f"{names}{more}",
        hint="nothing was written; --draft makes a marked pull request all the same",
        verdicts=planned.verdicts,
    )


def _described(
    opened: OpenRegistry, planned: Planned, *, direct: bool, remote: str | None = None
) -> Promoted:
    what = planned.promotion
    notes = [opened.ruling.trouble] if opened.ruling.trouble else []
    notes += _emptied(list(opened.ruling.policy.stages(what.model)), planned)
    ended = planned.case.standing.run.status
    if ended is not Status.FINISHED:  # no gate asks for that
        notes.append(f"the run of v{what.version} did not finish: it is {ended}")
    text = "" if direct else _text(opened, planned, remote)
    return Promoted(
        id=planned.id,
        promotion=what,
        direct=direct,
        title=planned.title,
        text=text,
        notes=notes,
    )


def _emptied(order: list[str], planned: Planned) -> list[str]:
    """Stages behind the one that is entered in which nothing would stand any more."""
    what = planned.promotion
    return [
        f"v{what.version} leaves {stage}, in which nothing stands then"
        for stage, others in planned.leaves.items()
        if not others
        and stage in order
        and stage != ARCHIVE
        and (what.to == ARCHIVE or order.index(stage) > order.index(what.to))
    ]


def _text(opened: OpenRegistry, planned: Planned, remote: str | None) -> str:
    from gitrack.registry.promotion.publish import host_of_remote
    from gitrack.registry.promotion.text import text_of

    return text_of(opened, planned, host_of_remote(opened, remote))
