"""A branch that does not contain what this clone has seen of it: somebody has rewritten it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from gitrack.errors import GitrackError, NotFound
from gitrack.model.audit import Rewriting
from gitrack.registry.audit.findings import Findings
from gitrack.registry.audit.kinds import FOR_EVER, Kind, what_is
from gitrack.registry.audit.trail import Trail
from gitrack.store.git.ancestry import commits_below, tree_changes
from gitrack.store.git.branch import GitBranch
from gitrack.store.git.seen import ACCEPTED, HERE, SEEN, accept, logged_tips, see, seen_tips

#: More names than this help nobody.
_NAMED = 20


def lines_of(branch: GitBranch) -> list[tuple[str, str, str, str | None]]:
    """(remote or HERE, how people call it, ref, tip) of the branch here and on its remote."""
    here, there = branch.local_and_remote()
    name, remote = branch.name, branch.remote
    found = [(HERE, name, f"refs/heads/{name}", here)]
    if remote is not None:
        found.append((remote, f"{remote}/{name}", f"refs/remotes/{remote}/{name}", there))
    return found


class Rewritten:
    """Holds what was seen against what is there."""

    def __init__(self, branch: GitBranch, trail: Trail, findings: Findings) -> None:
        self._branch = branch
        self._trail = trail
        self._findings = findings
        self.found: list[Rewriting] = []

    def check(self, *, note: bool = True) -> None:
        """All tips that were ever seen; `note` keeps in mind where the branch stands now."""
        for remote, called, ref, tip in lines_of(self._branch):
            self._line(remote, called, ref, tip)
            if note:
                see(self._branch.repository, remote, self._branch.name, tip)
        self._substitutes()

    def _line(self, remote: str, called: str, ref: str, tip: str | None) -> None:
        repository, name = self._branch.repository, self._branch.name
        seen = seen_tips(repository, remote, name)
        ever = dict.fromkeys((*seen.tips, *sorted(seen.accepted), *logged_tips(repository, ref)))
        if tip is None and (remote == HERE or not self._knows(remote)):
            # a clone that has the branch on its remote only, or has no such remote any more
            tip = self._trail.tip
        contained = self._trail.ancestors(tip) if tip is not None else set()
        lost = [id for id in ever if id not in contained]
        for old in self._outermost(lost):
            rewriting = self._rewriting(called, old, tip, accepted=old in seen.accepted)
            self.found.append(rewriting)
            told = (
                f"{called} was rewritten: {old[:12]}, which this clone has seen, is not in it"
                f" any more (it stands at {tip[:12] if tip else 'nothing'}); "
                f"{rewriting.commits} commit{'s' * (rewriting.commits != 1)} went"
            )
            lost_now = [*rewriting.lost_promotions, *rewriting.lost_runs]
            if lost_now:
                told += f", and with them {', '.join(lost_now[:5])}"
                told += f" and {len(lost_now) - 5} more" if len(lost_now) > 5 else ""
            else:
                told += "; nothing of what they had recorded is missing"
            report = self._findings.remark if rewriting.accepted else self._findings.tampering
            if remote == HERE and not rewriting.accepted:
                report = self._findings.suspicious
            report(
                "rewriting-accepted" if rewriting.accepted else "rewritten",
                told,
                "somebody accepted that"
                if rewriting.accepted
                else "history was replaced; if that was agreed, type  "
                f"gitrack audit --accept-rewrite {old[:12]}",
                path=f"{called}@{old}",
                look=f"git log --oneline {old[:12]}" + (f" --not {tip[:12]}" if tip else ""),
            )

    def _knows(self, remote: str) -> bool:
        return self._branch.repository.run("config", "--get", f"remote.{remote}.url").code == 0

    def _outermost(self, lost: list[str]) -> list[str]:
        """Of tips that are lost, those that no other lost one contains."""
        repository = self._branch.repository
        there = [id for id in lost if _is_here(self._branch, id)]
        below: set[str] = set()
        for id in there:
            if id not in below:
                past = {commit.id for commit in commits_below(repository, [id])}
                below |= past - {id}
        return [id for id in there if id not in below]

    def _rewriting(self, called: str, old: str, tip: str | None, *, accepted: bool) -> Rewriting:
        repository = self._branch.repository
        arguments = ["rev-list", "--count", old, *([f"^{tip}"] if tip else [])]
        count = int(repository.git(*arguments))
        trees = [repository.git("rev-parse", f"{id}^{{tree}}") for id in (old, tip) if id]
        runs: list[str] = []
        promotions: list[str] = []
        if len(trees) == 2:
            (changes,) = tree_changes(repository, [(trees[0], trees[1])])
            for change in changes:
                what = what_is(change.path)
                if change.old is None or what.kind not in FOR_EVER:
                    continue
                if what.kind is Kind.RUN:
                    runs.append(what.name.rpartition("/")[2])
                elif what.kind is Kind.PROMOTION:
                    promotions.append(f"{what.name}/{what.item}")
        return Rewriting(
            branch=called,
            seen=old,
            now=tip,
            commits=count,
            lost_runs=sorted(runs)[:_NAMED],
            lost_promotions=sorted(promotions)[:_NAMED],
            accepted=accepted,
        )

    def _substitutes(self) -> None:
        """Replacements and grafts: git shows another history than the one that was pushed."""
        repository = self._branch.repository
        listed = repository.git("for-each-ref", "--format=%(refname)", "refs/replace/")
        for name in listed.splitlines():
            id = name.removeprefix("refs/replace/")
            of_ours = id in self._trail.by_id
            self._findings.suspicious(
                "replacement",
                f"{name} makes git show something else in place of {id[:12]}"
                + (", a commit of this branch" if of_ours else ""),
                "this audit looked behind it; what 'git log' and 'git show' say here is not so",
                path=name,
                look=f"git --no-replace-objects show {id[:12]}",
            )
        grafts: Path = repository.common_dir / "info" / "grafts"
        lines = grafts.read_text("utf-8", "replace").split("\n") if grafts.is_file() else []
        for line in lines:
            if line.strip() and not line.startswith("#"):
                self._findings.suspicious(
                    "graft",
                    f"info/grafts gives {line.split()[0][:12]} other parents than it has",
                    "this audit looked behind it; what 'git log' says here is not so",
                    path=f"info/grafts: {line.split()[0]}",
                    look=f"cat {grafts}",
                )


def accept_rewriting(branch: GitBranch, tip: str) -> list[str]:
    """Let a tip go that a rewriting threw away; the names of the branches that had it.

    Raises NotFound for a tip that was not seen, or is still in the branch.
    """
    repository = branch.repository
    done: list[str] = []
    for remote, called, ref, now in lines_of(branch):
        tips = [*seen_tips(repository, remote, branch.name).tips, *logged_tips(repository, ref)]
        for old in _named(tips, tip):
            inside = now is not None and (
                repository.run("merge-base", "--is-ancestor", old, now).code == 0
            )
            if not inside:
                accept(repository, remote, branch.name, old)
                done.append(called)
    if not done:
        raise NotFound(
            f"{tip!r} is no tip that a rewriting of {branch.name} threw away",
            hint="type  gitrack audit , which names them",
        )
    return list(dict.fromkeys(done))


def _named(tips: list[str], start: str) -> Iterator[str]:
    if len(start) < 7:
        return
    yield from dict.fromkeys(id for id in tips if id.startswith(start.lower()))


def _is_here(branch: GitBranch, id: str) -> bool:
    try:
        branch.tree(at=id)
    except GitrackError:
        return False
    return True


__all__ = ["ACCEPTED", "SEEN", "Rewritten", "accept_rewriting", "lines_of"]
