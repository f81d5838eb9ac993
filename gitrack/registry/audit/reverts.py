"""Ways of a promotion's record to go: a `git revert` of it, or it never came to the others."""

from __future__ import annotations

from collections import defaultdict

from gitrack.registry.audit.kinds import Kind, what_is
from gitrack.registry.audit.trail import Step, Trail
from gitrack.store.git.ancestry import Change


class Reverts:
    """Tells a legal way back from a promotion that was made to disappear."""

    def __init__(self, trail: Trail) -> None:
        self._trail = trail
        #: by path of a promotion, the commits that brought it, in order
        self.brought_by: dict[str, list[str]] = defaultdict(list)
        #: by path of a promotion, the commits that took it back
        self.taken_back: dict[str, list[str]] = defaultdict(list)
        #: paths of promotions that never took effect, since a merge left them out
        self.given_up: set[str] = set()
        self._known: dict[tuple[str, str | None, str], bool] = {}
        for commit in trail.commits:
            for change in trail.brought[commit.id]:
                if what_is(change.path).kind is Kind.PROMOTION:
                    self.brought_by[change.path].append(commit.id)

    def of(self, step: Step, change: Change) -> bool:
        """True if the removal of a promotion's record is part of an exact revert."""
        return self.exact(step, what_is(change.path).name)

    def exact(self, step: Step, model: str) -> bool:
        """True if a step takes promotions of a model back and does nothing else to its stages."""
        key = (step.commit.id, step.parent, model)
        known = self._known.get(key)
        if known is None:
            known = self._exact(step, model) or self._gives_up(step, model)
            self._known[key] = known
        return known

    def _gives_up(self, step: Step, model: str) -> bool:
        """True if a merge leaves out promotions that nobody else had seen, and takes theirs.

        So does `gitrack pull --prefer theirs` when others have promoted meanwhile: the stages are
        those of the published line, on which ours never took effect.
        """
        if step.first or len(step.commit.parents) != 2:
            return False
        published = step.commit.parents[0]
        left_out: list[str] = []
        for change in step.changes:
            what = what_is(change.path)
            if what.name != model or what.kind not in (Kind.PROMOTION, Kind.STAGE):
                continue
            if self._trail.at(change.path, published) != change.new:
                return False
            if what.kind is Kind.PROMOTION and change.new is None:
                if self._trail.was_in_common(step.commit, change.path):
                    return False
                left_out.append(change.path)
        self.given_up.update(left_out)
        return bool(left_out)

    def _exact(self, step: Step, model: str) -> bool:
        removed: list[Change] = []
        stages: dict[str, Change] = {}
        for change in step.changes:
            what = what_is(change.path)
            if what.name != model:
                continue
            if what.kind is Kind.PROMOTION:
                if change.new is not None:
                    return False
                removed.append(change)
            elif what.kind is Kind.STAGE:
                stages[change.path] = change
        steps = [self._bringing(change, step) for change in removed]
        if not removed or None in steps:
            return False
        if any(self._by_merge(step, change.path) for change in removed):
            return False
        state = {path: change.old for path, change in stages.items()}
        touched = dict(state)
        latest_first = sorted(
            {found.commit.id: found for found in steps if found is not None}.values(),
            key=lambda found: -self._trail.order[found.commit.id],
        )
        for found in latest_first:
            for change in found.changes:
                what = what_is(change.path)
                if what.kind is not Kind.STAGE or what.name != model:
                    continue
                if state.setdefault(change.path, change.new) != change.new:
                    return False
                touched.setdefault(change.path, change.new)
                state[change.path] = change.old
        after = {path: stages[path].new if path in stages else touched[path] for path in state}
        if state != after:
            return False
        for change in removed:
            if step.commit.id not in self.taken_back[change.path]:
                self.taken_back[change.path].append(step.commit.id)
        return True

    def _by_merge(self, step: Step, path: str) -> bool:
        """True if a merge drops what all that it unites have: nobody has decided that."""
        parents = step.commit.parents
        return len(parents) > 1 and all(self._trail.at(path, each) is not None for each in parents)

    def _bringing(self, change: Change, step: Step) -> Step | None:
        """The step that wrote the record which goes now."""
        place = self._trail.order[step.commit.id]
        for commit in reversed(self.brought_by[change.path]):
            if self._trail.order[commit] < place:
                return self._trail.steps[commit][0]
        return None
