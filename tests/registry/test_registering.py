"""Runs' models become versions: numbered once, of models only, under names that are safe."""

from __future__ import annotations

import threading

import pytest

import gitrack
from gitrack.errors import Ambiguous, GitrackError, InvalidName, NoIdentity, NotFound, UsageError
from gitrack.model.registered import ModelVersion, StageState
from gitrack.registry.opened import open_registry
from gitrack.registry.registering import (
    delete_alias,
    describe,
    register,
    set_alias,
    tag,
)
from gitrack.store.codec.records import dump_record
from gitrack.store.registry import Registry
from gitrack.store.registry.paths import evidence_path, stage_path, version_path
from gitrack.store.registry.sources import versions_of
from tests.registry.conftest import run_id

HOSTILE_NAMES = ["../../x", "con", "a/b", "a\\b", ".hidden", "x\u202egpj", "a@b", "", "nul.yaml"]


def test_versions_are_numbered_and_say_of_what_they_were_made(with_models, git):
    first = register(with_models, run_id(1), "churn", description=" the first ", tags={"a": 1})
    second = register(with_models, f"runs:/{run_id(2)}/model", "churn", aliases=["champion"])

    assert (first.version.version, second.version.version) == (1, 2)
    registry = with_models.reader()
    read = registry.version("churn", 1)
    assert (read.run, read.artifact, read.description, read.tags) == (
        run_id(1),
        "model",
        "the first",
        {"a": 1},
    )
    assert read.by == "Ada Example <ada@example.com>"
    assert registry.version("churn", "@champion").run == run_id(2)
    assert registry.model("churn") is not None
    subject, *trailers = git(with_models.place.folder, "log", "-1", "--format=%B", "gitrack").split(
        "\n"
    )
    assert subject == f"model churn v2: registered from run {run_id(2)[-6:]}"
    assert trailers[1:] == ["Model: churn", "Model-Version: 2", f"Run: {run_id(2)}"]


@pytest.mark.parametrize("reference", [run_id(3), "7k3f03", "r3", "r3/model", f"runs:/{run_id(3)}"])
def test_a_run_is_named_as_anywhere(with_models, reference):
    assert register(with_models, reference, "churn").version.run == run_id(3)


def test_a_version_of_one_model_may_become_one_of_another(with_models):
    register(with_models, run_id(1), "churn")

    for reference in ("models:/churn/1", "churn@1/model", "churn@latest"):
        assert register(with_models, reference, "eta").version.run == run_id(1)
    assert with_models.reader().numbers("eta") == [1]


def test_a_named_artifact_is_registered_by_its_version(repo, monkeypatch):
    monkeypatch.chdir(repo)
    with gitrack.start_run("churn-20241022") as run:
        (repo / "model.json").write_text("{}")
        run.log_artifact("model.json", kind="model", named="churn-model")

    version = gitrack.register_model("churn-model:v1", "churn")

    assert (version.run, version.artifact) == (run.id, "model.json")


def test_the_same_model_of_the_same_run_stays_the_version_that_it_is(with_models):
    register(with_models, run_id(1), "churn")
    tip = with_models.branch.tip()

    again = register(with_models, run_id(1), "churn")
    assert (again.known, again.version.version, with_models.branch.tip()) == (True, 1, tip)

    told = register(with_models, run_id(1), "churn", description="new", tags={"b": "2"})
    assert told.known
    assert with_models.reader().version("churn", 1).description == "new"
    assert with_models.reader().version("churn", 1).tags == {"b": "2"}


@pytest.mark.parametrize(
    ("reference", "kind", "said"),
    [
        (run_id(10), Ambiguous, "left 2 artifacts of the kind 'model': model, big"),
        (run_id(11), NotFound, "left no model; it left nothing; gitrack ls shows others"),
        (run_id(12), NotFound, "left no model; it left report.html"),
        (f"{run_id(13)}/report.html", UsageError, f"no model; its model is {run_id(13)}/model"),
        (f"{run_id(1)}/model/MLmodel", UsageError, "lies inside of 'model'"),
        (f"{run_id(1)}/nothing", NotFound, "left nothing at 'nothing'"),
        ("s3://bucket/model", UsageError, "only what a run left can be registered"),
        ("nobody", NotFound, "no named artifact and no run 'nobody'"),
        ("", UsageError, "is not a reference"),
    ],
)
def test_what_is_no_model_of_a_run_is_refused(with_models, reference, kind, said):
    tip = with_models.branch.tip()

    with pytest.raises(kind) as caught:
        register(with_models, reference, "churn")

    assert said in str(caught.value)
    assert with_models.branch.tip() == tip


