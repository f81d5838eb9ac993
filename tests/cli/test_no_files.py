"""No command waits for a pipe or a device that lies where a file of the project should."""

from __future__ import annotations

import os

import pytest

from tests.cli.command import gitrack
from tests.cli.some_runs import with_runs

pytestmark = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no such files")

#: Seconds: more than any of these commands takes.
_PATIENCE = 30


@pytest.mark.parametrize("kind", ["pipe", "device"])
@pytest.mark.parametrize(
    ("name", "command"),
    [
        (".tracking/config.yaml", "ls"),
        (".tracking/config.yaml", "status"),
        (".tracking/config.yaml", "init"),
        (".tracking/policy.yaml", "promote churn 1 --to staging --why better"),
        (".tracking/policy.yaml", "doctor"),
        (".tracking/policy.yaml", "site build"),
        (".tracking/views/best.yaml", "site build"),
        (".tracking/charts/loss.json", "site build"),
        ("reports/july.md", "site build"),
        (".dvc/config", "gc"),
        (".github/workflows/gitrack-site.yml", "init --github"),
        ("junit.xml", "evidence add churn 1 tests --junit junit.xml"),
    ],
)
def test_a_file_that_is_none_is_named_at_once(repo, kind, name, command):
    with_runs(repo)
    (repo / ".tracking").mkdir()
    place = repo / name
    place.parent.mkdir(parents=True, exist_ok=True)
    if kind == "pipe":
        os.mkfifo(place)
    else:
        place.symlink_to("/dev/zero")

    done = gitrack(repo, *command.split(), patience=_PATIENCE)

    said = done.stdout + done.stderr  # what doctor finds are its results
    assert done.returncode in (1, 2)
    # no link leads a report or a chart out of the project, wherever it leads to
    away = f"{name} leads out of the project" in said
    assert away or f"it is a {kind}, not a regular file" in said
    assert name in said
    assert "Traceback" not in done.stderr
