"""`gitrack init --github` and `--gitlab`: what is written where, and what is left alone."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from gitrack.cli.main import cli
from gitrack.errors import GitrackError, UsageError
from gitrack.store.git.branch import GitBranch
from gitrack.store.git.repository import Repository

CHECK = ".github/workflows/gitrack-check.yml"
SITE = ".github/workflows/gitrack-site.yml"
CALLS = ".github/workflows/gitrack-calls.yml"
OWNERS = ".github/CODEOWNERS"

Git = Callable[..., str]
Init = Callable[..., dict[str, Any]]


@pytest.fixture
def init(monkeypatch: pytest.MonkeyPatch) -> Init:
    """`init(folder, *arguments)`: what it said of workflows, as JSON."""

    def run(folder: Path, *arguments: str) -> dict[str, Any]:
        monkeypatch.chdir(folder)
        result = CliRunner().invoke(cli, ["init", "--json", *arguments])
        if isinstance(result.exception, GitrackError):
            raise result.exception
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout)

    return run


def _policy(git: Git, repo: Path, text: str) -> None:
    (repo / ".tracking").mkdir(exist_ok=True)
    (repo / ".tracking/policy.yaml").write_text(text)
    git(repo, "add", ".tracking")
    git(repo, "commit", "-qm", "policy")


def test_github_files_are_written_where_github_looks(init: Init, repo: Path, git: Git) -> None:
    _policy(git, repo, "models: {churn: {owners: ['@acme/risk']}}\n")

    told = init(repo, "--github")

    written = told["workflows"]
    assert written["code"] == {CHECK: "made", SITE: "made"}
    assert written["tracking"] == {CALLS: "made", OWNERS: "made"}
    assert (repo / CHECK).is_file()
    assert not (repo / CALLS).exists()
    on_branch = git(repo, "ls-tree", "-r", "--name-only", "gitrack").split()
    assert {CALLS, OWNERS} <= set(on_branch)
    assert CHECK not in on_branch
    assert "/registry/churn/ @acme/risk" in git(repo, "show", f"gitrack:{OWNERS}")
    assert git(repo, "status", "--porcelain", ".github") == "?? .github/"  # nothing is staged
    (add, _) = told["next"]
    assert add.endswith(f"{CHECK} {SITE}")
    steps = "\n".join(written["on_the_host"])
    for setting in ("gitrack check", "Require review from Code Owners", "Block force pushes"):
        assert setting in steps


def test_a_second_time_changes_nothing(init: Init, repo: Path, git: Git) -> None:
    _policy(git, repo, "models: {churn: {owners: ['@acme/risk']}}\n")
    init(repo, "--github")
    tip = git(repo, "rev-parse", "gitrack")

    again = init(repo, "--github")["workflows"]

    assert set(again["code"].values()) == set(again["tracking"].values()) == {"left"}
    assert again["commit"] is None
    assert git(repo, "rev-parse", "gitrack") == tip


def test_files_that_people_changed_are_left_unless_forced(init: Init, repo: Path, git: Git) -> None:
    init(repo, "--github")
    mine = (repo / CHECK).read_text().replace("timeout-minutes: 20", "timeout-minutes: 45")
    (repo / CHECK).write_text(mine)
    branch = GitBranch(Repository.discover(repo), "gitrack")
    branch.commit({CALLS: b"name: mine\n"}, "mine")

    kept = init(repo, "--github")["workflows"]

    assert kept["code"][CHECK] == kept["tracking"][CALLS] == "changed"
    assert (repo / CHECK).read_text() == mine
    assert git(repo, "show", f"gitrack:{CALLS}") == "name: mine"

    forced = init(repo, "--github", "--force")["workflows"]

    assert forced["code"][CHECK] == forced["tracking"][CALLS] == "renewed"
    assert "timeout-minutes: 20" in (repo / CHECK).read_text()


def test_what_was_changed_is_said_with_the_way_on(
    init: Init, repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    init(repo, "--github")
    (repo / SITE).write_text("name: mine\n")
    monkeypatch.chdir(repo)

    result = CliRunner().invoke(cli, ["init", "--github"])

    assert f"left  {SITE}: somebody changed it; --force writes it anew" in result.stdout
    assert "Settings, Pages, Source: GitHub Actions" in result.stderr


def test_files_of_an_older_gitrack_are_renewed(init: Init, repo: Path, git: Git) -> None:
    init(repo, "--github")
    _policy(
        git,
        repo,
        "models: {churn: {stages: {live: {gates: [{artifact: in-remote}]}}}}\n",
    )

    again = init(repo, "--github")["workflows"]

    assert again["code"] == {CHECK: "renewed", SITE: "left"}
    assert "gitrack-ml[dvc]>=" in (repo / CHECK).read_text()


def test_owners_follow_policy_and_registry(init: Init, repo: Path, git: Git) -> None:
    _policy(git, repo, "models: {churn: {owners: ['@acme/risk']}}\n")
    init(repo, "--github")
    branch = GitBranch(Repository.discover(repo), "gitrack")
    record = 'format: 1\nname: "{}"\nowners:\n- "{}"\n'
    branch.commit(
        {
            "registry/churn/model.yaml": record.format("churn", "@eve").encode(),
            "registry/fraud/model.yaml": record.format("fraud", "@jane").encode(),
            OWNERS: b"* @everybody\n" + git(repo, "show", f"gitrack:{OWNERS}").encode() + b"\n",
        },
        "models",
    )

    again = init(repo, "--github")["workflows"]

    assert again["tracking"][OWNERS] == "renewed"
    lines = git(repo, "show", f"gitrack:{OWNERS}").splitlines()
    assert lines[0] == "* @everybody"
    # what the policy says is reviewed, and is not overruled by the branch
    assert "/registry/churn/ @acme/risk" in lines
    assert "/registry/fraud/ @jane" in lines


def test_gitlab_jobs_are_included_from_the_codes_branch(init: Init, repo: Path, git: Git) -> None:
    _policy(git, repo, "models: {churn: {owners: ['@risk']}}\n")

    written = init(repo, "--gitlab")["workflows"]

    assert written["code"] == {".gitlab/gitrack.yml": "made"}
    assert written["tracking"] == {".gitlab-ci.yml": "made", "CODEOWNERS": "made"}
    assert 'ref: "main"' in git(repo, "show", "gitrack:.gitlab-ci.yml")


def test_a_server_of_ones_own_gets_the_check_on_both_branches(
    init: Init, repo: Path, git: Git
) -> None:
    git(repo, "remote", "add", "origin", "git@github.acme.example:ml/churn.git")

    assert CHECK in init(repo, "--github")["workflows"]["tracking"]


@pytest.mark.parametrize(
    "url",
    ["git@github.com:a/b.git", "https://x@github.com/a/b", "ssh://git@ssh.github.com:443/a/b"],
)
def test_github_itself_needs_it_on_the_default_branch_alone(
    init: Init, repo: Path, git: Git, url: str
) -> None:
    git(repo, "remote", "add", "origin", url)

    assert CHECK not in init(repo, "--github")["workflows"]["tracking"]


def test_a_project_in_a_folder_has_its_workflows_at_the_top(
    init: Init, repo: Path, git: Git
) -> None:
    project = repo / "projects/churn"
    (project / ".tracking").mkdir(parents=True)
    (project / ".tracking/config.yaml").write_text("project: churn\n")
    (project / ".tracking/policy.yaml").write_text("models: {churn: {owners: ['@jane']}}\n")

    init(project, "--github")

    text = (repo / CHECK).read_text()
    assert 'working-directory: "projects/churn"' in text


def test_a_bare_repository_has_no_place_for_them(init: Init, tmp_path: Path, git: Git) -> None:
    git(tmp_path, "init", "-q", "--bare", "bare.git")

    with pytest.raises(UsageError, match="bare"):
        init(tmp_path / "bare.git", "--github")


def test_force_alone_is_a_mistake(init: Init, repo: Path) -> None:
    with pytest.raises(UsageError, match="--force is for workflows"):
        init(repo, "--force")


def test_a_file_in_the_way_is_named(init: Init, repo: Path) -> None:
    (repo / ".github").write_text("no folder")

    with pytest.raises(GitrackError, match=r"gitrack-check.yml cannot be written"):
        init(repo, "--github")


def _doctor(monkeypatch: pytest.MonkeyPatch, repo: Path) -> list[dict[str, Any]]:
    monkeypatch.chdir(repo)
    result = CliRunner().invoke(cli, ["doctor", "--json"])
    return [f for f in json.loads(result.stdout)["findings"] if f["name"] == "workflows"]


def test_doctor_warns_of_promotions_that_no_host_checks(
    init: Init, repo: Path, git: Git, monkeypatch: pytest.MonkeyPatch
) -> None:
    init(repo)
    git(repo, "remote", "add", "origin", "git@github.com:acme/churn.git")
    assert _doctor(monkeypatch, repo) == []

    branch = GitBranch(Repository.discover(repo), "gitrack")
    promotion = "registry/churn/promotions/20260101T120000Z-v1-production.yaml"
    branch.commit({promotion: b"format: 1\n"}, "promoted")
    (warning,) = _doctor(monkeypatch, repo)

    assert warning["state"] == "warn"
    assert f"there is no {CHECK} on main" in warning["message"]
    assert warning["mend"] == "gitrack init --github"

    init(repo, "--github")
    git(repo, "add", ".")
    git(repo, "commit", "-qm", "workflows")
    (found,) = _doctor(monkeypatch, repo)

    assert found["state"] == "ok"


def test_files_for_another_host_are_noted(init: Init, repo: Path, git: Git) -> None:
    git(repo, "remote", "add", "origin", "git@gitlab.com:acme/churn.git")

    (note,) = [
        note for note in init(repo, "--github")["workflows"]["notes"] if "gitlab.com" in note
    ]

    assert "gitrack init --gitlab" in note


def test_nothing_is_written_where_the_owners_cannot_be(init: Init, repo: Path) -> None:
    init(repo)
    branch = GitBranch(Repository.discover(repo), "gitrack")
    branch.commit({OWNERS: b"\xff * @everybody\n"}, "mine")

    with pytest.raises(GitrackError, match="is not UTF-8"):
        init(repo, "--github")

    assert not (repo / ".github").exists()
