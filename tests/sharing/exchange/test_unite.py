"""What both sides changed: labels unite, numbers move on, the registry waits for people."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from gitrack.errors import MergeConflict
from gitrack.model.named import ArtifactAlias, ArtifactVersion
from gitrack.model.run import Run, RunBundle
from gitrack.sharing.exchange.meeting import Parties, parties
from gitrack.store import named
from gitrack.store.codec.records import dump_run
from gitrack.tracking.place import find_place
from tests.sharing.clones import Clones, fsck, git

RUN = Run(
    id="20241022-143012-7k3f9q",
    name="r",
    experiment="shared-20241022",
    started="2024-10-22T14:30:12.120Z",
    tags={"team": "ml", "status": "new"},
)
PLACE = "runs/shared-20241022/2024-10/22/20241022-143012-7k3f9q"


class Side:
    """A clone, its branch, and what it does."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.parties: Parties = parties(find_place(folder))
        self.branch = self.parties.branch

    def push(self) -> None:
        assert not self.parties.exchange.push(self.branch.tip()).moved

    def pull(self, prefer=None) -> str:
        met = self.parties.meet()
        return self.parties.unite(met.theirs, prefer)[0]

    def edit(self, when: str, monkeypatch, **fields: object) -> None:
        """Change the run, at a time."""
        run = msgspec.structs.replace(self.run(), **fields)
        monkeypatch.setattr("time.time", lambda: float(when))
        self.branch.commit({f"{PLACE}/run.yaml": dump_run(run)}, "edit")
        monkeypatch.undo()

    def run(self) -> Run:
        return self.parties.store.run(RUN.id)

    def message(self) -> str:
        return git(self.folder, "log", "-1", "--format=%B", "gitrack")


@pytest.fixture
def sides(clones: Clones) -> tuple[Side, Side]:
    """Two clones that have one run."""
    mine = Side(clones.new("mine"))
    mine.parties.store.commit_runs([RunBundle(run=RUN)])
    mine.push()
    theirs = Side(clones.new("theirs"))
    theirs.pull()
    return mine, theirs


def tags(side: Side, **more: object) -> dict[str, object]:
    return {**side.run().tags, **more}


@pytest.mark.parametrize(("when", "kept"), [("2000000001", "ours"), ("1999999999", "theirs")])
def test_the_later_tag_stays_and_the_message_keeps_the_other(sides, monkeypatch, when, kept):
    mine, theirs = sides
    theirs.edit("2000000000", monkeypatch, tags=tags(theirs, status="theirs", theirs="1"))
    theirs.push()
    mine.edit(when, monkeypatch, tags=tags(mine, status="ours", ours="1"), notes="looked at it")

    mine.pull()

    run = mine.run()
    assert run.tags == {"team": "ml", "status": kept, "ours": "1", "theirs": "1"}
    assert run.notes == "looked at it"
    lost = {"ours": "theirs", "theirs": "ours"}[kept]
    told = f'run {RUN.id} tags.status: "{kept}" is later than "{lost}"'
    assert mine.message().splitlines() == ["merge origin/gitrack", "", f"- {told}"]
    fsck(mine.folder)


def test_a_removed_tag_stays_removed(sides, monkeypatch):
    mine, theirs = sides
    theirs.edit("2000000000", monkeypatch, tags={"team": "ml"})
    theirs.push()
    mine.edit("2000000000", monkeypatch, tags=tags(mine, new="1"))
    mine.pull()
    assert mine.run().tags == {"team": "ml", "new": "1"}


def test_facts_of_a_run_are_not_united(sides, monkeypatch):
    mine, theirs = sides
    theirs.edit("2000000000", monkeypatch, metrics={"auc": 0.5})
    theirs.push()
    mine.edit("2000000000", monkeypatch, metrics={"auc": 0.9})
    with pytest.raises(MergeConflict, match=r"run\.yaml"):
        mine.pull()


def test_the_registry_is_for_people(sides):
    mine, theirs = sides
    path = "registry/churn/stages/production.yaml"
    theirs.branch.commit({path: b"format: 1\nversions:\n- 2\n"}, "theirs")
    theirs.push()
    tip = mine.branch.commit({path: b"format: 1\nversions:\n- 3\n", "runs/x": b"1"}, "mine")

    with pytest.raises(MergeConflict) as caught:
        mine.pull()

    assert mine.branch.tip() == tip
    assert path in caught.value.message
    assert f"here ({tip[:10]})" in caught.value.message
    assert f"on origin/gitrack ({theirs.branch.tip()[:10]})" in caught.value.message
    assert f"git show origin/gitrack:{path}" in caught.value.hint
    assert git(mine.folder, "show", f"origin/gitrack:{path}").endswith("- 2")
    mine.pull("theirs")
    assert mine.branch.read(path).endswith(b"- 2\n")
    assert f"- {path}: theirs were asked for" in mine.message()


