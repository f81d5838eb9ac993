"""The shell of the workflows, run as a job would: from a bare remote, in a fresh folder."""

from __future__ import annotations

import base64
import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gitrack.config.policy import Policy, read_policy
from gitrack.config.settings import Config
from gitrack.registry.promotion.promote import promote
from gitrack.registry.workflows.files import Setting, files_for
from gitrack.store.git.branch import GitBranch
from tests.registry.workflows.actions import Done, Runner, load_workflow
from tests.registry.workflows.conftest import POLICY, Host, World

Install = Callable[[Path], None]
TOKEN = "ghs_secret"


def _workflow(name: str) -> dict[str, Any]:
    policy = read_policy(POLICY.encode(), "policy.yaml")
    files = files_for(
        "github", Setting(config=Config(), policy=policy, code_branch="main", version="0.1.0")
    )
    return load_workflow((files.code | files.tracking)[f".github/workflows/{name}.yml"])


def _context(**more: str) -> dict[str, str]:
    return {
        "github.token": TOKEN,
        "github.event.repository.default_branch": "main",
        "github.event.pull_request.number": "7",
        **{name.replace("__", "."): value for name, value in more.items()},
    }


@pytest.fixture
def check(tmp_path: Path, world: World, host: Host, installed: Install) -> Callable[..., Any]:
    """`check(head)` runs the steps of the check for pull request 7; how the last one ended."""
    host.answers |= {
        "GET /repos/acme/churn/pulls/7/reviews": (200, []),
        "GET /repos/acme/churn/issues/7/comments": (200, []),
        "POST /repos/acme/churn/issues/7/comments": (
            201,
            {"id": 1, "html_url": "https://github.com/acme/churn/pull/7#issuecomment-1"},
        ),
    }

    def run(head: str) -> tuple[Runner, Done]:
        event = tmp_path / "event.json"
        event.write_text(json.dumps({"pull_request": {"number": 7, "head": {"sha": head}}}))
        runner = Runner(
            tmp_path / "job",
            _workflow("gitrack-check"),
            "check",
            _context(github__event__pull_request__head__sha=head),
        )
        runner.environment |= {
            "GITHUB_EVENT_PATH": str(event),
            "GITHUB_EVENT_NAME": "pull_request_target",
            "GITHUB_REPOSITORY": "acme/churn",
            "GITHUB_SERVER_URL": f"file://{world.server}",
            "GITHUB_API_URL": host.url,
        }
        fetched = runner.step("fetch")
        if fetched.code:
            return runner, fetched
        installed(runner.temp / "gitrack")
        return runner, runner.step("check")

    return run


def _promotion(world: World) -> str:
    done = promote(
        "churn", 1, to="staging", why="beats the baseline", push=False, where=world.opened()
    )
    return done.branch


def test_a_good_promotion_is_green_and_commented_on(
    check: Callable[..., Any], world: World, host: Host
) -> None:
    head = world.pull_request(_promotion(world))

    _, done = check(head)

    assert done.code == 0, done.out
    assert "staging" in done.summary
    (written,) = [body for line, _, body in host.asked if line.startswith("POST")]
    assert "staging" in written["body"]


def test_a_review_on_the_host_is_an_approval(
    check: Callable[..., Any], world: World, host: Host
) -> None:
    policy = POLICY.replace(
        "at_least: 0.88}", "at_least: 0.88}, {approvals: 1, not_by: [promoter]}"
    )
    people = "people: {'@jane': [jane@example.com], '@ada': [ada@example.com]}\n"
    (world.repo / ".tracking/policy.yaml").write_text(policy + people)
    world.git(world.repo, "commit", "-qam", "four eyes")
    world.publish()
    head = world.pull_request(_promotion(world))

    def review(login: str) -> None:
        user = {"login": login, "type": "User"}
        answer = {"state": "APPROVED", "commit_id": head, "author_association": "MEMBER"}
        host.answers["GET /repos/acme/churn/pulls/7/reviews"] = (200, [{**answer, "user": user}])

    review("ada")
    runner, own = check(head)
    review("jane")
    other = runner.step("check")

    assert own.code == 1, own.out
    assert "approval" in own.summary
    assert other.code == 0, other.out


