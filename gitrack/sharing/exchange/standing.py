"""Two clones that have promoted into one stage: the published promotion stands, ours is given up.

Ours is known to nobody else, and was judged while another version stood there. It is never put on
top of theirs by a merge: people are told, and promote again.
"""

from __future__ import annotations

import re
from functools import cached_property
from typing import Literal, NamedTuple

from gitrack.errors import MergeConflict, NotFound
from gitrack.model.promotion import Promotion
from gitrack.store.branch import Branch
from gitrack.store.git.merge import Clash
from gitrack.store.git.repository import Repository
from gitrack.store.registry import Registry
from gitrack.store.registry.paths import REGISTRY, promotion_path, stage_path, taken_apart

_STANDING = ("stages", "promotions")
_STAGE = re.compile(rf"{REGISTRY}/(?P<model>[^/]+)/stages/(?P<stage>[^/]+)\.yaml\Z", re.DOTALL)


class Overtaken(MergeConflict):
    """Others have promoted into a stage into which we have, and theirs is published."""

    def __init__(self, mine: Promotion, other: Promotion) -> None:
        path = stage_path(mine.model, other.to)
        into = "there" if mine.to == other.to else f"to {mine.to}"
        super().__init__(
            [path],
            said=f"{path} was changed by others: v{other.version} of {mine.model} was "
            f"{_verb(other)} to {other.to} by {other.by}, while v{mine.version} was {_verb(mine)} "
            f"{into} in this clone",
            hint="nothing was touched; give yours up by  gitrack pull --prefer theirs , and then "
            f"promote upon theirs:  {_again(mine)}",
        )


class TakenBack(MergeConflict):
    """One side took a promotion back by `git revert`, and the other promoted meanwhile."""

    def __init__(self, model: str, stage: str, mine: str, theirs: str) -> None:
        path = stage_path(model, stage)
        super().__init__(
            [path],
            said=f"{path} was changed by others: {theirs}, while {mine} in this clone",
            hint="nothing was touched; give yours up by  gitrack pull --prefer theirs , and then "
            f"go on from theirs:  gitrack rollback {model}"
            + ("" if stage == "production" else f" --stage {stage}")
            + " --why …",
        )


class _Side(NamedTuple):
    """What one side did to a model's promotions since both parted."""

    added: dict[str, Promotion]
    taken_back: list[str]

    def told(self, model: str) -> str:
        """Its last deed."""
        for promotion in reversed(self.added.values()):
            what = f"v{promotion.version} of {model} was {_verb(promotion)} to {promotion.to}"
            return f"{what} by {promotion.by}"
        return f"the promotion {self.taken_back[-1]} of {model} was reverted"