def version(number: int, md5: str, run: str = RUN.id) -> dict[str, bytes]:
    record = ArtifactVersion(
        name="flights",
        version=number,
        run=run,
        path="model",
        md5=md5 * 32,
        created="2024-10-22T14:30:12.120Z",
    )
    return {named.version_path("flights", number): named.dump(record)}


def alias(name: str, number: int, by: str = "a", when: str | None = None) -> dict[str, bytes]:
    record = ArtifactAlias(version=number, by=by, set=when)
    return {named.alias_path("flights", name): named.dump(record)}


def flights(side: Side) -> tuple[dict[int, str], dict[str, int]]:
    found = named.NamedArtifacts(side.branch)
    versions, faults = found.versions("flights")
    aliases, more = found.aliases("flights")
    assert not faults + more
    return (
        {version.version: (version.md5 or "")[0] for version in versions},
        {name: alias.version for name, alias in aliases.items()},
    )


def test_one_number_on_two_sides_the_pushed_one_stays(sides):
    mine, theirs = sides
    theirs.branch.commit(
        version(1, "a") | version(2, "b") | alias("best", 1), "two versions of flights"
    )
    theirs.push()
    mine.branch.commit(
        version(1, "c") | version(2, "a") | version(3, "d") | alias("mine", 1) | alias("same", 2),
        "three versions of flights",
    )

    mine.pull()

    # c and d are ours alone; a was there already, so that its second number is not needed
    assert flights(mine) == (
        {1: "a", 2: "b", 3: "d", 4: "c"},
        {"best": 1, "mine": 4, "same": 1},
    )
    assert f"- flights: our v1 of run {RUN.id} is v4 now" in mine.message()
    mine.push()
    theirs.pull()
    assert flights(theirs) == flights(mine)
    fsck(mine.folder)


def test_an_alias_that_means_one_thing_on_both_sides(sides):
    mine, theirs = sides
    theirs.branch.commit(version(1, "a") | version(2, "b") | alias("best", 1, by="them"), "theirs")
    theirs.push()
    mine.branch.commit(version(1, "b") | version(2, "a") | alias("best", 2, by="us"), "mine")
    mine.pull()
    assert flights(mine) == ({1: "a", 2: "b"}, {"best": 1})


@pytest.mark.parametrize(("when", "number"), [("2024-10-22T10", 2), ("2024-10-22T08", 1)])
def test_the_later_of_two_aliases_stays(sides, when, number):
    mine, theirs = sides
    theirs.branch.commit(version(1, "a") | alias("best", 1, when="2024-10-22T09"), "theirs")
    theirs.push()
    mine.branch.commit(version(1, "b") | alias("best", 1, when=when), "mine")
    mine.pull()
    assert flights(mine) == ({1: "a", 2: "b"}, {"best": number})
    assert f"- flights:best: v{number} is later than v{3 - number}" in mine.message()


@pytest.mark.parametrize(("prefer", "number"), [("ours", 2), ("theirs", 1)])
def test_an_alias_of_which_nobody_knows_which_is_later_is_for_people(sides, prefer, number):
    mine, theirs = sides
    theirs.branch.commit(version(1, "a") | alias("best", 1, by="them"), "theirs")
    theirs.push()
    tip = mine.branch.commit(version(1, "b") | alias("best", 1, by="us"), "mine")
    with pytest.raises(MergeConflict, match=r"flights/aliases/best\.yaml"):
        mine.pull()
    assert mine.branch.tip() == tip
    mine.pull(prefer)
    assert flights(mine) == ({1: "a", 2: "b"}, {"best": number})


def test_two_clones_that_each_began_the_branch(clones, tmp_path):
    mine, theirs = (Side(clones.new(name)) for name in ("mine", "theirs"))
    theirs.parties.store.commit_runs(
        [RunBundle(run=RUN)],
        first_files={".dvc/config": b"[core]\n    remote = gitrack\n", ".gitignore": b"a\n"},
    )
    theirs.push()
    other = msgspec.structs.replace(RUN, id="20241022-143012-000000")
    about = b"['remote \"gitrack\"']\n    url = s3://bucket/x\n"
    mine.parties.store.commit_runs(
        [RunBundle(run=other)], first_files={".dvc/config": about, ".gitignore": b"b\n"}
    )
    mine.branch.commit({"format.yaml": b'format: 1\nproject: "mine"\n'}, "named")

    mine.pull()

    assert {run.id for _, run in mine.parties.store.all()} == {RUN.id, other.id}
    assert mine.branch.read(".dvc/config") == about, "a side that names a remote wins"
    assert mine.branch.read(".gitignore") == b"a\n", "the pushed side stays"
    assert mine.branch.read("format.yaml") == b"format: 1\n"
    mine.push()
    fsck(clones.hub)


def test_another_format_is_for_people(sides):
    mine, theirs = sides
    theirs.branch.commit({"format.yaml": b"format: 2\n"}, "newer")
    theirs.push()
    mine.branch.commit({"format.yaml": b'format: 1\nproject: "x"\n'}, "mine")
    with pytest.raises(MergeConflict, match=r"format\.yaml"):
        mine.pull()
