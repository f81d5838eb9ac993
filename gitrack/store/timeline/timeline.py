"""What stood in each stage when: read from the tracking branch's line of first parents."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from gitrack.errors import NotFound, StoreError
from gitrack.store.git.branch import GitBranch
from gitrack.store.timeline.building import contents, extend
from gitrack.store.timeline.cache import load, save
from gitrack.store.timeline.line import Line, Row
from gitrack.store.timeline.walk import Step, walk

#: So many new commits are kept; fewer are walked again, which costs less than to write the file.
_WORTH_KEEPING = 16
#: Whoever asks about now has looked at the clock a little earlier.
_THIS_MOMENT = timedelta(minutes=1)
#: How far before a date a commit may be looked for.
_MARGIN = timedelta(days=60)
_GIT_BEGAN = datetime(2005, 4, 7, tzinfo=UTC)
_LAST = datetime.max.replace(tzinfo=UTC)


class StageChange(msgspec.Struct, frozen=True, kw_only=True):
    """What one commit of the line made of a stage.

    `promotion` is the record that came with it, `reverts` the one that it took away; neither: it
    was changed by hand. `fault` says why the stage's file cannot be read, and then nothing stands
    there.
    """

    when: datetime
    commit: str
    model: str
    stage: str
    before: list[int]
    after: list[int]
    promotion: str | None = None
    reverts: str | None = None
    fault: str | None = None


class RecordChange(msgspec.Struct, frozen=True, kw_only=True):
    """A promotion's record that came to the line with a commit, or was taken away by it."""

    when: datetime
    commit: str
    promotion: str
    came: bool


class CutHistory(StoreError):
    """A shallow clone lacks the commits that an answer needs."""

    def __init__(self, branch: str, remote: str, since: datetime, when: datetime) -> None:
        begin = f"{_well_before(when):%Y-%m-%d}"
        super().__init__(
            f"this clone is shallow: its {branch} begins on {since:%Y-%m-%d %H:%M:%S} UTC, and "
            f"{when:%Y-%m-%d %H:%M:%S} UTC is before that",
            # a commit of that day or before is what is needed, and some weeks have one
            hint=f"type  git fetch --shallow-since={begin} {remote} {branch} , "
            f"or  git fetch --unshallow {remote} {branch}  for all of it",
        )
        self.since = since


