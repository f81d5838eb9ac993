"""Two clones that register, prove and promote at once: the pushed side keeps its numbers."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gitrack.cli.main import cli
from gitrack.errors import MergeConflict
from gitrack.model.promotion import Follows, Promotion
from gitrack.model.registered import StageState
from gitrack.model.run import Artifact, Run, RunBundle
from gitrack.registry.evidence.adding import add_evidence
from gitrack.registry.opened import OpenRegistry, open_registry
from gitrack.registry.registering import describe, register, set_alias, tag
from gitrack.sharing.exchange.pull import pull
from gitrack.sharing.exchange.push import push
from gitrack.store.codec.records import dump_record
from gitrack.store.registry import Registry
from gitrack.store.registry.paths import promotion_id, promotion_path, stage_path
from tests.sharing.clones import Clones, fsck, git, standing_in

MADE = [Artifact(path="model", kind="model", store="git")]


def run_id(number: int) -> str:
    return f"2024102{number}-143012-7k3f9{number}"


class Person:
    """Somebody in a clone of their own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def opened(self) -> OpenRegistry:
        return open_registry(self.folder)

    @property
    def registry(self) -> Registry:
        return self.opened.reader()

    def register(self, number: int, **more: object) -> int:
        return register(self.opened, run_id(number), "churn", **more).version.version

    def prove(self, version: int, kind: str, note: str) -> None:
        add_evidence(self.opened, "churn", version, kind, note=note)

    def commit(self, changes: dict[str, bytes | None]) -> None:
        self.opened.branch.commit(changes, "by hand")

    def promote(self, version: int, stage: str, at: str, follows: Follows | None = None) -> Follows:
        """As a direct promotion writes it: the stage and a record."""
        promotion = Promotion(
            model="churn",
            version=version,
            run=self.registry.version("churn", version).run,
            kind="promotion",
            to=stage,
            at=at,
            by="Ada <ada@example.com>",
            why="better",
            base=self.opened.branch.tip() or "",
            record="0" * 64,
            follows=follows,
        )
        id = promotion_id(at, version, stage)
        data = dump_record(promotion)
        state = dump_record(StageState(versions=[version]))
        self.commit({promotion_path("churn", id): data, stage_path("churn", stage): state})
        return Follows(promotion=id, sha256=hashlib.sha256(data).hexdigest())

    def cli(self, *arguments: str) -> Result:
        with standing_in(self.folder):
            return CliRunner().invoke(cli, arguments)


@pytest.fixture
def people(clones: Clones) -> tuple[Person, Person]:
    """Two clones that have five runs and version 1."""
    ada = Person(clones.new("ada"))
    runs = [
        Run(
            id=run_id(number),
            name=f"r{number}",
            experiment="shared-20241022",
            started=f"2024-10-2{number}T14:30:12.120Z",
            artifacts=MADE,
        )
        for number in range(1, 6)
    ]
    ada.opened.store.commit_runs([RunBundle(run=run) for run in runs])
    ada.register(1)
    push(ada.folder, objects=False)
    bob = Person(clones.new("bob"))
    pull(bob.folder, objects=False)
    return ada, bob


def test_the_pushed_version_keeps_its_number_and_ours_moves_with_all_that_is_its(people):
    ada, bob = people
    assert bob.register(2) == 2
    push(bob.folder, objects=False)
    assert ada.register(3, aliases=["champion"]) == 2
    ada.prove(2, "unit-tests", "green")
    first = ada.promote(2, "staging", "2026-01-01T10:00:00.000Z")
    ada.promote(2, "production", "2026-01-02T10:00:00.000Z", first)

    done = ada.cli("push", "--no-objects")

    said = f"model churn: our v2 of run {run_id(3)} is v3 now"
    assert (done.exit_code, said in done.stdout) == (0, True), done.output
    assert said in git(ada.folder, "log", "--format=%B", "gitrack")
    pull(bob.folder, objects=False)
    registry = bob.registry
    assert [v.run for v in registry.versions("churn")] == [run_id(1), run_id(2), run_id(3)]
    assert registry.aliases("churn") == {"champion": 3}
    assert registry.stages("churn") == {"production": [3], "staging": [3]}
    assert registry.proofs("churn", 2) == {}
    assert registry.proofs("churn", 3)["unit-tests"].note == "green"
    one, two = registry.promotions("churn").values()
    assert (one.version, two.version) == (3, 3)
    assert two.follows is not None
    assert two.follows.promotion == promotion_id(one.at, 3, "staging")
    written = bob.opened.branch.read(promotion_path("churn", two.follows.promotion))
    assert two.follows.sha256 == hashlib.sha256(written).hexdigest()
    registry.strays()
    assert registry.faults == []
    fsck(bob.folder)


def test_the_same_model_registered_twice_is_one_version(people):
    ada, bob = people
    bob.register(2)
    bob.register(3)
    push(bob.folder, objects=False)
    assert ada.register(3, aliases=["champion"]) == 2
    ada.prove(2, "unit-tests", "ours")

    pull(ada.folder, objects=False)

    assert ada.registry.numbers("churn") == [1, 2, 3]
    assert ada.registry.aliases("churn") == {"champion": 3}
    assert ada.registry.proofs("churn", 3)["unit-tests"].note == "ours"
    assert ada.registry.proofs("churn", 2) == {}


def test_a_model_that_two_have_begun_is_one(people):
    ada, bob = people
    for person, number in ((bob, 2), (ada, 3)):
        register(person.opened, run_id(number), "eta")
    describe(ada.opened, "eta", "When it arrives")
    tag(bob.opened, "eta", {"team": "x"})
    push(bob.folder, objects=False)

    pull(ada.folder, objects=False)

    about = ada.registry.model("eta")
    assert about is not None
    assert (about.description, about.tags) == ("When it arrives", {"team": "x"})
    assert [v.run for v in ada.registry.versions("eta")] == [run_id(2), run_id(3)]