def test_of_a_run_with_a_model_and_more_the_model_is_meant(with_models):
    assert register(with_models, run_id(13), "churn").version.artifact == "model"


def test_a_run_that_has_not_ended_says_so(repo, monkeypatch):
    monkeypatch.chdir(repo)
    with gitrack.start_run("churn-20241022") as run:
        run.log_bytes(b"{}", "model.json", kind="model")
        with pytest.raises(NotFound, match="not on the branch yet"):
            gitrack.register_model(f"runs:/{run.id}/model.json", "churn")

    assert gitrack.register_model(run.id, "churn").version == 1


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_names_that_lead_elsewhere_are_refused(with_models, name):
    with pytest.raises(InvalidName):
        register(with_models, run_id(1), name)
    with pytest.raises(InvalidName):
        describe(with_models, name, "x")


def test_a_version_in_place_of_a_model_says_what_to_write(with_models):
    register(with_models, run_id(1), "churn")
    with pytest.raises(UsageError, match="names a version") as wrong:
        gitrack.registered_model("churn@champion")
    assert "churn @champion" in (wrong.value.hint or "")


def test_a_name_is_spelled_as_it_is_there(with_models):
    register(with_models, run_id(1), "Churn")

    assert register(with_models, run_id(2), "churn").name == "Churn"
    assert with_models.reader().models() == ["Churn"]
    tag(with_models, "CHURN", {"a": "1"})
    assert with_models.reader().model("Churn").tags == {"a": "1"}


def test_a_number_is_never_used_again(with_models):
    register(with_models, run_id(1), "churn")
    register(with_models, run_id(2), "churn")
    with_models.branch.commit({version_path("churn", 2): None}, "removed")
    gone: dict[str, bytes | None] = {
        stage_path("churn", "archived"): dump_record(StageState(versions=[4])),
        evidence_path("churn", 6, "unit-tests"): b"x",
        "registry/churn/promotions/20260101T100000Z-v8-production.yaml": b"x",
    }
    for number, (path, data) in zip((5, 7, 9), gone.items(), strict=True):
        with_models.branch.commit({path: data}, "told of")
        assert register(with_models, run_id(number), "churn").version.version == number


def test_without_an_identity_it_is_said_once_what_to_type(with_models, monkeypatch, capsys):
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    with pytest.raises(NoIdentity):
        register(open_registry(with_models.place.folder), run_id(1), "churn")
    assert capsys.readouterr().err == ""


