"""Gates that need the model itself: in the remote, and loading."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

import gitrack
from gitrack import models
from gitrack.artifacts import cache_of
from gitrack.model.promotion import Outcome
from gitrack.model.registered import ModelVersion
from gitrack.registry.gates.judge import rejudge
from gitrack.tracking import active, notice
from tests.registry.gates.conftest import World

IN_REMOTE = "{artifact: in-remote}"
LOADS = "{model: loads}"


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    notice.forget()
    yield
    for run in list(active._open):
        run.end("killed")
    active._stack.set(())


@pytest.fixture
def bucket(world: World, tmp_path: Path) -> Path:
    """A remote that is a folder."""
    folder = tmp_path / "bucket"
    settings = world.folder / ".tracking" / "config.yaml"
    settings.parent.mkdir(exist_ok=True)
    settings.write_text(f"artifacts: {{remote: {folder}, inline_below: 1kB}}\n")
    return folder


def heavy(world: World) -> ModelVersion:
    Path("model").mkdir(exist_ok=True)
    for name in ("a", "b"):
        Path("model", name).write_bytes(name.encode() * 5000)
    with gitrack.start_run("e") as run:
        run.log_artifact("model")
    return world.version(run=run.id)


def objects(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def test_every_file_of_a_folder_must_be_in_the_remote(bucket: Path, world: World):
    version = heavy(world)

    whole = world.one(version, IN_REMOTE)
    lists = [path for path in objects(bucket) if path.suffix == ".dir"]
    file = next(path for path in objects(bucket) if path.suffix != ".dir")
    file.unlink()
    torn = world.one(version, IN_REMOTE)
    lists[0].unlink()
    gone = world.one(version, IN_REMOTE)

    assert (whole.outcome, whole.value, whole.required) == ("passed", 3, 3)
    assert (whole.source or "").endswith("artifacts/model.dvc")
    assert torn.outcome is gone.outcome is Outcome.FAILED
    assert "1 of 3 objects are not in" in torn.says
    assert "gitrack push" in torn.says
    assert ".dir is not in" in gone.says


def test_a_folder_whose_list_is_only_in_the_remote_is_looked_at(bucket: Path, world: World):
    version = heavy(world)
    repository = world.opened.repository
    shutil.rmtree(cache_of(repository.worktree, repository.common_dir).folder)

    assert world.one(version, IN_REMOTE).outcome is Outcome.PASSED


def test_where_nothing_is_fetched_it_is_not_judged(bucket: Path, world: World):
    version = heavy(world)

    verdict = world.one(version, IN_REMOTE, fetch=False)
    again = rejudge(world.case(version, fetch=False), world.promotion(version, [verdict]))

    assert (verdict.outcome, verdict.says) == ("failed", "the artifact remote is not looked at")
    assert [each.kind for each in again.unjudged] == ["artifact"]


def test_a_remote_that_cannot_be_reached_is_a_sentence(world: World, tmp_path: Path):
    settings = world.folder / ".tracking" / "config.yaml"
    settings.parent.mkdir(exist_ok=True)
    settings.write_text("artifacts: {remote: 'http://127.0.0.1:9/nowhere', inline_below: 1kB}\n")
    version = heavy(world)

    verdict = world.one(version, IN_REMOTE)
    again = rejudge(world.case(version), world.promotion(version, [verdict]))

    assert verdict.outcome is Outcome.FAILED
    assert "the artifact remote cannot be reached" in verdict.says
    assert again.unjudged


def test_without_a_remote_it_fails_and_says_what_to_type(world: World):
    settings = world.folder / ".tracking" / "config.yaml"
    settings.parent.mkdir(exist_ok=True)
    settings.write_text("artifacts: {inline_below: 1kB}\n")

    verdict = world.one(heavy(world), IN_REMOTE)

    assert "artifacts: {remote: URL}" in verdict.says


def test_what_is_small_lies_on_the_branch(world: World):
    with gitrack.start_run("e") as run:
        run.log_text("hello", "model")

    verdict = world.one(world.version(run=run.id), IN_REMOTE)

    assert verdict.outcome is Outcome.PASSED
    assert "on the branch itself" in verdict.says


def test_what_a_run_never_left_fails(world: World):
    for gate in (IN_REMOTE, LOADS):
        verdict = world.one(world.version(), gate)
        assert verdict.outcome is Outcome.FAILED
        assert "left no artifacts" in verdict.says


X = np.arange(40.0).reshape(20, 2)
Y = np.arange(20) % 2


def logged(world: World, **more) -> ModelVersion:
    with gitrack.start_run("e") as run:
        run.log_model(LogisticRegression().fit(X, Y), "model", **more)
    return world.version(run=run.id)


def test_a_model_that_takes_its_own_example(bucket: Path, world: World):
    version = logged(world, input_example=X[:3])

    verdict = world.one(version, LOADS)
    repository = world.opened.repository
    shutil.rmtree(cache_of(repository.worktree, repository.common_dir).folder)
    shutil.rmtree(repository.home / "artifacts", ignore_errors=True)
    fetched = world.one(version, LOADS)

    assert verdict.outcome is fetched.outcome is Outcome.PASSED
    assert "sklearn loads, and predicts from its own example" in verdict.says


def test_a_model_without_an_example_fails(world: World):
    verdict = world.one(logged(world), LOADS)

    assert verdict.outcome is Outcome.FAILED
    assert "input_example=X[:5]" in verdict.says


def test_a_pickle_is_never_loaded(world: World):
    with gitrack.start_run("e") as run:
        run.log_model(_Odd(), "model", input_example=X[:3], allow_pickle=True)

    verdict = world.one(world.version(run=run.id), LOADS)

    assert verdict.outcome is Outcome.FAILED
    assert "it does not load" in verdict.says


class _Odd:
    """No library's model."""

    def predict(self, data):
        return data


def test_a_signature_that_does_not_take_the_example_fails(world: World):
    models.save(LogisticRegression().fit(X, Y), Path("model"), input_example=X[:3])
    described = Path("model", "MLmodel")
    broken = described.read_text().replace("[-1, 2]", "[-1, 3]")
    assert broken != described.read_text()
    described.write_text(broken)
    with gitrack.start_run("e") as other:
        other.log_artifact("model")

    verdict = world.one(world.version(run=other.id), LOADS)

    assert verdict.outcome is Outcome.FAILED
    assert "it does not load" in verdict.says or "own example" in verdict.says