def test_facts_of_one_name_about_one_version_stand_side_by_side(people):
    ada, bob = people
    bob.prove(1, "approval", "bob")
    bob.prove(1, "approval", "bob again")
    push(bob.folder, objects=False)
    ada.prove(1, "approval", "ada")
    ada.prove(1, "shadow-mode", "ada")

    done = pull(ada.folder, objects=False)

    notes = {stem: proof.note for stem, proof in ada.registry.proofs("churn", 1).items()}
    assert notes == {
        "approval": "bob",
        "approval-2": "bob again",
        "approval-3": "ada",
        "shadow-mode": "ada",
    }
    assert done.told == ["model churn v1: our approval is approval-3 now"]


def test_tags_of_a_version_unite_unless_they_say_different_things(people):
    ada, bob = people
    tag(bob.opened, "churn", {"a": "bob"}, 1)
    push(bob.folder, objects=False)
    tag(ada.opened, "churn", {"b": "ada"}, 1)
    pull(ada.folder, objects=False)
    assert ada.registry.version("churn", 1).tags == {"a": "bob", "b": "ada"}
    push(ada.folder, objects=False)

    tag(bob.opened, "churn", {"a": "again"}, 1)
    tag(ada.opened, "churn", {"a": "other"}, 1)
    push(ada.folder, objects=False)
    with pytest.raises(MergeConflict, match=r"registry/churn/versions/1\.yaml"):
        pull(bob.folder, objects=False)


def test_a_stage_that_both_have_changed_waits_for_people(people):
    ada, bob = people
    bob.register(2)
    bob.promote(2, "production", "2026-01-01T10:00:00.000Z")
    push(bob.folder, objects=False)
    ada.register(3)
    ada.promote(2, "production", "2026-01-01T10:00:00.000Z")
    before = ada.opened.branch.tip()

    for prefer in (None, "ours"):  # what is published is not undone by a merge
        with pytest.raises(MergeConflict, match=r"v2 of churn was promoted to production") as told:
            pull(ada.folder, objects=False, prefer=prefer)
        assert "gitrack promote churn 2 --to production" in str(told.value.hint)
        assert ada.opened.branch.tip() == before

    done = pull(ada.folder, objects=False, prefer="theirs")

    # her version got another number, and its promotion is given up
    assert ada.registry.stages("churn") == {"production": [2]}
    assert [one.version for one in ada.registry.promotions("churn").values()] == [2]
    assert any("is given up" in line for line in done.told)
    assert ada.registry.numbers("churn") == [1, 2, 3]


def test_one_version_in_two_stages_waits_for_people_though_no_file_clashes(people):
    ada, bob = people
    bob.promote(1, "canary", "2026-01-01T10:00:00.000Z")
    push(bob.folder, objects=False)
    ada.promote(1, "production", "2026-01-01T11:00:00.000Z")
    with pytest.raises(MergeConflict, match=r"v1 of churn was promoted to canary by Ada .* while"):
        pull(ada.folder, objects=False)
    pull(ada.folder, objects=False, prefer="theirs")
    assert ada.registry.stages("churn") == {"canary": [1]}


@pytest.mark.parametrize("reverts", ["ada", "bob"])
def test_a_promotion_upon_one_that_the_other_side_reverted_waits_for_people(people, reverts):
    """Else the record of the first would go, and that of the second would stay in the air."""
    ada, bob = people
    bob.register(2)
    bob.register(3)
    first = bob.promote(2, "production", "2026-01-01T10:00:00.000Z")
    push(bob.folder, objects=False)
    pull(ada.folder, objects=False)
    one, other = (ada, bob) if reverts == "ada" else (bob, ada)
    gone = {
        promotion_path("churn", first.promotion): None,
        stage_path("churn", "production"): None,
    }
    one.commit(gone)
    other.promote(3, "production", "2026-01-02T10:00:00.000Z", first)
    push(bob.folder, objects=False)
    stands = bob.registry.stages("churn")
    recorded = bob.registry.promotion_ids("churn")

    for prefer in (None, "ours"):
        with pytest.raises(MergeConflict, match=r"of churn was (promoted|reverted)") as told:
            pull(ada.folder, objects=False, prefer=prefer)
        assert "gitrack pull --prefer theirs" in str(told.value.hint)
    done = pull(ada.folder, objects=False, prefer="theirs")
    assert (ada.registry.stages("churn"), ada.registry.promotion_ids("churn")) == (stands, recorded)
    assert any("is given up" in line for line in done.told)


def test_an_alias_that_both_have_set_waits_unless_it_means_the_same(people):
    ada, bob = people
    for person in (bob, ada):
        set_alias(person.opened, "churn", "champion", 1)
    push(bob.folder, objects=False)
    pull(ada.folder, objects=False)
    assert ada.registry.aliases("churn") == {"champion": 1}

    bob.register(2, aliases=["best"])
    pull(bob.folder, objects=False)
    push(bob.folder, objects=False)
    ada.register(3, aliases=["best"])
    with pytest.raises(MergeConflict, match=r"aliases/best\.yaml"):
        pull(ada.folder, objects=False)
    pull(ada.folder, objects=False, prefer="ours")
    assert ada.registry.aliases("churn")["best"] == 3


def test_what_cannot_be_read_moves_nowhere(people):
    ada, bob = people
    bob.register(2)
    push(bob.folder, objects=False)
    ada.commit({"registry/churn/versions/2.yaml": b"version: [\n"})

    with pytest.raises(MergeConflict, match=r"versions/2\.yaml"):
        pull(ada.folder, objects=False)