def test_many_who_register_at_once_get_numbers_of_their_own(with_models):
    got: list[int] = []

    def work(number: int) -> None:
        opened = open_registry(with_models.place.folder)
        got.append(register(opened, run_id(number), "churn").version.version)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(1, 9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(got) == list(range(1, 9))
    assert {v.run for v in with_models.reader().versions("churn")} == {
        run_id(number) for number in range(1, 9)
    }


def test_what_is_remembered_of_versions_follows_the_branch(with_models):
    branch = with_models.branch

    def of(number: int) -> list[int]:
        at = branch.tip()
        found = versions_of(branch, "churn", run_id(number), "model", at=at)
        return [version.version for version in found]

    register(with_models, run_id(1), "churn")
    assert (of(1), of(2)) == ([1], [])
    other = ModelVersion(version=1, run=run_id(2))
    branch.commit({version_path("churn", 1): dump_record(other)}, "by hand")
    assert (of(1), of(2)) == ([], [1])
    branch.commit({version_path("churn", 1): None}, "gone")
    assert of(2) == []
    assert register(with_models, run_id(2), "churn").known is False


def test_what_is_said_is_changed_and_taken_away(with_models):
    register(with_models, run_id(1), "churn")

    describe(with_models, "churn", "Who leaves")
    describe(with_models, "churn", "With weather", 1)
    tag(with_models, "churn", {"a": "1", "b": "2"}, 1)
    tag(with_models, "churn", {"c": True}, 1, remove=["a"])

    registry = with_models.reader()
    assert registry.model("churn").description == "Who leaves"
    assert registry.version("churn", 1).description == "With weather"
    assert registry.version("churn", 1).tags == {"b": "2", "c": True}
    describe(with_models, "churn", "", 1)
    assert with_models.reader().version("churn", 1).description is None
    with pytest.raises(UsageError, match="no tag 'zz' to remove"):
        tag(with_models, "churn", {}, 1, remove=["zz"])
    with pytest.raises(NotFound, match="did you mean 'churn'"):
        describe(with_models, "chrun", "x")
    with pytest.raises(NotFound, match="no version 7"):
        tag(with_models, "churn", {"a": "1"}, 7)


def test_a_secret_in_a_description_does_not_reach_history(with_models, git):
    secret = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"
    register(with_models, run_id(1), "churn", description=f"fetched with token={secret}")

    assert secret not in git(with_models.place.folder, "log", "-p", "gitrack")


def test_aliases_move_and_go(with_models):
    register(with_models, run_id(1), "churn")
    register(with_models, run_id(2), "churn")

    set_alias(with_models, "churn", "champion", 1)
    set_alias(with_models, "churn", "Champion", "latest")
    assert with_models.reader().aliases("churn") == {"champion": 2}
    assert delete_alias(with_models, "churn", "@champion") == 2
    assert with_models.reader().aliases("churn") == {}
    with pytest.raises(NotFound, match="no alias 'champion'; it has none"):
        delete_alias(with_models, "churn", "champion")


@pytest.mark.parametrize(
    "alias", ["production", "Staging", "none", "7", "v7", "latest", "../x", "dvc"]
)
def test_an_alias_is_nothing_that_means_something_else(with_models, alias):
    register(with_models, run_id(1), "churn")

    with pytest.raises(InvalidName):
        set_alias(with_models, "churn", alias, 1)


def test_a_run_is_named_by_what_it_became(with_models):
    register(with_models, run_id(1), "churn", aliases=["champion"])
    store = with_models.store
    with_models.branch.commit(
        {stage_path("churn", "production"): dump_record(StageState(versions=[1]))}, "in production"
    )

    for reference in ("churn@1", "churn@v1", "churn@production", "churn@champion", "churn@latest"):
        assert store.run(reference).id == run_id(1)
    with pytest.raises(NotFound, match="'churn' has no version 7"):
        store.run("churn@7")
    with pytest.raises(NotFound, match="there is no run 'eta@1'"):
        store.run("eta@1")


def test_the_functions_of_gitrack_do_all_of_it(with_models):
    version = gitrack.register_model(run_id(1), "churn", description="first", tags={"a": "1"})
    assert gitrack.register_model(run_id(2), "churn").version == 2
    gitrack.set_alias("churn", "champion", 1)
    assert gitrack.model_version("churn", "@champion") == version
    gitrack.tag_model("churn", {"a": None, "b": "2"}, version=1)
    gitrack.describe_model("churn", "Who leaves")
    gitrack.delete_alias("churn", "champion")

    assert [v.tags for v in gitrack.model_versions("churn")] == [{"b": "2"}, {}]
    with pytest.raises(NotFound):
        gitrack.model_version("churn", "@champion")
    with pytest.raises(NotFound):
        gitrack.model_versions("eta")


def test_what_there_is_is_told_by_functions(with_models):
    for number in (1, 2, 3):
        gitrack.register_model(run_id(number), "churn")
    gitrack.set_alias("churn", "champion", 2)
    gitrack.add_evidence("churn", 2, "unit-tests", note="all green")
    before = with_models.branch.tip()
    for number in (1, 3):
        gitrack.promote(
            *("churn", number), to="staging", why="both", keep_previous=True, direct=True
        )

    (model,) = gitrack.registered_models()
    assert model == gitrack.registered_model("churn")
    assert (model.versions, model.stages) == ([1, 2, 3], {"staging": [1, 3]})
    assert model.aliases == {"champion": 2}
    assert gitrack.registered_model("churn", at=before).stages == {}
    standing = gitrack.model_versions("churn", stage="Staging")
    assert [version.version for version in standing] == [1, 3]
    assert gitrack.model_versions("churn", stage="staging", at=before) == []
    assert [proof.note for proof in gitrack.model_evidence("churn", "@champion")] == ["all green"]
    found = gitrack.compare_versions("churn", "@champion", 3)
    assert (found.old.aliases, found.new.stages) == (["champion"], ["staging"])
    (metric,) = found.runs.metrics
    assert (metric.name, metric.old, metric.new) == ("test_auc", 0.8 + 0.02, 0.8 + 0.03)
    with pytest.raises(NotFound):
        gitrack.registered_model("eta")


def test_a_branch_full_of_nonsense_takes_a_version_all_the_same(with_models):
    with_models.branch.commit(
        {
            "registry/churn/model.yaml": b"a: &x [*x]\n",
            "registry/churn/versions/1.yaml": b"\xff\xfe",
            "registry/churn/versions/latest.yaml": b"x",
            "registry/churn/stages/production.yaml": b"versions: x\n",
        },
        "nonsense",
    )

    assert register(with_models, run_id(1), "churn").version.version == 2
    with pytest.raises(GitrackError, match=r"model\.yaml"):
        describe(with_models, "churn", "x")
    assert Registry(with_models.branch).version("churn", 2).run == run_id(1)
