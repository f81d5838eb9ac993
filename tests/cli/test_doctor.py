"""`gitrack doctor` finds what is wrong and says what to type."""

from __future__ import annotations

import json
import os
import subprocess
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from gitrack.artifacts import cache_of, keep
from gitrack.cli.main import cli
from gitrack.model.run import Run, RunBundle, Status
from gitrack.store import open_store

RUN = "20241022-143012-7k3f9q"


@pytest.fixture
def doctor(monkeypatch: pytest.MonkeyPatch):
    """`doctor(folder)`: the first finding by name that is not ok: (state, message, mend)."""

    def run(folder: Path, exits: int = 0) -> dict[str, tuple[str, str, str | None]]:
        monkeypatch.chdir(folder)
        result = CliRunner().invoke(cli, ["doctor", "--json"])
        assert result.exit_code == exits, result.output
        found: dict[str, tuple[str, str, str | None]] = {}
        for finding in json.loads(result.stdout)["findings"]:
            if finding["state"] != "ok" and finding["name"] != "disk":
                about = (finding["state"], finding["message"], finding["mend"])
                found.setdefault(finding["name"], about)
        return found

    return run


@pytest.fixture
def project(tmp_path, repo, git, monkeypatch) -> Path:
    """A prepared repository, with a remote, in which nothing is wrong."""
    git(tmp_path, "init", "-q", "--bare", "hub.git")
    git(repo, "remote", "add", "origin", str(tmp_path / "hub.git"))
    monkeypatch.chdir(repo)
    monkeypatch.setenv("DVC_SYSTEM_CONFIG_DIR", str(tmp_path))
    assert CliRunner().invoke(cli, ["init"]).exit_code == 0
    git(repo, "add", ".")
    git(repo, "commit", "-q", "-m", "gitrack")
    return repo


def commit_run(repo: Path, files: dict[str, bytes]) -> None:
    run = Run(
        id=RUN,
        name="a",
        experiment="churn",
        status=Status.FINISHED,
        started="2024-10-22T14:30:12.000Z",
    )
    open_store(repo).commit_runs([RunBundle(run=run, files=files)])


def put(git, repo: Path, files: dict[str, bytes]) -> None:
    """Files of strangers, on top of what is on the branch."""
    lines = [b"commit refs/heads/gitrack\ncommitter A <a@b.c> 0 +0000\ndata 1\nx\n"]
    lines.append(b"from " + git(repo, "rev-parse", "gitrack").encode() + b"\n")
    for path, data in files.items():
        lines.append(b"M 100644 inline " + path.encode() + b"\ndata %d\n" % len(data))
        lines.append(data + b"\n")
    subprocess.run(
        ["git", "-C", str(repo), "fast-import", "--quiet"], input=b"".join(lines), check=True
    )


def test_nothing_is_wrong_after_init(project, doctor, git):
    before = git(project, "status", "--porcelain", "--ignored")
    assert doctor(project) == {}
    assert git(project, "status", "--porcelain", "--ignored") == before


def test_outside_a_repository(tmp_path, doctor):
    assert doctor(tmp_path, exits=1)["repository"][2] == "run 'git init' first"


def test_a_bare_repository_and_one_without_anything(tmp_path, repo, git, doctor):
    found = doctor(repo)
    assert {name: mend for name, (_, _, mend) in found.items()} == {
        "settings": "gitrack init",
        "remote": "git remote add origin URL",
        "branch": "gitrack init",
        "dvc": "gitrack init",
    }
    git(tmp_path, "init", "-q", "--bare", "hub.git")
    assert set(doctor(tmp_path / "hub.git")) == {"remote", "branch"}


def test_without_an_identity(project, doctor, monkeypatch):
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    state, _, mend = doctor(project, exits=1)["identity"]
    assert state == "fail"
    assert "git config --global user.name" in mend


def test_wrong_settings_and_rules_are_named_by_line(project, doctor):
    (project / ".tracking/config.yaml").write_text("project: x\ncapture: {dirty: wrn}\n")
    (project / ".tracking/policy.yaml").write_text("on_violation: shout\n")
    found = doctor(project, exits=1)
    assert "config.yaml:2" in found["settings"][1]
    assert "policy.yaml:1" in found["policy"][1]
    said = CliRunner().invoke(cli, ["doctor"]).stdout
    assert said.count("config.yaml:2") == 1
    assert said.count("installed") == 4


def test_the_branch_is_checked_out(project, doctor, git):
    git(project, "switch", "-q", "gitrack")
    state, message, mend = doctor(project, exits=1)["HEAD"]
    assert (state, "checked out" in message, "switch" in mend) == ("fail", True, True)


def test_an_outbox_that_git_would_show(project, doctor):
    (project / ".tracking/.gitignore").write_text("")
    assert ".tracking/outbox/" in doctor(project)["ignored"][1]