def test_a_hostile_pull_request_is_red_and_the_summary_says_why(
    check: Callable[..., Any], world: World
) -> None:
    branch = _promotion(world)
    (run,) = [e.path for e in world.opened().branch.entries("runs") if "aaaaa2/run" in e.path]
    text = world.opened().branch.read(run).decode()
    GitBranch(world.opened().repository, branch).commit(
        {run: text.replace("0.8", "0.99").encode(), ".github/workflows/x.yml": b"on: push\n"},
        "better",
    )

    _, done = check(world.pull_request(branch))

    assert done.code == 1, done.out
    assert run in done.summary
    assert ".github/workflows/x.yml" in done.summary


def test_a_promotion_that_the_gates_refuse_is_red(check: Callable[..., Any], world: World) -> None:
    done = promote(
        "churn", 2, to="staging", why="please", push=False, draft=True, where=world.opened()
    )

    _, done = check(world.pull_request(done.branch))

    assert done.code == 1, done.out
    assert "auc" in done.summary


def test_nothing_of_the_pull_request_is_checked_out(
    check: Callable[..., Any], world: World
) -> None:
    branch = _promotion(world)
    GitBranch(world.opened().repository, branch).commit(
        {"train.py": b"raise SystemExit('owned')\n", "evil.txt": b"x"}, "code"
    )

    runner, _ = check(world.pull_request(branch))

    assert (runner.work / "train.py").read_text() == "print('hi')\n"
    assert not (runner.work / "evil.txt").exists()


def test_the_token_stays_out_of_the_folder(check: Callable[..., Any], world: World) -> None:
    runner, _ = check(world.pull_request(_promotion(world)))

    secret = base64.b64encode(f"x-access-token:{TOKEN}".encode()).decode()
    config = (runner.work / ".git/config").read_text()
    assert TOKEN not in config
    assert secret not in config


def test_the_token_goes_to_the_server_and_is_masked(
    check: Callable[..., Any], world: World, host: Host
) -> None:
    head = world.pull_request(_promotion(world))
    world.server = Path("/nowhere")
    runner, done = check(head)
    assert done.code != 0

    runner.environment["GITHUB_SERVER_URL"] = host.url
    for path in runner.work.glob(".git"):
        path.rename(runner.temp / "old")
    done = runner.step("fetch")

    assert done.code != 0  # this server knows no repository
    secret = base64.b64encode(f"x-access-token:{TOKEN}".encode()).decode()
    assert done.out.splitlines()[0] == f"::add-mask::{secret}"
    asked = [headers for line, headers, _ in host.asked if "info/refs" in line]
    assert asked[0]["authorization"] == f"Basic {secret}"


def test_a_pull_request_that_has_moved_on_is_not_judged(
    check: Callable[..., Any], world: World
) -> None:
    head = world.pull_request(_promotion(world))
    GitBranch(world.opened().repository, "promote/churn-v1-staging").commit({"x": b"y"}, "more")
    world.pull_request("promote/churn-v1-staging")

    _, done = check(head)

    assert done.code == 1
    assert "has moved on" in done.out


@pytest.fixture
def site(tmp_path: Path, world: World, installed: Install) -> Callable[..., Any]:
    def run(private: str) -> tuple[Runner, Done]:
        runner = Runner(
            tmp_path / f"job-{private}",
            _workflow("gitrack-site"),
            "build",
            _context(github__event__repository__private=private),
        )
        runner.environment |= {
            "GITHUB_REPOSITORY": "acme/churn",
            "GITHUB_SERVER_URL": f"file://{world.server}",
        }
        fetched = runner.step("fetch")
        assert fetched.code == 0, fetched.out
        installed(runner.temp / "gitrack")
        done = runner.step("site")
        assert done.code == 0, done.out
        return runner, done

    return run


def test_the_site_of_a_public_repository_is_published(site: Callable[..., Any]) -> None:
    runner, done = site("false")

    assert done.outputs == {"publish": "true"}
    assert (runner.temp / "site/index.html").is_file()
    assert not list((runner.temp / "site").rglob(".*"))  # the upload leaves them out


def test_the_site_of_a_private_one_only_where_the_settings_say_so(
    site: Callable[..., Any], world: World
) -> None:
    _, refused = site("true")

    assert refused.outputs == {"publish": "false"}
    assert "site: {public: true}" in refused.summary

    (world.repo / ".tracking/config.yaml").write_text("project: churn\nsite: {public: true}\n")
    world.git(world.repo, "commit", "-qam", "public")
    world.publish()
    _, meant = site("true again")

    assert meant.outputs == {"publish": "true"}


