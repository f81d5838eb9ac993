"""Which files a host needs, and on which branch each of them has to stand to work."""

from __future__ import annotations

import shlex
from collections.abc import Mapping

import msgspec

from gitrack.config.policy import Policy
from gitrack.config.settings import Config
from gitrack.registry.workflows.owners import Host
from gitrack.registry.workflows.rendering import (
    extras_for,
    package,
    plain_name,
    quoted,
    render,
)

#: What the protection of the tracking branch asks for, on both hosts.
CHECK_NAME = "gitrack check"

#: The file that holds the check, on the code's branch.
CHECK_FILES: Mapping[Host, str] = {
    "github": ".github/workflows/gitrack-check.yml",
    "gitlab": ".gitlab/gitrack.yml",
}

RELEASE_FILE = ".github/workflows/gitrack-release.yml"


class Setting(msgspec.Struct, frozen=True, kw_only=True):
    """What the files depend on. `version` is gitrack's.

    `folder` is the project's, from the top of the repository.
    """

    config: Config
    policy: Policy
    code_branch: str
    version: str
    folder: str = "."
    own_server: bool = False


class Files(msgspec.Struct, frozen=True, kw_only=True):
    """Contents by path: of the working tree, to be merged to the default branch; of the other."""

    code: dict[str, bytes]
    tracking: dict[str, bytes]


def files_for(host: Host, setting: Setting) -> Files:
    """The workflows of a host. Raises UsageError for names that no workflow can hold."""
    return _github(setting) if host == "github" else _gitlab(setting)


def _github(setting: Setting) -> Files:
    """The check runs from the default branch.

    For pull_request_target GitHub takes the file of the default branch since December 2025; its
    servers for enterprises may still take that of the pull request's base, so they get both.
    A push and a review are seen only by a file on the tracking branch, which calls the others.
    """
    values = _values(setting)
    check = render("github/gitrack-check.yml", values)
    code = {
        CHECK_FILES["github"]: check,
        ".github/workflows/gitrack-site.yml": render("github/gitrack-site.yml", values),
    }
    if _releases(setting.policy):
        code[RELEASE_FILE] = render("github/gitrack-release.yml", values)
    tracking = {".github/workflows/gitrack-calls.yml": render("github/gitrack-calls.yml", values)}
    if setting.own_server:
        tracking[CHECK_FILES["github"]] = check
    return Files(code=code, tracking=tracking)


def _gitlab(setting: Setting) -> Files:
    values = _values(setting)
    return Files(
        code={CHECK_FILES["gitlab"]: render("gitlab/gitrack.yml", values)},
        tracking={".gitlab-ci.yml": render("gitlab/tracking.yml", values)},
    )


def _releases(policy: Policy) -> bool:
    """Does any model want tags of its promotions?"""
    return any(model.releases is not None for model in policy.models.values())


def _values(setting: Setting) -> dict[str, str]:
    config = setting.config
    branch = plain_name("branch", config.branch)
    folder = setting.folder if setting.folder == "." else plain_name("folder", setting.folder)
    code = plain_name("branch", setting.code_branch)
    below = "" if folder == "." else f"{folder}/"
    release = " gitrack-release.yml" if _releases(setting.policy) else ""
    called = f"gitrack-site.yml{release}"
    default = "${{ github.event.repository.default_branch }}"
    return {
        "BRANCH": quoted(branch),
        "BRANCH_PATTERN": quoted(branch),
        "BRANCH_EXPRESSION": f"'{branch}'",
        "CALLED": quoted(called),
        "CODE_BRANCH": quoted(code) if config.code_branch else default,
        "CODE_NAME": quoted(code),
        "CORE_PACKAGE": quoted(package(set(), setting.version)),
        "FOLDER": quoted(folder),
        "FOLDER_SHELL": shlex.quote(folder),
        "PACKAGE": quoted(package(extras_for(setting.policy), setting.version)),
        # what the site is made of beside the tracking branch
        "SETTINGS_PATTERN": ", ".join(quoted(f"{below}{of}/**") for of in (".tracking", "reports")),
        "SITE_PACKAGE": quoted(package({"site"}, setting.version)),
    }