class Timeline:
    """The stages of all models through time.

    A stage changes for everybody when the branch's line of first parents gets the change: by a
    direct commit, or by the merge of a pull request, whenever its own commits were made. A
    commit's time is its committer's, and never before that of the one it follows. What was read
    is kept in `cache_dir` (default: gitrack's own folder in the repository). With `at`, a commit,
    nothing behind it is known.
    """

    def __init__(
        self, branch: GitBranch, cache_dir: Path | None = None, *, at: str | None = None
    ) -> None:
        self._branch = branch
        self._cache_dir = cache_dir or branch.repository.home / "cache"
        self._at = at
        self._known: tuple[str, Line] | None = None

    def models(self) -> list[str]:
        """Models of which a stage was ever changed, by name."""
        return sorted({model for model, _ in self._line.stages()})

    def stages(self, model: str) -> list[str]:
        """Stages of a model in which something ever stood, by name."""
        return [stage for name, stage in self._line.stages() if name == model]

    def changes(self, model: str, stage: str | None = None) -> list[StageChange]:
        """What became of a model's stages, the oldest first; in one commit by name of stage."""
        line = self._line
        found: list[tuple[int, str, StageChange]] = []
        for name in [stage] if stage is not None else self.stages(model):
            before: list[int] = []
            for row in line.rows_of(model, name):
                after = before[: row.keep] + row.tail
                if row.place or not line.cut:
                    found.append((row.place, name, _change(line, model, name, row, before, after)))
                before = after
        found.sort(key=lambda one: one[:2])
        return [change for _, _, change in found]

    def parted(
        self, changes: Sequence[StageChange], when: datetime
    ) -> tuple[list[StageChange], list[StageChange]]:
        """Changes that had been made at a moment, and those that were still to come.

        They are as `changes` gives them, in their order.
        """
        if self._place(when) == len(self._line) - 1:
            return list(changes), []
        count = bisect_right(changes, _aware(when), key=lambda change: change.when)
        return list(changes[:count]), list(changes[count:])

    def records(self, model: str) -> list[RecordChange]:
        """Promotion records as they came to the line, and as reverts took them away."""
        line = self._line
        return [
            RecordChange(
                when=_moment(line.times[place]),
                commit=line.commit(place),
                promotion=promotion,
                came=came,
            )
            for place, promotion, came in line.arrivals.get(model, ())
            if place or not line.cut
        ]

    def at(self, model: str, stage: str, when: datetime) -> list[int]:
        """The versions that stood in a stage at a moment, newest last. Raises CutHistory."""
        place = self._place(when)
        return [] if place < 0 else self._line.standing(model, stage, place)

    def commit_at(self, when: datetime) -> str:
        """The commit at which the branch stood. Raises CutHistory; NotFound before the first."""
        place = self._place(when)
        if place < 0:
            began = self.began
            said = f"it began on {began:%Y-%m-%d %H:%M:%S} UTC" if began else "nothing is on it"
            raise NotFound(
                f"{self._branch.name} was not there on {_aware(when):%Y-%m-%d %H:%M:%S} UTC",
                hint=said,
            )
        return self._line.commit(place)

    @property
    def began(self) -> datetime | None:
        """When the first commit came that is here; None while there is none."""
        line = self._line
        return _moment(line.times[0]) if len(line) else None

    @property
    def cut(self) -> datetime | None:
        """For a shallow clone, the moment before which it knows nothing."""
        return self.began if self._line.cut else None

    def when(self, commit: str) -> datetime | None:
        """When a commit came to the line; None for one that is not on it."""
        place = self._line.place(commit)
        return None if place is None else _moment(self._line.times[place])

    def order(self, commits: Iterable[str]) -> list[str]:
        """Commits of the line in their order; those that are not on it are left away."""
        places = self._line.places(set(commits))
        return sorted(places, key=places.__getitem__)

    def _place(self, when: datetime) -> int:
        """The last commit that was there at a moment; -1 before the first."""
        line, when, now = self._line, _aware(when), datetime.now(UTC)
        ahead = bool(line.times) and line.times[-1] > now.timestamp()
        if when >= (now - _THIS_MOMENT if ahead else now):
            return len(line) - 1  # a clock that ran ahead must not hide what is there now
        place = bisect_right(line.times, when.timestamp()) - 1
        if place < 0 and line.cut:
            remote = self._branch.remote or "origin"
            raise CutHistory(self._branch.name, remote, _moment(line.times[0]), when)
        return place

    @property
    def _line(self) -> Line:
        tip = self._at or self._branch.tip()
        if self._known is None or self._known[0] != (tip or ""):
            self._known = (tip or "", self._read(tip))
        return self._known[1]

    def _read(self, tip: str | None) -> Line:
        repository = self._branch.repository
        size = 32 if repository.object_format == "sha256" else 20
        if tip is None:
            return Line(size)
        shallow = shallow_commits(repository.common_dir)
        known = load(self._cache_dir, self._branch.name, size, shallow)
        line = known and self._continued(known, tip)
        if line is not None:
            return line
        line = Line(size)
        steps = walk(repository, tip)
        line.cut = steps[0].commit in shallow
        self._extend(line, steps)
        return line

    def _continued(self, line: Line, tip: str) -> Line | None:
        """A line that was kept, as far as `tip`; None if it has nothing to do with it."""
        place = line.place(tip)
        if place is None:
            try:
                steps = walk(self._branch.repository, tip, line.commit(len(line) - 1))
            except StoreError:  # what was kept is not there any more
                return None
            place = line.place(steps[0].parent) if steps and steps[0].parent else None
            if place is None:
                return None
            line.cut_off(place + 1)
            self._extend(line, steps)
        else:
            line.cut_off(place + 1)
        return line

    def _extend(self, line: Line, steps: Sequence[Step]) -> None:
        first = not len(line)
        read = contents(self._branch, steps)
        extend(line, steps, read)
        newest = self._at is None or self._at == self._branch.tip()
        if newest and read.lasting and (first or len(steps) >= _WORTH_KEEPING):
            save(self._cache_dir, self._branch.name, line)


def _well_before(when: datetime) -> datetime:
    return when - _MARGIN if when > _GIT_BEGAN else _GIT_BEGAN


def shallow_commits(common_dir: Path) -> set[str]:
    """The commits whose parents a shallow clone lacks; none for a whole one."""
    try:
        return set((common_dir / "shallow").read_text("ascii").split())
    except FileNotFoundError:
        return set()


def _change(
    line: Line, model: str, stage: str, row: Row, before: list[int], after: list[int]
) -> StageChange:
    return StageChange(
        when=_moment(line.times[row.place]),
        commit=line.commit(row.place),
        model=model,
        stage=stage,
        before=before,
        after=after,
        promotion=row.promotion,
        reverts=row.reverts,
        fault=row.fault,
    )


def _aware(when: datetime) -> datetime:
    """A moment without a zone is UTC."""
    return when.replace(tzinfo=UTC) if when.tzinfo is None else when.astimezone(UTC)


def _moment(seconds: int) -> datetime:
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, ValueError, OSError):  # a clock can be anything
        return _LAST