@pytest.fixture
def calls(tmp_path: Path, host: Host) -> Callable[..., Done]:
    def run(job: str, step: str) -> Done:
        runner = Runner(
            tmp_path / f"job-{job}",
            _workflow("gitrack-calls"),
            job,
            _context(github__event__pull_request__head__sha="a" * 40),
        )
        (tmp_path / "quick").mkdir(exist_ok=True)
        sleep = tmp_path / "quick" / "sleep"
        sleep.write_text("#!/bin/sh\n")
        sleep.chmod(0o755)
        runner.environment |= {
            "PATH": f"{sleep.parent}:{os.environ['PATH']}",
            "GITHUB_REPOSITORY": "acme/churn",
            "GITHUB_API_URL": host.url,
        }
        return runner.step(step)

    return run


SITE = "POST /repos/acme/churn/actions/workflows/gitrack-site.yml/dispatches"


def test_a_push_starts_the_site_of_the_default_branch(
    calls: Callable[..., Done], host: Host
) -> None:
    host.answers[SITE] = (204, None)

    done = calls("pushed", "pushed")

    assert done.code == 0, done.out
    (line, headers, body), (other, _, _) = host.asked
    assert (line, body) == (SITE, {"ref": "main"})
    assert other == SITE.replace("site", "release")  # which this policy asks for
    assert headers["authorization"] == f"Bearer {TOKEN}"


def test_a_site_that_nobody_wants_is_no_failure(calls: Callable[..., Done], host: Host) -> None:
    done = calls("pushed", "pushed")

    assert done.code == 0, done.out
    assert "gitrack-site.yml is not on the default branch" in done.out


def test_a_site_that_may_not_be_started_is_a_failure(
    calls: Callable[..., Done], host: Host
) -> None:
    host.answers[SITE] = (403, {"message": "Resource not accessible by integration"})

    done = calls("pushed", "pushed")

    assert done.code == 1
    assert "gitrack-site.yml was not started: GitHub answered 403" in done.out


RUNS = "GET /repos/acme/churn/commits/" + "a" * 40 + "/check-runs"


def test_a_review_starts_the_check_again(calls: Callable[..., Done], host: Host) -> None:
    host.answers[RUNS] = (
        200,
        {
            "total_count": 3,
            "check_runs": [
                {"id": 11, "app": {"slug": "github-actions"}},
                {"id": 12, "app": {"slug": "github-actions"}},
                {"id": 99, "app": {"slug": "somebody-else"}},
            ],
        },
    )
    host.answers["POST /repos/acme/churn/actions/jobs/12/rerun"] = (201, {})

    done = calls("reviewed", "reviewed")

    assert done.code == 0, done.out
    assert host.asked[0][0].endswith("check-runs?check_name=gitrack%20check&filter=latest")
    assert host.asked[1][0] == "POST /repos/acme/churn/actions/jobs/12/rerun"


def test_a_check_that_cannot_be_started_again_is_told(
    calls: Callable[..., Done], host: Host
) -> None:
    host.answers[RUNS] = (200, {"check_runs": [{"id": 12, "app": {"slug": "github-actions"}}]})
    host.answers["POST /repos/acme/churn/actions/jobs/12/rerun"] = (403, {"message": "running"})

    done = calls("reviewed", "reviewed")

    assert done.code == 1
    assert "answered 403" in done.out
    assert len(host.asked) == 7


def test_a_review_before_any_check_is_no_failure(calls: Callable[..., Done], host: Host) -> None:
    host.answers[RUNS] = (200, {"total_count": 0, "check_runs": []})

    done = calls("reviewed", "reviewed")

    assert done.code == 0, done.out
    assert "no check of this commit" in done.out


