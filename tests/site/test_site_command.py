"""`gitrack site build`, as it is typed."""

import json
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from gitrack.cli.main import cli
from gitrack.config.policy import (
    MetricGate,
    ModelPolicy,
    Policy,
    PrimaryMetric,
    Stage,
)
from gitrack.model.measure import Measure
from gitrack.store import open_store


@pytest.fixture
def project(repo: Path, bundles, monkeypatch) -> Path:
    """A repository with three runs on its branch."""
    (repo / ".tracking").mkdir()
    (repo / ".tracking/config.yaml").write_text("project: flights\nsite: {title: Late flights}\n")
    monkeypatch.chdir(repo)
    open_store().commit_runs(bundles[:3])
    return repo


def build(*arguments: str):
    done = CliRunner().invoke(cli, ["site", "build", *arguments], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done


def test_it_prints_where_the_site_is(project):
    done = build()

    page = project / ".tracking/site/index.html"
    assert done.stdout == f"{page.resolve().as_uri()}\n"
    assert "3 runs in 1 experiment" in done.stderr
    assert "<title>Late flights</title>" in page.read_text()


def test_it_works_from_a_folder_below(project, monkeypatch):
    (project / "src").mkdir()
    monkeypatch.chdir(project / "src")

    build()

    assert (project / ".tracking/site/index.html").exists()


def test_programs_get_json(project, tmp_path):
    done = build("--output", str(tmp_path / "out"), "--json")

    told = json.loads(done.stdout)
    assert told["runs"] == 3
    assert told["faults"] == []
    assert told["commit"] == open_store().branch.tip()
    assert (tmp_path / "out/index.html").resolve().as_uri() == told["page"]


def test_settings_hide_what_they_name(project):
    (project / ".tracking/config.yaml").write_text(
        "site: {public: true, hide: {params: [n_est*]}}\n"
    )

    build()

    data = b"".join(p.read_bytes() for p in (project / ".tracking/site/data").rglob("*.js"))
    assert b"max_depth" in data
    assert b"n_estimators" not in data
    assert b"Jane Smith" not in data


def test_runs_that_come_while_it_builds_are_for_the_next_one(project, bundles):
    from gitrack.store.pinned import PinnedBranch
    from gitrack.store.runs import RunStore

    store = open_store()
    pinned = RunStore(PinnedBranch(store.branch, store.branch.tip()))
    late = msgspec.structs.replace(bundles[0].run, id="20270101-000000-aaaaaa")
    store.commit_runs([msgspec.structs.replace(bundles[0], run=late)])

    assert len(list(pinned.all())) == 3
    assert len(list(store.all())) == 4


def test_a_repository_without_runs_has_a_site_too(repo, monkeypatch):
    monkeypatch.chdir(repo)

    build()

    assert "No runs yet" in (repo / ".tracking/site/index.html").read_text()


def test_the_policy_says_which_way_is_better():
    from gitrack.cli.commands.site import goals

    gates = (MetricGate(metric="ece", at_most=0.05), MetricGate(metric="profit", at_least=1.0))
    model = ModelPolicy(
        primary_metric=PrimaryMetric(name="profit"), stages={"staging": Stage(gates=gates)}
    )

    told = goals(Policy(models={"m": model}))

    assert list(told.primary) == [Measure("profit", "maximize")]
    assert told.goal("ece") == "minimize"