class Standing:
    """Watches one merge for stages that both sides have changed."""

    def __init__(
        self,
        branch: Branch,
        repository: Repository,
        ours: str,
        theirs: str,
        prefer: Literal["ours", "theirs"] | None,
    ) -> None:
        self._branch = branch
        self._repository = repository
        self._ours, self._theirs = ours, theirs
        self._prefer = prefer
        self._clashed: dict[str, set[str]] = {}
        self._given: set[str] = set()
        self.told: list[str] = []

    def sees(self, clash: Clash) -> bool:
        """Remember a file that both sides changed, if it is that of a stage.

        True if `settled` says what becomes of it: one side took back what it stood on.
        """
        found = _STAGE.match(clash.path)
        if found is None:
            return False
        self._clashed.setdefault(found["model"], set()).add(found["stage"])
        return any(
            model == found["model"] and (mine.taken_back or theirs.taken_back)
            for model, mine, theirs in self._both
        )

    def settled(self) -> dict[str, bytes | None]:
        """Theirs in place of what we promoted. Raises Overtaken unless theirs were asked for."""
        changes: dict[str, bytes | None] = {}
        for model, mine, theirs in self._both:
            stages = self._clashed.get(model, set())
            met = [
                (o, t)
                for o in mine.added.values()
                for t in theirs.added.values()
                if _meet(o, t, stages)
            ]
            if not met and not (stages and (mine.taken_back or theirs.taken_back)):
                continue
            if self._prefer != "theirs":
                if met:
                    raise Overtaken(met[-1][0], met[-1][1])
                raise TakenBack(model, min(stages), mine.told(model), theirs.told(model))
            changes |= self._given_up(model, mine, theirs)
        return changes

    def covers(self, path: str) -> bool:
        """True for a stage or promotion of a model of which ours was given up."""
        parts = path.split("/")
        return parts[:1] == [REGISTRY] and parts[1] in self._given and parts[2] in _STANDING

    def _given_up(self, model: str, mine: _Side, theirs: _Side) -> dict[str, bytes | None]:
        ids = [*mine.added, *mine.taken_back, *theirs.taken_back]
        paths = [promotion_path(model, id) for id in ids]
        folder = f"{REGISTRY}/{model}/stages"
        for at in (self._ours, self._theirs):
            paths += [f"{folder}/{name}" for name in self._branch.children(folder, at=at)]
        changes = {path: self._theirs_at(path) for path in paths}
        self._given.add(model)
        for id in mine.taken_back:
            self.told.append(f"{model}: {id} was reverted here, which is given up")
        for one in mine.added.values():
            self.told.append(
                f"{model} v{one.version} was {_verb(one)} to {one.to} here, which is given up; "
                f"to do so again type  {_again(one)}"
            )
        return changes

    @cached_property
    def _both(self) -> list[tuple[str, _Side, _Side]]:
        """Models of which both sides have promoted, or taken back, since they parted."""
        base = self._repository.git("merge-base", self._ours, self._theirs, check=False)
        at = base.partition("\n")[0]
        if not at:
            return []
        before, here, there = (
            Registry(self._branch, at=commit) for commit in (at, self._ours, self._theirs)
        )
        found = []
        for model in here.models():
            trees = [
                self._branch.tree(f"{REGISTRY}/{model}/promotions", at=commit)
                for commit in (at, self._ours, self._theirs)
            ]
            if trees[0] in trees[1:] or trees[1] == trees[2]:
                continue
            ours, theirs = set(here.promotion_ids(model)), set(there.promotion_ids(model))
            old = set(before.promotion_ids(model))
            known = old | {
                id
                for id in ours & theirs
                if here.promotion(model, id) == there.promotion(model, id)
            }
            mine = _Side(_new(here, model, known), sorted((old & theirs) - ours))
            other = _Side(_new(there, model, known), sorted((old & ours) - theirs))
            if any(mine) and any(other):
                found.append((model, mine, other))
        return found

    def _theirs_at(self, path: str) -> bytes | None:
        try:
            return self._branch.read(path, at=self._theirs)
        except NotFound:
            return None


def _new(registry: Registry, model: str, known: set[str]) -> dict[str, Promotion]:
    """Records that one side alone has added, the oldest first."""
    ids = [id for id in registry.promotion_ids(model) if id not in known and taken_apart(id)]
    records = ((id, registry.promotion(model, id)) for id in ids)
    return {id: record for id, record in records if record is not None}


def _meet(mine: Promotion, theirs: Promotion, clashed: set[str]) -> bool:
    # one version led to two stages stands in neither as it was judged, though no file clashes
    return mine.to == theirs.to or mine.run == theirs.run or bool(clashed)


def _verb(promotion: Promotion) -> str:
    return "rolled back" if promotion.kind == "rollback" else "promoted"


def _again(promotion: Promotion) -> str:
    name, number, stage = promotion.model, promotion.version, promotion.to
    if promotion.kind == "rollback":
        where = "" if stage == "production" else f" --stage {stage}"
        return f"gitrack rollback {name} --to-version {number}{where} --why …"
    return f"gitrack promote {name} {number} --to {stage} --why …"
