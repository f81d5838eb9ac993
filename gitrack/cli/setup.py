"""Preparing a repository: settings, DVC and the tracking branch, each only where it is missing."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from gitrack.cli.narrow import how_to_fetch, leaves_out
from gitrack.config.project import CONFIG_FILE, DEFAULT_BRANCH, FOLDER, POLICY_FILE
from gitrack.errors import ConfigError, StoreError, UsageError

if TYPE_CHECKING:
    from gitrack.config.settings import Config
    from gitrack.store.git.branch import GitBranch
    from gitrack.store.git.repository import Repository


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What was given on the command line; None where nothing was."""

    artifacts: str | None = None
    branch: str | None = None
    project: str | None = None


class Prepared(msgspec.Struct, kw_only=True):
    """What was done. Paths are relative to the top of the working tree."""

    repository: str
    branch: str
    made: list[str] = []
    left: list[str] = []
    notes: list[str] = []
    to_commit: list[str] = []


def prepare(repository: Repository, asked: Asked) -> Prepared:
    """Make what is missing; never write over what is there, stage, or commit to a user's branch.

    All that can be refused is refused before the first file is written.
    """
    top = repository.worktree
    config = _settings(top, asked)
    _refuse_misuse(repository, config, asked)
    done = Prepared(repository=str(top or repository.git_dir), branch=config.branch)
    branch = _branch(repository, config)
    if top is None:
        done.notes.append("a bare repository has no working tree: .tracking/ was not made")
    else:
        _write_missing(top, _tracking_files(config), done)
        _make_dvc_project(repository, top, done)
        done.to_commit = _uncommitted(repository)
    _make_branch(branch, config, done)
    return done


def _settings(top: Path | None, asked: Asked) -> Config:
    """The settings as they will be: those of the file if there is one, else what was asked."""
    from gitrack.config.settings import Artifacts, Config, load_config
    from gitrack.config.shape import Fault

    if top is not None and (top / CONFIG_FILE).exists():
        config = load_config(top)
        for key, wanted, present in (
            ("branch", asked.branch, config.branch),
            ("project", asked.project, config.project),
            ("artifacts.remote", asked.artifacts, config.artifacts.remote),
        ):
            if wanted is not None and wanted != present:
                raise UsageError(
                    f"{CONFIG_FILE} is there already, with {key} {present or 'not set'}",
                    hint=f"set {key} to {wanted} in it, then type  gitrack init  again",
                )
        return config
    try:
        return Config(
            project=asked.project or (_name_of(top) if top else None),
            branch=asked.branch or DEFAULT_BRANCH,
            artifacts=Artifacts(remote=asked.artifacts),
        )
    except Fault as fault:
        raise UsageError(
            f"--{'.'.join(map(str, fault.place))} {fault.why}", hint=fault.mend
        ) from None


def _name_of(top: Path) -> str | None:
    return re.sub(r"[^\w.-]+", "-", top.name).strip("-.") or None


def _refuse_misuse(repository: Repository, config: Config, asked: Asked) -> None:
    from gitrack.artifacts import check_remote

    if config.artifacts.remote is not None:
        check_remote(config.artifacts.remote)
    head = repository.git("symbolic-ref", "--quiet", "HEAD", check=False)
    if head == f"refs/heads/{config.branch}" and not repository.bare:
        raise UsageError(
            f"{config.branch} is checked out, and the tracking branch must never be",
            hint="type  git switch main , or choose another one with --branch",
        )
    if asked.project is not None and re.search(r"[\x00-\x1f\x7f]", asked.project):
        raise UsageError(f"project name {asked.project!r} holds control characters")


def _branch(repository: Repository, config: Config) -> GitBranch:
    """The tracking branch, after it is known that we may and can write it."""
    from gitrack.store.git.branch import GitBranch

    branch = GitBranch(repository, config.branch, remote=config.remote)
    if branch.tip() is None:
        if not leaves_out(repository, config.remote, config.branch):
            repository.committer()
        return branch
    if "format.yaml" not in branch.children():
        raise StoreError(
            f"the branch {config.branch} is there already, and is not gitrack's",
            hint="choose another one:  gitrack init --branch NAME",
        )
    return branch


def _tracking_files(config: Config) -> dict[str, str]:
    remote = config.artifacts.remote
    artifacts = "# artifacts: {remote: 's3://bucket/path', inline_below: 100kB}"
    if remote is not None:
        artifacts = f"artifacts: {{remote: {json.dumps(remote, ensure_ascii=False)}}}"
    project = json.dumps(config.project or "my-project", ensure_ascii=False)
    return {
        CONFIG_FILE: _CONFIG.format(project=project, branch=config.branch, artifacts=artifacts),
        POLICY_FILE: _POLICY,
        f"{FOLDER}/.gitignore": "/outbox/\n/site/\n/.site.*\n",
    }


