"""A team: a bare remote with code and policy, and people with clones who train and promote."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest import mock

import click.testing

import gitrack
from gitrack.store import open_store

MODEL = "delivery-delay-classifier"
EXPERIMENT = "xgboost-weather-features-20241022"

POLICY = """\
people:
  '@product': [petra@example.com]
  '@logistics-ml': [jane@example.com, ravi@example.com, sam@example.com]
models:
  delivery-delay-classifier:
    primary_metric: {name: test_auc_roc, goal: maximize}
    owners: ['@logistics-ml']
    stages:
      staging:
        gates:
        - {metric: test_auc_roc, at_least: 0.88, baseline: 0.85}
        - {metric: test_f1, at_least: 0.80}
        - {metric: calibration_ece, at_most: 0.05}
        - {metric: inference_latency_p99_ms, at_most: 50}
        - {evidence: unit-tests}
        - {evidence: integration-test}
        - {evidence: no-leakage}
        - {code: clean}
      production:
        from: [staging]
        archive_previous: true
        gates:
        - {stage: staging}
        - {no_regression: test_auc_roc, tolerance: 0.005, against: production}
        - {evidence: shadow-mode, for_days: 7}
        - {evidence: business-approval, by: ['@product']}
        - {evidence: canary, for_hours: 48}
        - {evidence: rollback-plan}
        - {evidence: monitoring}
        - {approvals: 2, not_by: [run-author, promoter]}
"""

#: Metrics as the run of the chapter on metrics has them, and one that is not good enough.
GOOD = {
    "test_auc_roc": 0.892,
    "test_f1": 0.814,
    "calibration_ece": 0.032,
    "inference_latency_p99_ms": 38.0,
}
WEAK = {**GOOD, "test_auc_roc": 0.861, "calibration_ece": 0.08}
BETTER = {**GOOD, "test_auc_roc": 0.903, "test_f1": 0.826}

JUNIT = '<testsuite name="unit" tests="3" failures="0" errors="0"><testcase name="a"/>\
<testcase name="b"/><testcase name="c"/></testsuite>'


class Person:
    """Somebody with a clone."""

    def __init__(self, name: str, mail: str, folder: Path) -> None:
        self.name, self.mail, self.folder = name, mail, folder

    def git(self, *arguments: str) -> str:
        """What git printed; it must not fail."""
        done = self.try_git(*arguments)
        assert done.returncode == 0, f"git {' '.join(arguments)}: {done.stdout}{done.stderr}"
        return done.stdout.strip()

    def try_git(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        line = ["git", "-C", str(self.folder), *arguments]
        return subprocess.run(line, capture_output=True, text=True, check=False)

    def types(self, *arguments: str, code: int = 0) -> str:
        """What a gitrack command says, on both streams; it must end as expected."""
        with self.standing():
            done = click.testing.CliRunner().invoke(_main, arguments)
        if done.exception and not isinstance(done.exception, SystemExit):
            raise done.exception
        assert done.exit_code == code, f"gitrack {' '.join(arguments)}: {done.output}"
        return done.output

    def json(self, *arguments: str, code: int = 0) -> Any:
        """The same with `--json`, taken apart."""
        with self.standing():
            done = click.testing.CliRunner().invoke(_main, [*arguments, "--json"])
        assert done.exit_code == code, f"gitrack {' '.join(arguments)}: {done.output}"
        return json.loads(done.stdout)

    @contextmanager
    def standing(self) -> Iterator[None]:
        """For a while, this is where we are and who we are."""
        before = Path.cwd()
        os.chdir(self.folder)
        try:
            yield
        finally:
            os.chdir(before)

    def trains(self, name: str, metrics: Mapping[str, float], *, says: float = 0.0) -> str:
        """A run ten days ago whose model predicts `says`; its id."""
        from sklearn.dummy import DummyRegressor

        with self.standing(), ten_days_ago():
            with gitrack.start_run(EXPERIMENT, name=name) as run:
                run.log_metrics(dict(metrics))
                run.log_evidence("no-leakage", True)
                model = DummyRegressor(strategy="constant", constant=says)
                run.log_model(model.fit([[0.0]], [says]), "model")
            return str(run.id)

    def standing_versions(self, stage: str, *, name: str = MODEL) -> list[int]:
        """Who stands in a stage, as this clone's tracking branch has it."""
        from gitrack.store.registry import Registry

        return Registry(open_store(self.folder).branch).stage(name, stage)

    def predicts(self, reference: str) -> float:
        """What the model by that name says."""
        with self.standing():
            return float(gitrack.load_model(reference).predict([[0.0]])[0])


