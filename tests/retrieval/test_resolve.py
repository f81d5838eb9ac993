"""What references mean, and what is said of those that mean nothing."""

from __future__ import annotations

import msgspec
import pytest

import gitrack
from gitrack.errors import Ambiguous, GitrackError, NotFound, UnreadableFile, UsageError
from gitrack.model.registered import ModelAlias, ModelVersion, StageState
from gitrack.store import open_store
from gitrack.store.codec.records import dump_record
from gitrack.store.named import NamedArtifacts, dump, version_path
from tests.retrieval.conftest import Project


@pytest.mark.parametrize(
    ("reference", "path", "inner", "version"),
    [
        ("flights:v1", "flights.bin", None, 1),
        ("flights:latest", "flights.bin", None, 1),
        ("flights", "flights.bin", None, 1),
        ("clf:good", "model", None, 1),
        ("clf:v1/sub/MLmodel", "model", "sub/MLmodel", 1),
        ("@last/model", "model", None, None),
        ("@last/model/sub", "model", "sub", None),
        ("@last/artifacts/model", "model", None, None),
        ("first/one/notes/n.txt", "notes/n.txt", None, None),
        ("runs:/{id}/model/sub/MLmodel", "model", "sub/MLmodel", None),
        ("runs://{id}/model/", "model", None, None),
        ("RUNS:/{tail}/plots/b.txt", "plots", "b.txt", None),
    ],
)
def test_every_way_to_name_an_artifact(project: Project, reference, path, inner, version):
    tail = project.run_id.rpartition("-")[2]
    found = project.locate(reference.format(id=project.run_id, tail=tail))

    assert (found.artifact.path, found.inner, found.version) == (path, inner, version)
    assert found.run_id == project.run_id


def test_a_run_folder_on_the_branch_is_a_reference_too(project: Project):
    folder = open_store(project.folder).find("@last")

    assert project.locate(f"{folder}/artifacts/model").artifact.path == "model"


def test_a_run_that_left_one_thing_needs_no_path(project: Project):
    with gitrack.start_run("e", name="with:colon") as run:
        run.log_text("x", "only.txt")

    assert project.locate(run.id).artifact.path == "only.txt"
    assert project.locate("with:colon/only.txt").run_id == run.id


@pytest.mark.parametrize(
    ("reference", "error", "said"),
    [
        ("flights:v9", NotFound, "flights:v1"),
        ("flihgts", NotFound, "flights"),
        ("clf:god", NotFound, "clf:good"),
        ("@last/modle", NotFound, "model"),
        ("runs:/nobody/x", NotFound, "gitrack ls"),
        ("nobody:v1", NotFound, "artifact ls"),
        ("@last", Ambiguous, "holds 5 artifacts"),
        ("@last/notes", Ambiguous, "holds 2 artifacts"),
        ("@last/model/../../x", UsageError, "without '..'"),
        ("clf:v1/../x", UsageError, "without '..'"),
        ("models:/nothing/1", NotFound, "no model"),
        ("models:/nothing", UsageError, "models:/NAME/7"),
        ("models:/", UsageError, "models:/NAME/7"),
        ("", UsageError, "name:version"),
        ("\0", UsageError, "name:version"),
        ("x" * 5000, UsageError, "name:version"),
        (3, UsageError, "name:version"),
        ("../..", NotFound, ""),
        ("a" * 300 + ":v1", NotFound, ""),
    ],
)
def test_what_means_nothing_is_said_with_what_is_near(project: Project, reference, error, said):
    with pytest.raises(error) as caught:
        project.locate(reference)
    assert said in str(caught.value)


def test_models_of_the_registry(project: Project):
    version = ModelVersion(version=7, run=project.run_id, artifact="model")
    open_store(project.folder).branch.commit(
        {
            "registry/churn/versions/7.yaml": dump_record(version),
            "registry/churn/stages/production.yaml": dump_record(StageState(versions=[7])),
            "registry/churn/aliases/champion.yaml": dump_record(ModelAlias(version=7)),
        },
        "registered",
    )

    for reference in ("churn/7", "churn/production", "churn@champion", "churn/7/sub/MLmodel"):
        found = project.locate(f"models:/{reference}")
        assert (found.model, found.model_version, found.artifact.path) == ("churn", 7, "model")
    with pytest.raises(NotFound):
        project.locate("models:/churn@chmapion")


def test_a_version_and_its_run_that_disagree_are_said_to(project: Project, change):
    known = NamedArtifacts(open_store(project.folder).branch)
    version = known.version("flights", 1)
    wrong = {"md5": "0" * 32, "path": "gone.bin", "run": "20200101-000000-000000"}
    for field, value in wrong.items():
        hostile = dump(msgspec.structs.replace(version, **{field: value}))
        change(version_path("flights", 1), hostile)
        with pytest.raises((UnreadableFile, NotFound)) as caught:
            project.locate("flights:v1")
        assert isinstance(caught.value, GitrackError)
