"""A made-up year of a registry, and what was true in it, kept without asking gitrack.

Commits are made by `git fast-import`. The truth is a plain list: what was published when.
"""

from __future__ import annotations

import os
import random
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

from gitrack.model.promotion import Promotion
from gitrack.store.codec.records import dump_record

BEGIN = datetime(2025, 1, 1, tzinfo=UTC)
END = BEGIN + timedelta(days=365)
MODELS = ("churn", "flight-delay", "ranking")
BROKEN = b"versions: [1, &a 2\n"
RUN = "20241022-143012-7k3f9q"

Stages = dict[str, list[int]]
Tree = dict[str, bytes]


class Made:
    """Commits written to a repository one after the other; a commit is known by its mark."""

    def __init__(self, folder: Path) -> None:
        nobody = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
        subprocess.run(["git", "init", "-q", str(folder)], check=True, env=nobody)
        self._marks = folder / ".git/marks"
        self._feed = subprocess.Popen(
            ["git", "fast-import", "--quiet", "--date-format=raw", f"--export-marks={self._marks}"],
            cwd=folder,
            env=nobody,
            stdin=subprocess.PIPE,
        )
        self.count = 0

    def commit(
        self,
        parents: list[int],
        changes: dict[str, bytes | None],
        when: datetime,
        message: str = "work\n",
        zone: str = "+0000",
    ) -> int:
        self.count += 1
        words = [f"commit refs/made/all\nmark :{self.count}\n".encode()]
        stamp = f"Ada <ada@example.com> {int(when.timestamp())} {zone}"
        words.append(f"author {stamp}\ncommitter {stamp}\n".encode())
        words.append(b"data %d\n%s\n" % (len(message.encode()), message.encode()))
        if parents:
            words.append(f"from :{parents[0]}\n".encode())
        else:
            words.insert(0, b"reset refs/made/all\n")
        words += [f"merge :{other}\n".encode() for other in parents[1:]]
        for path, data in changes.items():
            if data is None:
                words.append(f"D {path}\n".encode())
            else:
                words.append(
                    b"M 100644 inline %s\ndata %d\n%s\n" % (path.encode(), len(data), data)
                )
        assert self._feed.stdin is not None
        self._feed.stdin.write(b"".join(words))
        return self.count

    def finish(self) -> dict[int, str]:
        """The id of each mark."""
        assert self._feed.stdin is not None
        self._feed.stdin.close()
        assert self._feed.wait() == 0
        lines = (line.split() for line in self._marks.read_text().splitlines())
        return {int(mark[1:]): id for mark, id in lines}


class Event:
    """What was published: a commit of the line, when it counts, and what then stood where."""

    def __init__(self, when: datetime, mark: int, standing: dict[str, Stages], cause: str) -> None:
        self.when = when
        self.mark = mark
        self.standing = {model: dict(stages) for model, stages in standing.items()}
        self.cause = cause


