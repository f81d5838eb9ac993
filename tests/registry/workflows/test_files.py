"""The workflow files are what the hosts read, pinned, with no more rights than they need."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from gitrack import __version__
from gitrack.config.policy import ModelPolicy, Policy, Releases, read_policy
from gitrack.config.settings import Config
from gitrack.errors import UsageError
from gitrack.registry.workflows.files import CHECK_NAME, Setting, files_for
from gitrack.registry.workflows.rendering import extras_for, package, state_of
from tests.registry.workflows.actions import load_workflow

SETTINGS = {
    "plain": Setting(config=Config(), policy=Policy(), code_branch="main", version=__version__),
    "odd": Setting(
        config=Config(branch="ml/tracking-1.x", code_branch="release/9"),
        policy=Policy(
            models={"churn": ModelPolicy(releases=Releases(tags="gto", stages=("archived",)))}
        ),
        code_branch="release/9",
        version=__version__,
        folder="projects/churn",
        own_server=True,
    ),
}


def _all(host: Any, setting: Setting) -> dict[str, bytes]:
    files = files_for(host, setting)
    return {**files.code, **{f"{path} (tracking)": data for path, data in files.tracking.items()}}


GITHUB = [
    pytest.param(data, id=f"{kind} {path}")
    for kind, setting in SETTINGS.items()
    for path, data in _all("github", setting).items()
]
GITLAB = [
    pytest.param(data, id=f"{kind} {path}")
    for kind, setting in SETTINGS.items()
    for path, data in _all("gitlab", setting).items()
]


def _holds(tmp_path: Path, schema: str, data: bytes) -> None:
    file = tmp_path / "workflow.yml"
    file.write_bytes(data)
    done = subprocess.run(
        [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, str(file)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("data", GITHUB)
def test_github_reads_its_workflows(tmp_path: Path, data: bytes) -> None:
    _holds(tmp_path, "vendor.github-workflows", data)


@pytest.mark.parametrize("data", GITLAB)
def test_gitlab_reads_its_jobs(tmp_path: Path, data: bytes) -> None:
    _holds(tmp_path, "vendor.gitlab-ci", data)


def test_the_schema_would_refuse_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="runs-on"):
        _holds(tmp_path, "vendor.github-workflows", b"on: push\njobs:\n  a:\n    steps: []\n")


@pytest.mark.parametrize("data", GITHUB)
def test_actions_are_pinned_to_commits_and_say_their_version(data: bytes) -> None:
    for line in data.decode().splitlines():
        if "uses:" in line:
            assert re.search(r"uses: actions/[a-z-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+\Z", line), line


@pytest.mark.parametrize("data", GITHUB)
def test_nothing_untrusted_stands_in_the_shell(data: bytes) -> None:
    workflow = load_workflow(data)

    for job in workflow["jobs"].values():
        for step in job["steps"]:
            assert "${{" not in step.get("run", ""), step["run"]
        for place in (job.get("env", {}), *(step.get("env", {}) for step in job["steps"])):
            for value in place.values():
                assert "head_ref" not in value
                assert "head.ref" not in value
                assert "title" not in value


@pytest.mark.parametrize("data", GITHUB)
def test_a_job_has_a_limit_and_its_own_rights(data: bytes) -> None:
    workflow = load_workflow(data)

    assert workflow["permissions"] == {}
    for job in workflow["jobs"].values():
        assert 0 < int(job["timeout-minutes"]) <= 30
        assert job["permissions"]
        assert job["runs-on"] == "ubuntu-24.04"


def _github(name: str, kind: str = "plain") -> dict[str, Any]:
    files = files_for("github", SETTINGS[kind])
    return load_workflow((files.code | files.tracking)[f".github/workflows/{name}.yml"])


def test_rights_are_the_least() -> None:
    check = _github("gitrack-check")["jobs"]
    site = _github("gitrack-site")["jobs"]
    calls = _github("gitrack-calls")["jobs"]

    rights = {
        name: job["permissions"] for jobs in (check, site, calls) for name, job in jobs.items()
    }
    assert rights == {
        "check": {"contents": "read", "pull-requests": "write"},
        "build": {"contents": "read"},
        "deploy": {"pages": "write", "id-token": "write"},
        "pushed": {"actions": "write"},
        "reviewed": {"actions": "write", "checks": "read"},
    }


def test_tags_are_made_where_the_policy_asks_for_them() -> None:
    path = ".github/workflows/gitrack-release.yml"
    calls = ".github/workflows/gitrack-calls.yml"
    plain = files_for("github", SETTINGS["plain"])
    odd = files_for("github", SETTINGS["odd"])

    assert path not in plain.code
    assert load_workflow(odd.code[path])["jobs"]["tag"]["permissions"] == {"contents": "write"}
    assert b'WORKFLOWS: "gitrack-site.yml"' in plain.tracking[calls]
    assert b'WORKFLOWS: "gitrack-site.yml gitrack-release.yml"' in odd.tracking[calls]


def test_the_check_runs_from_the_default_branch_and_never_checks_the_pull_request_out() -> None:
    workflow = _github("gitrack-check")
    job = workflow["jobs"]["check"]

    assert workflow["on"] == {
        "pull_request_target": {
            "branches": ["gitrack"],
            "types": ["opened", "synchronize", "reopened", "edited", "ready_for_review"],
        }
    }
    assert job["name"] == CHECK_NAME
    assert workflow["concurrency"]["cancel-in-progress"] == "true"
    assert not [step for step in job["steps"] if "uses" in step]
    shell = "\n".join(step["run"] for step in job["steps"])
    (checkout,) = [line for line in shell.splitlines() if "git checkout" in line]
    assert checkout.endswith('"refs/remotes/origin/$CODE_BRANCH"')


def test_what_starts_by_a_push_stands_on_the_branch_that_is_pushed() -> None:
    files = files_for("github", SETTINGS["plain"])

    assert list(files.tracking) == [".github/workflows/gitrack-calls.yml"]
    assert _github("gitrack-calls")["on"] == {
        "push": {"branches": ["gitrack"]},
        "pull_request_review": {"types": ["submitted", "dismissed"]},
    }


def test_a_server_of_ones_own_may_run_the_copy_of_the_tracking_branch() -> None:
    files = files_for("github", SETTINGS["odd"])

    path = ".github/workflows/gitrack-check.yml"
    assert files.tracking[path] == files.code[path]


def test_settings_reach_the_files() -> None:
    check = _github("gitrack-check", "odd")
    site = _github("gitrack-site", "odd")

    assert check["on"]["pull_request_target"]["branches"] == ["ml/tracking-1.x"]
    assert check["jobs"]["check"]["env"] == {
        "TRACKING_BRANCH": "ml/tracking-1.x",
        "CODE_BRANCH": "release/9",
    }
    assert check["jobs"]["check"]["steps"][-1]["working-directory"] == "projects/churn"
    assert site["on"]["push"]["paths"] == [
        "projects/churn/.tracking/**",
        "projects/churn/reports/**",
    ]


@pytest.mark.parametrize("name", ["a$(id)", "a'b", 'a"b', "a b", "-x", "a`b", "a&b", "a+b"])
@pytest.mark.parametrize("host", ["github", "gitlab"])
def test_names_that_a_shell_would_read_otherwise_are_refused(host: Any, name: str) -> None:
    setting = Setting(config=Config(), policy=Policy(), code_branch=name, version="1.2.3")

    with pytest.raises(UsageError, match="cannot be written into a workflow"):
        files_for(host, setting)
    with pytest.raises(UsageError, match="cannot be written into a workflow"):
        files_for(
            host,
            Setting(
                config=Config(), policy=Policy(), code_branch="main", version="1.2.3", folder=name
            ),
        )


def test_gitlab_takes_the_jobs_from_the_codes_branch() -> None:
    files = files_for("gitlab", SETTINGS["plain"])
    tracking = load_workflow(files.tracking[".gitlab-ci.yml"])
    jobs = load_workflow(files.code[".gitlab/gitrack.yml"])

    assert tracking["include"] == [
        {"project": "$CI_PROJECT_PATH", "ref": "main", "file": "/.gitlab/gitrack.yml"}
    ]
    assert jobs[".gitrack"]["variables"]["GIT_STRATEGY"] == "none"
    assert jobs["pages"]["artifacts"] == {"paths": ["public"]}


def test_the_version_is_bounded() -> None:
    assert package({"site", "data"}, "0.1.4") == "gitrack-ml[data,site]>=0.1.4,<0.2"
    assert package(set(), "2.3.0") == "gitrack-ml>=2.3.0,<3"


def test_what_gates_need_is_installed() -> None:
    gates = [
        {"no_regression": "auc", "against": "production", "test": "delong"},
        {"artifact": "in-remote"},
        {"model": "loads"},
    ]
    text = json.dumps({"models": {"churn": {"stages": {"production": {"gates": gates}}}}})

    assert extras_for(read_policy(text.encode(), "policy.yaml")) == {
        "analysis",
        "data",
        "dvc",
        "models",
    }
    assert extras_for(Policy()) == set()


def test_a_file_is_known_again_until_somebody_changes_it() -> None:
    old = files_for("github", SETTINGS["odd"]).code[".github/workflows/gitrack-check.yml"]
    new = files_for("github", SETTINGS["plain"]).code[".github/workflows/gitrack-check.yml"]

    assert state_of(None, new) == "missing"
    assert state_of(new, new) == "same"
    assert state_of(new.replace(b"\n", b"\r\n"), new) == "same"
    assert state_of(old, new) == "older"
    assert state_of(old.replace(b"minutes: 20", b"minutes: 25"), new) == "changed"
    assert state_of(b"name: mine\n", new) == "changed"
    assert state_of(b"\xff\xfe", new) == "changed"