def _write_missing(top: Path, files: dict[str, str], done: Prepared) -> None:
    for name, text in files.items():
        place = top / name
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            with place.open("x", encoding="utf-8", newline="\n") as file:
                file.write(text)
        except FileExistsError:
            if not place.is_file():
                raise ConfigError(
                    f"{place} is in the way: a file is needed there, in a folder",
                    hint=f"move {place} away",
                ) from None
            done.left.append(name)
        except OSError as error:
            raise ConfigError(f"{place} cannot be written: {error.strerror}") from error
        else:
            done.made.append(name)


def _make_dvc_project(repository: Repository, top: Path, done: Prepared) -> None:
    from gitrack.artifacts.project import adopt, cache_of, project_files, share_cache

    if repository.run("check-ignore", "--quiet", ".dvc").code == 0:
        done.notes.append(
            ".dvc is git-ignored here, so DVC was left alone: plain 'dvc get' will not find heavy "
            "files; remove it from .gitignore and type  gitrack init  again"
        )
        return
    if (top / ".dvc").is_dir():
        done.left.append(".dvc/")
    else:
        _write_missing(top, project_files(), done)
    if share_cache(top, repository.common_dir):
        done.made.append(".dvc/config.local")
        done.notes.append("this worktree shares the heavy files of the main one")
    adopted = adopt(cache_of(top, repository.common_dir), repository.common_dir)
    if adopted:
        done.notes.append(f"{adopted} heavy files of earlier runs are in the DVC cache now")


def _uncommitted(repository: Repository) -> list[str]:
    """What of ours git does not have yet, as the user would type it from where he is."""
    from gitrack.artifacts.project import project_files

    ours = [FOLDER, *project_files()]
    listed = repository.git("status", "--porcelain", "-z", "--untracked-files=all", "--", *ours)
    paths = [line[3:] for line in listed.split("\0") if len(line) > 3]
    wanted = sorted({path.partition("/")[0] for path in paths})
    inside = Path(repository.subfolder)
    return [os.path.relpath(path, inside) for path in wanted]


def _make_branch(branch: GitBranch, config: Config, done: Prepared) -> None:
    """The branch with its first commit, or what a branch made by a first run still lacks."""
    from gitrack.artifacts.branch_files import branch_files_for_new_branch, remote_in
    from gitrack.store.layout import first_files

    remote = config.artifacts.remote
    files = branch_files_for_new_branch(remote)
    if branch.tip() is None and leaves_out(branch.repository, config.remote, config.branch):
        # a second beginning beside the one that the remote may have would help nobody
        done.notes.append(
            f"this clone does not fetch {config.branch} from {config.remote}, so it was not made; "
            f"if it is there, type  {how_to_fetch(config.remote, config.branch)} ; "
            "if it is not, the first run makes it"
        )
        return
    if branch.tip() is None:
        branch.commit({**first_files(config.project), **files}, "gitrack: tracking begins")
        done.made.append(f"branch {branch.name}")
        return
    done.left.append(f"branch {branch.name}")
    there = set(branch.children()) | {f".dvc/{name}" for name in branch.children(".dvc")}
    missing: dict[str, bytes | None] = {n: data for n, data in files.items() if n not in there}
    if missing:
        branch.commit(missing, "gitrack: what DVC needs to read this branch")
        done.made.append(f"{', '.join(missing)} on branch {branch.name}")
    elif remote is not None and remote_in(branch.read(".dvc/config")) != remote:
        branch.commit({".dvc/config": files[".dvc/config"]}, f"gitrack: heavy files go to {remote}")
        done.made.append(f".dvc/config on branch {branch.name}: {remote}")


_CONFIG = """\
# How gitrack tracks the experiments of this repository. Commit it with the code.
project: {project}
branch: {branch}
# remote: origin
{artifacts}
# capture: {{dirty: warn, packages: true, system_metrics: true, output: tail}}
# site: {{title: "My project", public: false}}
"""

_POLICY = """\
# Rules for names and tags, and what a model must pass to be promoted. Nothing is ruled yet:
# take away a '#' to begin. Commit this file with the code and review it like code.

# experiments: {name: '{model}-{change}-{date}'}    # xgboost-weather-features-20241022
# tags:
#   required: [team, hypothesis]
#   allowed: {status: [experimental, candidate, champion]}
# on_violation: warn                                # or refuse

# models:
#   my-model:
#     primary_metric: {name: test_auc_roc, goal: maximize}
#     stages:
#       staging:
#         gates:
#         - {metric: test_auc_roc, at_least: 0.88}
#         - {code: clean}
"""