class Year:
    """Everything that may happen to a tracking branch, in a random order."""

    def __init__(self, folder: Path, *, seed: int) -> None:
        self.folder = folder
        self.made = Made(folder)
        self.rnd = random.Random(seed)
        self.now = BEGIN
        self.effective = BEGIN
        self.standing: dict[str, Stages] = {model: {} for model in MODELS}
        self.events: list[Event] = []
        self.versions = dict.fromkeys(MODELS, 0)
        #: promotions of the line that may be reverted: (model, id, mark, before, merge)
        self.last: dict[str, tuple[str, int, Stages, bool] | None] = dict.fromkeys(MODELS)
        #: (cause, id) of all that the timeline is to find by model
        self.told: dict[str, list[tuple[str, str | None]]] = {model: [] for model in MODELS}
        self.requests = 0
        self.tip = self.made.commit([], {"format.yaml": b"format: 1\n"}, self.now)
        self._published(self.tip, self.now, "begin")
        ways = [
            *(self.direct, self.direct, self.request, self.request, self.squash, self.forward),
            *(self.rebased, self.revert, self.revert, self.pulled, self.pulled, self.both_models),
            *(self.by_hand, self.broken, self.beside, self.clock_back, self.side_of_a_side),
        ]
        while self.now < END:
            self._pass(timedelta(days=self.rnd.uniform(0, 1.5)))
            if self.rnd.random() < 0.4:
                self._run()
            self.rnd.choice(ways)()
        self.ids = self.made.finish()

    # -- what may happen --------------------------------------------------------------------

    def direct(self) -> None:
        model = self._model()
        before, id, changes = self._promotion(model)
        self._line([self.tip], changes, self.now, "direct")
        self._remember(model, id, before, merge=False)

    def request(self) -> None:
        """A branch, work of others meanwhile, and the merge."""
        model = self._model()
        base, made = self.tip, self.now
        before, id, changes = self._promotion(model)
        side = self.made.commit([base], changes, made, zone="-0800")
        after, self.standing[model] = self.standing[model], before
        for _ in range(self.rnd.randrange(3)):
            self._pass(timedelta(hours=self.rnd.uniform(1, 40)))
            self._run()
        self.standing[model] = after
        self._line([self.tip, side], changes, self.now, "request", self._number("Merge pull"))
        self._remember(model, id, before, merge=True)

    def squash(self) -> None:
        model = self._model()
        made = self.now
        before, id, changes = self._promotion(model, at=made)
        self._pass(timedelta(hours=self.rnd.uniform(1, 30)))
        self._line([self.tip], changes, self.now, "squash", self._number("squash"))
        self._remember(model, id, before, merge=False)

    def forward(self) -> None:
        """The branch is moved to the tip of the promotion's own branch, days later."""
        model = self._model()
        before, id, changes = self._promotion(model)
        mark = self.made.commit([self.tip], changes, self.now, zone="+0530")
        self.tip = mark
        self._published(mark, self.now, "forward")
        self._remember(model, id, before, merge=False)
        self._pass(timedelta(hours=self.rnd.uniform(1, 40)))

    def rebased(self) -> None:
        """Two commits made elsewhere, put on the tip one by one when they are merged."""
        model, other = self.rnd.sample(MODELS, 2)
        for each in (model, other):
            before, id, changes = self._promotion(each, at=self.now - timedelta(days=1))
            self._line([self.tip], changes, self.now, "rebased", "promote (rebased)\n")
            self._remember(each, id, before, merge=False)

    def revert(self) -> None:
        """As `git revert` does it: of a commit or, with -m 1, of a merge; directly or by request.

        Only the newest of a model: an older one conflicts.
        """
        model = self._model()
        if (last := self.last[model]) is None:
            return self.direct()
        id, _, before, _ = last
        changes = self._files(model, self.standing[model], before)
        changes[record_path(model, id)] = None
        self.standing[model] = dict(before)
        self.told[model].append(("revert", id))
        if self.rnd.random() < 0.5:
            self._line([self.tip], changes, self.now, "revert", 'Revert "promote"\n')
        else:
            side = self.made.commit([self.tip], changes, self.now)
            self._pass(timedelta(hours=5))
            self._line([self.tip, side], changes, self.now, "revert", self._number("Merge pull"))
        self.last[model] = None

    def pulled(self) -> None:
        """Another clone promoted on what it had seen; its commits come when it pulls and pushes."""
        theirs, ours = self.rnd.sample(MODELS, 2)
        base = self.tip
        changes: dict[str, bytes | None] = {}
        local, made = base, self.now
        kept = []
        for _ in range(self.rnd.randint(1, 3)):
            made += timedelta(minutes=30)
            before, id, step = self._promotion(ours, at=made)
            kept.append((id, before))
            changes |= step
            local = self.made.commit([local], step, made, zone="+0900")
        # what the clone promoted is no truth for others yet
        standing, self.standing[ours] = self.standing[ours], kept[0][1]
        self._pass(timedelta(hours=self.rnd.uniform(2, 30)))
        before, id, step = self._promotion(theirs)
        self._line([self.tip], step, self.now, "meanwhile")
        self._remember(theirs, id, before, merge=False)
        self._pass(timedelta(hours=self.rnd.uniform(1, 20)))
        self.standing[ours] = standing
        self._line([self.tip, local], changes, self.now, "pulled", "merge origin/gitrack\n")
        self.last[ours] = None  # git revert would take all of them back

    def both_models(self) -> None:
        one, other = self.rnd.sample(MODELS, 2)
        before_one, id_one, changes = self._promotion(one)
        before_other, id_other, more = self._promotion(other)
        self._line([self.tip], changes | more, self.now, "both", self._number("squash"))
        for model, id, before in ((one, id_one, before_one), (other, id_other, before_other)):
            self._remember(model, id, before, merge=False)
            self.last[model] = None  # a revert would be one of both

    def by_hand(self) -> None:
        model = self._model()
        before = self.standing[model]
        after = {**before, "production": [self.rnd.randint(1, 9)]}
        if after == before:
            return
        self.standing[model] = after
        self.told[model].append(("by hand", None))
        self._line([self.tip], self._files(model, before, after), self.now, "by hand")
        self.last[model] = None

    def broken(self) -> None:
        """A file that nobody can read: nothing stands there until somebody mends it."""
        model = self._model()
        before = self.standing[model]
        if not before.get("production"):
            return
        self.standing[model] = {**before, "production": []}
        path = f"registry/{model}/stages/production.yaml"
        self._line([self.tip], {path: BROKEN}, self.now, "broken")
        self._pass(timedelta(days=2))
        self.standing[model] = before
        self._line([self.tip], {path: stage_file(before["production"])}, self.now, "mended")
        self.told[model] += [("by hand", None), ("by hand", None)]
        self.last[model] = None

    def beside(self) -> None:
        """A second version in production, beside the first."""
        model = self._model()
        before, id, changes = self._promotion(model, keep=True)
        self._line([self.tip], changes, self.now, "beside")
        self._remember(model, id, before, merge=False)

    def clock_back(self) -> None:
        """A machine whose clock is days behind: what it does counts from when it could be seen."""
        model = self._model()
        before, id, changes = self._promotion(model)
        wrong = self.now - timedelta(days=self.rnd.uniform(1, 20))
        self._line([self.tip], changes, wrong, "clock back")
        self._remember(model, id, before, merge=False)

    def side_of_a_side(self) -> None:
        """A pull request that merged the tracking branch into itself before it was merged."""
        model = self._model()
        before, id, changes = self._promotion(model)
        side = self.made.commit([self.tip], changes, self.now)
        self._pass(timedelta(hours=3))
        after, self.standing[model] = self.standing[model], before
        self._run()
        self.standing[model] = after
        side = self.made.commit([side, self.tip], self._latest_run, self.now)
        self._pass(timedelta(hours=3))
        self._line([self.tip, side], changes, self.now, "updated", self._number("Merge pull"))
        self._remember(model, id, before, merge=True)

    # -- how ----------------------------------------------------------------------------------

    def _pass(self, span: timedelta) -> None:
        self.now = (self.now + span).replace(microsecond=0)

    def _model(self) -> str:
        return self.rnd.choice(MODELS)

    def _number(self, how: str) -> str:
        self.requests += 1
        if how == "squash":
            return f"promote (#{self.requests})\n\nReviewed-by: Grace <grace@example.com>\n"
        return f"Merge pull request #{self.requests} from me/promote\n\npromote\n"

    def _run(self) -> None:
        path = f"runs/exp/2025-01/01/run-{self.made.count}/run.yaml"
        self._latest_run: dict[str, bytes | None] = {path: b"x"}
        self._line([self.tip], self._latest_run, self.now, "run")

    def _promotion(
        self, model: str, *, at: datetime | None = None, keep: bool = False
    ) -> tuple[Stages, str, dict[str, bytes | None]]:
        """Promote some version somewhere; (before, id, files)."""
        before = self.standing[model]
        to = self.rnd.choice(("staging", "production", "production"))
        known = [v for v in range(1, self.versions[model] + 1) if v not in before.get(to, [])]
        if known and self.rnd.random() < 0.4:
            version, kind = self.rnd.choice(known), "rollback"
        else:
            self.versions[model] += 1
            version, kind = self.versions[model], "promotion"
        after = {stage: [v for v in those if v != version] for stage, those in before.items()}
        standing = after.get(to, [])
        after[to] = [*standing, version] if keep else [version]
        if not keep:
            archive = after.get("archived", [])
            after["archived"] = [*archive, *(v for v in standing if v not in archive)]
        moment = (at or self.now) + timedelta(seconds=self.rnd.randrange(900))
        id = f"{moment:%Y%m%dT%H%M%SZ}-v{version}-{to}"
        record = Promotion(
            model=model,
            version=version,
            run=RUN,
            kind=kind,
            to=to,
            at=f"{moment:%Y-%m-%dT%H:%M:%S.000Z}",
            by="Ada <ada@example.com>",
            why=f"because {version}",
            expected=before.get(to, []),
            base="0" * 40,
            record="0" * 64,
        )
        changes: dict[str, bytes | None] = dict(self._files(model, before, after))
        changes[record_path(model, id)] = dump_record(record)
        self.standing[model] = after
        self.told[model].append((kind, id))
        return before, id, changes

    def _files(self, model: str, before: Stages, after: Stages) -> dict[str, bytes | None]:
        changes: dict[str, bytes | None] = {}
        for stage in {*before, *after}:
            if before.get(stage) != after.get(stage):
                data = None if stage not in after else stage_file(after[stage])
                changes[f"registry/{model}/stages/{stage}.yaml"] = data
        return changes

    def _line(
        self,
        parents: list[int],
        changes: dict[str, bytes | None],
        when: datetime,
        cause: str,
        message: str = "work\n",
    ) -> None:
        self.tip = self.made.commit(parents, changes, when, message)
        self._published(self.tip, when, cause)

    def _published(self, mark: int, when: datetime, cause: str) -> None:
        self.effective = max(self.effective, when)
        self.events.append(Event(self.effective, mark, self.standing, cause))

    def _remember(self, model: str, id: str, before: Stages, *, merge: bool) -> None:
        self.last[model] = (id, self.tip, before, merge)

    # -- the truth ------------------------------------------------------------------------------

    def truth(self, when: datetime) -> Event | None:
        """What had been published last at a moment."""
        found = None
        for event in self.events:
            if event.when <= when:
                found = event
        return found


def stage_file(versions: list[int]) -> bytes:
    if not versions:
        return b"format: 1\nversions: []\n"
    return b"format: 1\nversions:\n" + b"".join(b"- %d\n" % version for version in versions)


def record_path(model: str, id: str) -> str:
    return f"registry/{model}/promotions/{id}.yaml"
