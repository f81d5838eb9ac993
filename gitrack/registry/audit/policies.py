"""The policy that a promotion names, found again in the code's history, and whether it held."""

from __future__ import annotations

from bisect import bisect_right
from functools import cached_property
from typing import NamedTuple

from gitrack.errors import GitrackError
from gitrack.model import moments
from gitrack.model.audit import AuditedPolicy
from gitrack.model.promotion import PolicyUsed, Promotion
from gitrack.registry.audit.findings import Findings
from gitrack.registry.audit.trail import moment
from gitrack.registry.opened import OpenRegistry
from gitrack.registry.ruling import Ruling, digest, policy_path, ruling_by_digest
from gitrack.store.git.code import CodeBranch, code_branch, code_file

#: Who promotes may not have fetched the newest policy yet.
_STALE = 3600
_SKEW = 300


class _Held(NamedTuple):
    """From when a policy held, by the default branch."""

    since: int
    commit: str
    digest: str | None


class Policies:
    """What the code's default branch said when."""

    def __init__(self, opened: OpenRegistry, findings: Findings) -> None:
        self._opened = opened
        self._repository = opened.repository
        self._findings = findings
        self._path = policy_path(opened.place)
        self._files: dict[str, bytes | None] = {}
        self._rulings: dict[str, Ruling] = {}

    def of(self, promotion: Promotion, id: str, commit: str) -> tuple[AuditedPolicy, Ruling | None]:
        """What came of the policy of a promotion, and the policy itself where it was found."""
        used = promotion.policy
        where = {"commit": commit, "model": promotion.model, "promotion": id}
        if used is None:
            return self._without(promotion, where), Ruling()
        found = self._found(used)
        if found is None:
            if used.commit is not None and self._there(used.commit):
                self._findings.tampering(
                    "policy-other",
                    f"{promotion.model}: {id} names the policy {used.sha256[:12]} of the code's "
                    f"commit {used.commit[:12]}, which has another one or none",
                    "it was not judged by the policy that it names",
                    look=f"git show {used.commit[:12]}:{self._path} | sha256sum",
                    **where,
                )
                return AuditedPolicy(used=used, state="other", says="that commit has another"), None
            self._missing(used, promotion, where)
            return AuditedPolicy(used=used, state="not found", says="not in this clone"), None
        source, data = found
        held = self._in_force(used, promotion, where)
        known = self._rulings.get(used.sha256)
        if known is None:
            try:
                known = ruling_by_digest(data, f"{source[:12]}:{self._path}", source)
            except GitrackError as error:
                return AuditedPolicy(used=used, state="found", in_force=held, says=str(error)), None
            self._rulings[used.sha256] = known
        return AuditedPolicy(used=used, state="found", in_force=held), known

    def _found(self, used: PolicyUsed) -> tuple[str, bytes] | None:
        """(commit of the code, contents) of a policy."""
        if used.commit is not None:
            data = self._file(used.commit)
            if data is not None and digest(data) == used.sha256:
                return used.commit, data
            if self._there(used.commit):
                return None
        for held in self._history:
            if held.digest == used.sha256:
                data = self._file(held.commit)
                assert data is not None
                return held.commit, data
        return None

    def _there(self, commit: str) -> bool:
        """True if this clone has a commit, so that its policy is the one that it has, or none."""
        return (
            self._file(commit) is not None
            or not self._repository.run("cat-file", "-e", f"{commit}^{{commit}}").code
        )

    def _without(self, promotion: Promotion, where: dict[str, str]) -> AuditedPolicy:
        held = self._at(promotion.at)
        if held is not None and held.digest is not None:
            self._findings.suspicious(
                "policy-left-out",
                f"{promotion.model}: {where['promotion']} names no policy, and since "
                f"{moment(held.since)} there was one",
                "it was not judged by the rules that held",
                look=f"git show {held.commit[:12]}:{self._path}",
                **where,
            )
            return AuditedPolicy(state="none", in_force=False, says="there was one")
        return AuditedPolicy(state="none", in_force=True, says="there was none")

    def _missing(self, used: PolicyUsed, promotion: Promotion, where: dict[str, str]) -> None:
        told = f"the policy {used.sha256[:12]} of {promotion.model}'s {where['promotion']}"
        if used.commit is None:
            held = self._at(promotion.at)
            known = held is not None and held.digest is not None
            # with rules agreed upon, one of nobody's is a way around them
            report = self._findings.suspicious if known else self._findings.remark
            report(
                "policy-never-committed",
                f"{told} lay in somebody's working tree only"
                + (f", and {self._name} had one" if known else ""),
                "nobody can judge by it again",
                **where,
            )
        else:
            # where all of the code should be, a commit that is not there may never have been
            whole = self._default is not None and not self._repository.shallow
            report = self._findings.suspicious if whole else self._findings.remark
            report(
                "policy-not-found",
                f"{told} was not found: this clone lacks the code's commit {used.commit[:12]}",
                "its gates were not judged again; a clone with all of the code's history can",
                look=f"git fetch origin {used.commit[:12]}",
                **where,
            )

    def _in_force(
        self, used: PolicyUsed, promotion: Promotion, where: dict[str, str]
    ) -> bool | None:
        if self._default is None or self._repository.shallow:
            return None
        if used.commit is not None and used.commit not in self._ancestry:
            self._findings.suspicious(
                "policy-elsewhere",
                f"{promotion.model}: {where['promotion']} was judged by the policy of the code's "
                f"commit {used.commit[:12]}, which is not on {self._default.name}",
                "it was a policy that nobody had agreed to, or that branch was rewritten since",
                look=f"git log -1 --format=fuller {used.commit[:12]}",
                **where,
            )
            return False
        try:
            at = moments.read(promotion.at).timestamp()
        except ValueError:
            return None
        held = [one.digest for one in self._between(at - _STALE, at + _SKEW)]
        if used.sha256 in held or (used.commit is None and not self._history):
            return True
        since = [moment(one.since) for one in self._history if one.digest == used.sha256]
        self._findings.suspicious(
            "policy-not-in-force",
            f"{promotion.model}: {where['promotion']} of {promotion.at} was judged by the policy "
            f"{used.sha256[:12]}, which {self._default.name} did not have then"
            + (f" but since {since[0]}" if since else ""),
            "other rules held at that time",
            look=f"git log --first-parent --format='%h %ci' {self._default.name} -- {self._path}",
            **where,
        )
        return False

    def _at(self, when: str) -> _Held | None:
        try:
            seconds = moments.read(when).timestamp()
        except ValueError:
            return None
        # one that came this minute may not have been here yet
        held = self._between(seconds - _STALE, seconds - _STALE)
        return held[0] if held else None

    def _between(self, begin: float, end: float) -> list[_Held]:
        """The policies that held at one time or another of a while."""
        times = [held.since for held in self._history]
        first = max(bisect_right(times, begin) - 1, 0)
        return [held for held in self._history[first:] if held.since <= end]

    @cached_property
    def _default(self) -> CodeBranch | None:
        return default_branch(self._opened)

    @property
    def _name(self) -> str:
        return "the code" if self._default is None else self._default.name

    @cached_property
    def _ancestry(self) -> frozenset[str]:
        assert self._default is not None
        return frozenset(self._repository.git("rev-list", self._default.commit).split())

    @cached_property
    def _history(self) -> list[_Held]:
        """Each policy that the default branch had, the oldest first."""
        if self._default is None:
            return []
        listed = self._repository.git(
            *("-c", "log.showSignature=false", "log", "--first-parent", "--reverse", "-m"),
            *("--no-patch", "--format=%H %ct", self._default.commit, "--", self._path),
        )
        held: list[_Held] = []
        latest = 0
        for line in listed.splitlines():
            commit, _, seconds = line.partition(" ")
            if not seconds:
                continue
            latest = max(latest, int(seconds))
            data = self._file(commit)
            held.append(_Held(latest, commit, None if data is None else digest(data)))
        return held

    def _file(self, commit: str) -> bytes | None:
        if commit not in self._files:
            try:
                self._files[commit] = code_file(self._repository, commit, self._path)
            except GitrackError:
                self._files[commit] = None
        return self._files[commit]


def default_branch(opened: OpenRegistry) -> CodeBranch | None:
    """The branch of the code whose policies count, as it stands here; None if there is none."""
    config = opened.place.config
    return code_branch(
        opened.repository,
        remote=config.remote,
        chosen=config.code_branch,
        tracking=config.branch,
    )
