"""The registry is read as it stands at a commit, and no broken file hides the others."""

from __future__ import annotations

import pytest

from gitrack.errors import NotFound, UnreadableFile
from gitrack.model.registered import ModelAlias, ModelVersion, RegisteredModel, StageState
from gitrack.store.codec.records import dump_record
from gitrack.store.memory import MemoryBranch
from gitrack.store.registry import Registry

RUN = "20241022-143012-7k3f9q"


def _branch(**more: bytes) -> MemoryBranch:
    files: dict[str, bytes | None] = {
        "registry/churn/model.yaml": dump_record(RegisteredModel(name="churn", owners=["@ml"])),
        "registry/churn/stages/production.yaml": dump_record(StageState(versions=[2, 10])),
        "registry/churn/stages/staging.yaml": dump_record(StageState()),
        "registry/churn/aliases/champion.yaml": dump_record(ModelAlias(version=2)),
        "registry/churn/aliases/lost.yaml": dump_record(ModelAlias(version=77)),
        "registry/churn/promotions/x.yaml": b"x: 1\n",
        "registry/eta/versions/1.yaml": dump_record(ModelVersion(version=1, run="r1")),
    }
    for number in (1, 2, 10):
        version = ModelVersion(version=number, run=f"{RUN[:-2]}{number:02}", tags={"team": "x"})
        files[f"registry/churn/versions/{number}.yaml"] = dump_record(version)
    branch = MemoryBranch()
    branch.commit(files, "registry")
    if more:
        branch.commit(dict(more), "more")
    return branch


def test_models_versions_stages_and_aliases():
    registry = Registry(_branch())

    assert registry.models() == ["churn", "eta"]
    model = registry.model("churn")
    assert model is not None
    assert model.owners == ["@ml"]
    assert registry.model("eta") is None
    assert [version.version for version in registry.versions("churn")] == [1, 2, 10]
    assert registry.stages("churn") == {"production": [2, 10], "staging": []}
    assert registry.aliases("churn") == {"champion": 2, "lost": 77}
    assert registry.versions("nobody") == []
    assert not registry.faults


@pytest.mark.parametrize(
    ("reference", "number"),
    [
        (1, 1),
        ("2", 2),
        ("v10", 10),
        ("production", 10),
        ("Production", 10),
        ("champion", 2),
        ("@champion", 2),
        ("latest", 10),
    ],
)
def test_a_version_is_named_by_number_stage_or_alias(reference, number):
    assert Registry(_branch()).version("churn", reference).version == number


@pytest.mark.parametrize(
    ("name", "reference", "message"),
    [
        ("chrun", 1, "no registered model 'chrun'; did you mean 'churn'"),
        ("churn", 3, "no version 3; it has 1, 2, 10"),
        ("churn", "prodction", "did you mean 'production'"),
        ("churn", "staging", "no version of 'churn' stands in 'staging'"),
        ("churn", "lost", "is version 77, which is not there"),
        ("churn", "@production", "has no version, stage or alias"),
    ],
)
def test_what_is_not_there_is_said_with_a_way_out(name, reference, message):
    with pytest.raises(NotFound) as caught:
        Registry(_branch()).version(name, reference)

    assert message in str(caught.value)


def test_no_broken_file_hides_the_others():
    registry = Registry(
        _branch(
            **{
                "registry/churn/versions/2.yaml": b"version: [\n",
                "registry/churn/versions/3.yaml": dump_record(ModelVersion(version=4, run="r")),
                "registry/churn/versions/007.yaml": b"x",
                "registry/churn/versions/deep/1.yaml": b"x",
                "registry/churn/stages/bad.yaml": b"versions: 7\n",
                "registry/stray.txt": b"x",
                "registry/-dash/model.yaml": b"format: 1\n",
            }
        )
    )

    assert [version.version for version in registry.versions("churn")] == [1, 10]
    assert registry.stages("churn") == {"production": [2, 10], "staging": []}
    assert registry.models() == ["churn", "eta"]
    assert [fault.path for fault in registry.faults] == [
        "registry/-dash",
        "registry/churn/stages/bad.yaml",
        "registry/churn/versions/007.yaml",
        "registry/churn/versions/2.yaml",
        "registry/churn/versions/3.yaml",
        "registry/churn/versions/deep/1.yaml",
        "registry/stray.txt",
    ]
    with pytest.raises(UnreadableFile):
        registry.version("churn", 2)


def test_models_that_differ_by_case_alone_are_a_fault():
    registry = Registry(
        _branch(**{"registry/Churn/versions/1.yaml": dump_record(ModelVersion(version=1, run="r"))})
    )

    registry.strays()

    said = {fault.path: fault.why for fault in registry.faults}
    assert "differs from 'Churn' by case alone" in said["registry/churn"]


def test_the_versions_that_were_made_of_a_run():
    broken = f"run: {RUN}\nversion: x\n".encode()
    registry = Registry(_branch(**{"registry/eta/versions/2.yaml": broken}))

    found = registry.of_run(f"{RUN[:-2]}02")

    assert [(name, version.version) for name, version in found] == [("churn", 2)]
    assert registry.of_run(f"{RUN[:-2]}02") == found
    assert registry.of_run(RUN) == []
    assert [fault.path for fault in registry.faults] == ["registry/eta/versions/2.yaml"]


def test_an_older_commit_is_read_as_it_was():
    branch = _branch()
    before = branch.tip()
    branch.commit({"registry/churn/stages/production.yaml": None}, "retired")

    assert Registry(branch, at=before).stages("churn")["production"] == [2, 10]
    assert "production" not in Registry(branch).stages("churn")


def test_a_branch_without_a_registry():
    registry = Registry(MemoryBranch())

    assert registry.models() == []
    with pytest.raises(NotFound, match="no model is registered"):
        registry.version("churn", 1)
