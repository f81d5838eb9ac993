"""What people have to set on the host themselves, with the names of the settings there."""

from __future__ import annotations

from gitrack.registry.workflows.files import CHECK_NAME
from gitrack.registry.workflows.writing import Written


def advice(done: Written) -> list[str]:
    """The steps that are left, in the order in which they work."""
    return _github(done) if done.host == "github" else _gitlab(done)


def _push(done: Written) -> list[str]:
    """A protected branch takes no push any more, so the files go there first."""
    files = [path for path, what in done.code.items() if what in ("made", "renewed")]
    steps = []
    if files:
        steps.append(f"merge {' and '.join(sorted(files))} to {done.code_branch}")
    if done.commit is not None:
        steps.append(f"gitrack push   (before {done.branch} is protected)")
    return steps


def _github(done: Written) -> list[str]:
    return [
        *_push(done),
        f"Settings, Rules, Rulesets, New branch ruleset: active, for the branch {done.branch}:\n"
        "  Restrict deletions; Block force pushes\n"
        "  Require a pull request before merging: as many approvals as you want; Dismiss stale\n"
        "    approvals; Require review from Code Owners; Require approval of the most recent push\n"
        f"  Require status checks to pass: {CHECK_NAME}, of GitHub Actions; without 'Require\n"
        "    branches to be up to date': promotions that meet in one stage conflict anyway\n"
        "  Bypass list: the deploy key or team by which runs are pushed, and nobody else",
        f"the same for {done.code_branch}, whose policy and workflows judge",
        "Settings, Pages, Source: GitHub Actions",
    ]


def _gitlab(done: Written) -> list[str]:
    return [
        *_push(done),
        f"Settings, Repository, Protected branches, {done.branch}: Allowed to merge: Maintainers;\n"
        "  Allowed to push and merge: the deploy key or bot by which runs are pushed;\n"
        "  Allowed to force push: off; Require approval from code owners: on",
        "Settings, Merge requests: Pipelines must succeed; Merge method: Merge commit;\n"
        "  Remove all approvals when commits are added",
        "Settings, CI/CD, Variables: GITLAB_TOKEN, an access token of the project with the scope\n"
        "  api (read_api where no comment is wanted), masked",
        "a merge request brings its own .gitlab-ci.yml, so who changes that file changes the\n"
        "  check: let its code owners approve; where the project is for tracking alone, set\n"
        "  Settings, CI/CD, General pipelines, CI/CD configuration file to\n"
        f"  .gitlab-ci.yml@GROUP/PROJECT:{done.branch}",
    ]