def test_what_was_merged_is_tagged_on_the_commit_of_its_code(
    tmp_path: Path, world: World, installed: Install
) -> None:
    world.git(world.repo, "update-ref", "refs/heads/gitrack", _promotion(world))
    world.publish()
    runner = Runner(
        tmp_path / "job",
        _workflow("gitrack-release"),
        "tag",
        _context() | {"secrets.GITRACK_RELEASE_TOKEN || github.token": TOKEN},
    )
    runner.environment |= {
        "GITHUB_REPOSITORY": "acme/churn",
        "GITHUB_SERVER_URL": f"file://{world.server}",
    }
    installed(runner.temp / "gitrack")

    done = runner.step("tag")

    assert done.code == 0, done.out
    tags = world.git(world.bare, "tag", "--list").split()
    assert tags == ["churn#staging#1", "churn@v1.0.0"]
    code = world.git(world.repo, "rev-parse", "main")
    assert world.git(world.bare, "rev-parse", "churn@v1.0.0^{commit}") == code
    assert "github-actions[bot]" in world.git(world.bare, "cat-file", "tag", "churn@v1.0.0")


@pytest.fixture
def gitlab(tmp_path: Path, world: World, installed: Install) -> Callable[..., Any]:
    """`gitlab(job, **variables)` runs a job's script as GitLab's runner does; code and output."""

    def run(job: str, **variables: str) -> tuple[int, str, Path]:
        files = files_for(
            "gitlab", Setting(config=Config(), policy=Policy(), code_branch="main", version="0.1.0")
        )
        jobs = load_workflow(files.code[".gitlab/gitrack.yml"])
        folder = tmp_path / "gitlab"
        (folder / "build").mkdir(parents=True)
        installed(folder / "venv")
        common = jobs[".gitrack"]
        (script,) = jobs[job]["script"]
        done = subprocess.run(
            ["sh", "-c", script],
            cwd=folder / "build",
            env={
                "PATH": f"{folder / 'venv/bin'}:{os.environ['PATH']}",
                "HOME": os.environ["HOME"],
                "TMPDIR": str(folder),
                **{name: str(value) for name, value in common["variables"].items()},
                "CI": "true",
                "CI_JOB_TOKEN": TOKEN,
                "CI_SERVER_URL": f"file://{world.server}",
                "CI_PROJECT_PATH": "acme/churn",
                "CI_PROJECT_DIR": str(folder / "build"),
                "CI_PROJECT_VISIBILITY": "private",
                **variables,
            },
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        return done.returncode, done.stdout + done.stderr, folder / "build"

    world.bare.rename(world.bare.with_suffix(".git"))  # as GitLab's addresses end
    world.bare = world.bare.with_suffix(".git")
    world.git(world.repo, "remote", "set-url", "origin", f"file://{world.bare}")
    return run


def _merge_request(world: World, branch: str) -> str:
    world.git(world.repo, "push", "-q", "origin", f"{branch}:refs/merge-requests/3/head")
    return world.git(world.repo, "rev-parse", branch)


def test_gitlab_checks_a_merge_request(gitlab: Callable[..., Any], world: World) -> None:
    head = _merge_request(world, _promotion(world))

    code, said, build = gitlab("gitrack check", CI_MERGE_REQUEST_IID="3", CI_COMMIT_SHA=head)

    assert code == 0, said
    assert not list(build.iterdir())  # nothing was checked out where the merge request would be


def test_gitlab_refuses_a_hostile_merge_request(gitlab: Callable[..., Any], world: World) -> None:
    branch = _promotion(world)
    GitBranch(world.opened().repository, branch).commit({".gitlab-ci.yml": b"{}\n"}, "mine")
    head = _merge_request(world, branch)

    code, said, _ = gitlab("gitrack check", CI_MERGE_REQUEST_IID="3", CI_COMMIT_SHA=head)

    assert code == 1, said
    assert ".gitlab-ci.yml" in said


def test_gitlab_judges_what_its_pipeline_is_for(gitlab: Callable[..., Any], world: World) -> None:
    _merge_request(world, _promotion(world))

    code, said, _ = gitlab("gitrack check", CI_MERGE_REQUEST_IID="3", CI_COMMIT_SHA="b" * 40)

    assert code == 1
    assert "has moved on" in said


@pytest.mark.parametrize(("visibility", "code"), [("public", 0), ("internal", 1)])
def test_gitlab_publishes_what_is_public(
    gitlab: Callable[..., Any], visibility: str, code: int
) -> None:
    ended, said, build = gitlab("pages", CI_PROJECT_VISIBILITY=visibility)

    assert ended == code, said
    assert (build / "public/index.html").is_file() is (code == 0)