@click.command(context_settings={"ignore_unknown_options": True, "help_option_names": []})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def _main(arguments: tuple[str, ...]) -> None:
    """The whole program: with its words for errors and its exit codes."""
    import sys

    from gitrack.cli import main

    with mock.patch.object(sys, "argv", ["gitrack", *arguments]):
        main.main()


@contextmanager
def ten_days_ago() -> Iterator[None]:
    """For a while, whatever a run records happens then: people had time to watch its model."""
    ago = timedelta(days=10)
    now = time.time_ns
    with (
        mock.patch("gitrack.tracking.start.datetime") as clock,
        mock.patch("time.time_ns", side_effect=lambda: now() - int(ago.total_seconds()) * 10**9),
    ):
        clock.now.return_value = datetime.now(UTC) - ago
        yield


class Team:
    """`hub.git` with code and policy on main; everybody has a clone."""

    def __init__(self, folder: Path, policy: str = POLICY) -> None:
        self.folder = folder
        self.hub = folder / "hub.git"
        self.objects = folder / "objects"
        _git(folder, "init", "-q", "--bare", "--initial-branch=main", str(self.hub))
        first = self.joins("Jane Smith")
        (first.folder / "train.py").write_text("print('training')\n")
        (first.folder / ".tracking").mkdir()
        (first.folder / ".tracking/policy.yaml").write_text(policy)
        config = f"project: logistics-delay-prediction\nartifacts: {{remote: '{self.objects}'}}\n"
        (first.folder / ".tracking/config.yaml").write_text(config)
        (first.folder / ".tracking/.gitignore").write_text("/outbox/\n/site/\n")
        first.git("add", ".")
        first.git("commit", "-q", "-m", "predict delays")
        first.git("push", "-q", "origin", "HEAD:main")
        first.git("remote", "set-head", "origin", "main")
        self.jane = first

    def joins(self, name: str) -> Person:
        """One more person with a clone."""
        short = name.partition(" ")[0].lower()
        _git(self.folder, "clone", "-q", f"file://{self.hub}", short)
        person = Person(name, f"{short}@example.com", self.folder / short)
        person.git("config", "user.name", name)
        person.git("config", "user.email", person.mail)
        return person


def _git(folder: Path, *arguments: str) -> None:
    done = subprocess.run(
        ["git", "-C", str(folder), *arguments], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def passes_staging(person: Person, version: int) -> None:
    """The facts that staging asks for, beside what the run logged."""
    report = person.folder.parent / "junit.xml"
    report.write_text(JUNIT)
    person.types("evidence", "add", MODEL, str(version), "unit-tests", "--junit", str(report))
    person.types("evidence", "add", MODEL, str(version), "integration-test", "--note", "all green")


def passes_production(person: Person, version: int) -> None:
    """The facts that production asks for, beside those of product and of reviewers."""
    now = datetime.now(UTC)
    week, days = (f"{now - timedelta(days=n):%Y-%m-%dT%H:%M:%SZ}" for n in (8, 3))
    add = ("evidence", "add", MODEL, str(version))
    person.types(*add, "shadow-mode", "--from", week, "--note", "10 % of traffic, no issues")
    person.types(*add, "canary", "--from", days, "--note", "5 % of traffic, no alerts")
    person.types(*add, "rollback-plan", "--link", "https://wiki.example.com/rollback")
    person.types(*add, "monitoring", "--link", "https://grafana.example.com/d/delays")
