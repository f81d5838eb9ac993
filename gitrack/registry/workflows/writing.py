"""Writes a host's workflows: into the working tree, and by one commit on the tracking branch."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import msgspec

from gitrack.config.policy import Policy
from gitrack.config.regular import read_regular
from gitrack.errors import ConfigError, NotFound, UnreadableFile, UsageError
from gitrack.registry.opened import OpenRegistry
from gitrack.registry.promotion.hosts.place import host_of
from gitrack.registry.workflows.files import Setting, files_for
from gitrack.registry.workflows.owners import Host, owned, with_block
from gitrack.registry.workflows.rendering import State, state_of
from gitrack.store.git.code import code_branch
from gitrack.store.registry import Registry

CODEOWNERS: Mapping[Host, str] = {"github": ".github/CODEOWNERS", "gitlab": "CODEOWNERS"}


class Written(msgspec.Struct, kw_only=True):
    """What was done. Paths of the tracking branch stand in `tracking`, all others in `code`.

    Both say of each file `made`, `renewed`, `left` or `changed`: that one people changed, and it
    was left alone.
    """

    host: Host
    code: dict[str, str] = {}
    tracking: dict[str, str] = {}
    branch: str
    remote: str
    code_branch: str
    commit: str | None = None
    notes: list[str] = []


_WORDS: Mapping[State, str] = {
    "missing": "made",
    "same": "left",
    "older": "renewed",
    "changed": "changed",
}


def write_workflows(
    opened: OpenRegistry, host: Host, *, version: str, force: bool = False
) -> Written:
    """Make or renew what a host needs. A file that people changed is kept unless `force`.

    What can be refused is refused before the first file is written. Raises UsageError,
    ConfigError.
    """
    top = opened.repository.worktree
    if top is None:
        raise UsageError(
            "a bare repository has no working tree for workflows", hint="type it in a clone"
        )
    config = opened.place.config
    ruling = opened.ruling
    setting = Setting(
        config=config,
        policy=ruling.policy,
        code_branch=_code_branch(opened),
        version=version,
        folder=_folder(opened, top),
        own_server=_own_server(opened),
    )
    files = files_for(host, setting)
    done = Written(
        host=host, branch=config.branch, remote=config.remote, code_branch=setting.code_branch
    )
    if ruling.trouble is not None:
        done.notes.append(ruling.trouble)
    _note_other_host(opened, host, done)
    changes = _changes(opened, host, files.tracking, ruling.policy, done, force=force)
    if changes:
        opened.author()  # else the commit is refused when the other files are written
    for path, data in files.code.items():
        done.code[path] = _write(top / path, data, force=force)
    if changes:
        message = f"gitrack: workflows and owners for {_NAMES[host]}"
        done.commit = opened.branch.commit(changes, message)
    return done


def _code_branch(opened: OpenRegistry) -> str:
    """The name that the code's branch has on the host."""
    config = opened.place.config
    found = code_branch(
        opened.repository,
        remote=config.remote,
        chosen=config.code_branch,
        tracking=config.branch,
    )
    if found is not None:
        return found.name.removeprefix(f"{config.remote}/")
    named = opened.repository.git("symbolic-ref", "--quiet", "--short", "HEAD", check=False)
    return config.code_branch or named or "main"


def _folder(opened: OpenRegistry, top: Path) -> str:
    root = opened.place.root
    if root is None or root == top or not root.is_relative_to(top):
        return "."
    return root.relative_to(top).as_posix()


def _own_server(opened: OpenRegistry) -> bool:
    """True where the remote is a server of a company's own, and not GitHub itself."""
    url = opened.repository.setting(f"remote.{opened.place.config.remote}.url") or ""
    found = host_of(url, chosen="github", environment=os.environ)
    return found is not None and found.name != "github.com" and not found.name.endswith(".ghe.com")


def _note_other_host(opened: OpenRegistry, host: Host, done: Written) -> None:
    url = opened.repository.setting(f"remote.{done.remote}.url") or ""
    found = host_of(url, environment=os.environ)
    if found is not None and found.kind != host:
        done.notes.append(
            f"{done.remote} is on {found.name}, which reads none of these files: "
            f"type  gitrack init --{found.kind}"
        )


def _write(place: Path, data: bytes, *, force: bool) -> str:
    try:
        present = read_regular(place) if os.path.lexists(place) else None
        state = state_of(present, data)
        if state == "same" or (state == "changed" and not force):
            return _WORDS[state]
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)
    except OSError as error:
        raise ConfigError(f"{place} cannot be written: {error.strerror or error}") from error
    return "renewed" if state == "changed" else _WORDS[state]


def _changes(
    opened: OpenRegistry,
    host: Host,
    files: Mapping[str, bytes],
    policy: Policy,
    done: Written,
    *,
    force: bool,
) -> dict[str, bytes | None]:
    """What one commit has to change on the tracking branch."""
    branch = opened.branch
    tip = branch.tip()
    if tip is None:
        done.notes.append(
            f"there is no branch {branch.name} in this clone, so nothing was written to it"
        )
        return {}
    changes: dict[str, bytes | None] = {}
    for path, data in files.items():
        state = state_of(_read(opened, path, tip), data)
        renew = state in ("missing", "older") or (state == "changed" and force)
        done.tracking[path] = "renewed" if state == "changed" and force else _WORDS[state]
        if renew:
            changes[path] = data
    return changes | _owners(opened, host, opened.reader(at=tip), tip, policy, done)


_NAMES: Mapping[Host, str] = {"github": "GitHub", "gitlab": "GitLab"}


def _owners(
    opened: OpenRegistry,
    host: Host,
    reader: Registry,
    tip: str,
    policy: Policy,
    done: Written,
) -> dict[str, bytes | None]:
    """CODEOWNERS as it should be, where that differs from what is there."""
    path = CODEOWNERS[host]
    raw = _read(opened, path, tip)
    try:
        present = (raw or b"").decode("utf-8")
    except UnicodeDecodeError as error:
        raise UnreadableFile(path, "is not UTF-8") from error
    found = owned(owners_of(policy, reader), policy.people, host)
    done.notes += found.left_out
    wanted = with_block(present, found.lines, host)
    if wanted == present:
        if raw is not None:
            done.tracking[path] = "left"
        return {}
    done.tracking[path] = "made" if raw is None else "renewed"
    return {path: wanted.encode() if wanted else None}


def owners_of(policy: Policy, reader: Registry) -> dict[str, list[str]]:
    """The owners of each model: those of the policy, which is reviewed, before those on the branch.

    A model of the policy that has no version yet counts as well.
    """
    found = {name: list(model.owners) for name, model in policy.models.items() if model.owners}
    for name in reader.models():
        record = None if name in found else reader.model(name)
        if record is not None and record.owners:
            found[name] = list(record.owners)
    return found


def _read(opened: OpenRegistry, path: str, tip: str) -> bytes | None:
    try:
        return opened.branch.read(path, at=tip)
    except NotFound:
        return None