def test_a_branch_of_a_later_format_or_of_somebody_else(project, doctor, git):
    put(git, project, {"format.yaml": b"format: 99\n"})
    assert "format 99" in doctor(project, exits=1)["branch"][1]
    put(git, project, {"format.yaml": b"&a [*a]\n"})
    assert "format.yaml" in doctor(project, exits=1)["branch"][1]


def test_broken_files_are_named(project, doctor, git):
    folder = f"runs/churn/2024-10/22/{RUN}"
    put(git, project, {f"{folder}/run.yaml": b"\xff", "runs/stray": b"x"})
    monkey = CliRunner().invoke(cli, ["doctor"])
    assert monkey.exit_code == 1
    assert f"fail  files: {folder}/run.yaml: " in monkey.stdout
    assert "runs/stray" in monkey.stdout


def test_control_characters_of_strangers_do_not_reach_the_terminal(project, git):
    put(git, project, {'"runs/\\033[31mred"': b"x"})
    output = CliRunner().invoke(cli, ["doctor"]).stdout
    assert "red" in output
    assert "\x1b[31mred" not in output


def test_an_old_lock_is_named(project, doctor):
    lock = project / ".git/refs/heads/gitrack.lock"
    lock.touch()
    os.utime(lock, (time.time() - 3600,) * 2)
    assert str(lock) in doctor(project)["locks"][2]


def test_damaged_runs_in_the_outbox(project, doctor):
    folder = project / ".tracking/outbox" / RUN
    folder.mkdir(parents=True)
    (folder / "owner-1.journal").write_bytes(b"not a journal at all, but long enough to look at")
    state, message, _ = doctor(project, exits=1)["outbox"]
    assert state == "fail"
    assert RUN in message


def test_heavy_files_that_are_here_only_or_not_here(project, doctor):
    cache = cache_of(project, project / ".git")
    kept = keep(b"\0" * 5000, "model.bin", cache=cache)
    commit_run(project, {f"artifacts/{name}": data for name, data in kept.branch_files.items()})
    assert "nowhere else" in doctor(project)["heavy files"][1]

    cache.path(kept.md5).unlink()
    state, message, _ = doctor(project)["heavy files"]
    assert state == "warn"
    assert "1 of 1 are not in the cache" in message


def test_a_hostile_pointer_is_named(project, doctor):
    commit_run(project, {"artifacts/model.dvc": b"outs: [{md5: ../../x, path: y}]\n"})
    assert "artifacts/model.dvc" in doctor(project, exits=1)["heavy files"][1]


def test_a_remote_that_is_shared_or_means_another_place(project, doctor):
    config = project / ".tracking/config.yaml"
    config.write_text("branch: gitrack\nartifacts: {remote: 's3://bucket/gitrack'}\n")
    found = doctor(project)
    assert found["artifact remote"][2] == "gitrack init"

    assert CliRunner().invoke(cli, ["init"]).exit_code == 0
    assert doctor(project) == {}
    dvc = project / ".dvc/config"
    dvc.write_text("['remote \"store\"']\n    url = s3://bucket/gitrack/\n")
    assert "gc --cloud" in doctor(project)["artifact remote"][1]
    dvc.write_text("['remote \"gitrack\"']\n    url = s3://other\n")
    assert "would win" in doctor(project)["artifact remote"][1]


def test_leftovers_of_killed_processes(project, doctor):
    folder = project / ".dvc/cache/files/md5"
    folder.mkdir(parents=True)
    (folder / ".gitrack-0123").touch()
    assert doctor(project) == {}
    os.utime(folder / ".gitrack-0123", (0, 0))
    assert doctor(project)["leftovers"][2].startswith("rm ")


def test_a_worktree_without_the_shared_cache(tmp_path, project, doctor, git):
    git(project, "worktree", "add", "-q", str(tmp_path / "linked"))
    assert doctor(tmp_path / "linked")["dvc"][2] == "gitrack init"


def test_a_clone_of_one_branch_learns_how_to_fetch_the_runs(tmp_path, project, doctor, git):
    git(project, "push", "-q", "origin", "main", "gitrack")
    git(tmp_path, "clone", "-q", "--depth", "1", f"file://{tmp_path}/hub.git", "clone")
    clone = tmp_path / "clone"

    _, message, mend = doctor(clone)["branch"]
    assert "does not fetch gitrack" in message
    done = json.loads(CliRunner().invoke(cli, ["init", "--json"]).stdout)
    assert mend in done["notes"][0]
    assert git(clone, "branch", "--list", "gitrack") == ""

    subprocess.run(mend, cwd=clone, shell=True, check=True, capture_output=True)
    assert doctor(clone) == {}


def test_a_project_name_against_the_policy_is_named(project, doctor):
    (project / ".tracking/policy.yaml").write_text("project: {name: '{team}-{use_case}'}\n")
    (project / ".tracking/config.yaml").write_text("project: Fraud\n")

    found = doctor(project)

    assert "project name 'Fraud' does not follow" in found["policy"][1]
