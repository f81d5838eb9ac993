"""Checks of the tracking branch and of what waits to get there."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator

from gitrack.cli.checks.finding import Finding, Patient

#: Git holds a ref's lock for milliseconds; one this old was left behind.
_OLD_LOCK = 60.0


def branch(patient: Patient) -> Iterator[Finding]:
    """Is the branch there, and in a format that we read?"""
    from gitrack.config import safe_yaml
    from gitrack.errors import NotFound, UnreadableFile
    from gitrack.model.run import FORMAT

    tracked = patient.store.branch
    tip = tracked.tip()
    if tip is None:
        yield _absent(patient)
        return
    try:
        value, _ = safe_yaml.load(tracked.read("format.yaml"), name="format.yaml")
        found = value.get("format") if isinstance(value, dict) else None
    except NotFound:
        yield Finding(
            name="branch",
            state="fail",
            message=f"the branch {tracked.name} has no format.yaml: it may not be gitrack's",
            mend="name the tracking branch in .tracking/config.yaml",
        )
        return
    except UnreadableFile as error:
        yield Finding.of_error("branch", error)
        return
    if found != FORMAT or isinstance(found, bool | float):
        yield Finding(
            name="branch",
            state="fail",
            message=f"format.yaml says format {found!r}; this gitrack reads format {FORMAT}",
            mend="pip install --upgrade gitrack-ml",
        )
        return
    yield Finding(name="branch", message=f"{tracked.name} at {tip[:12]}, format {FORMAT}")


def _absent(patient: Patient) -> Finding:
    from gitrack.cli.narrow import how_to_fetch, leaves_out

    name, remote = patient.config.branch, patient.config.remote
    if leaves_out(patient.repo, remote, name):
        return Finding(
            name="branch",
            state="warn",
            message=f"this clone does not fetch {name} from {remote}",
            mend=how_to_fetch(remote, name),
        )
    message = f"there is no branch {name} yet"
    return Finding(name="branch", state="warn", message=message, mend="gitrack init")


def files(patient: Patient) -> Iterator[Finding]:
    """Can every file on the branch be read?"""
    table = patient.store.table()
    for fault in table.faults:
        message = f"{fault.path}: {fault.why}"
        yield Finding(name="files", state="fail", message=message, mend=fault.hint)
    if not table.faults:
        yield Finding(name="files", message=f"all {table.rows:,} runs can be read")


def named(patient: Patient) -> Iterator[Finding]:
    """Is every version and alias of a named artifact what its place says?"""
    from gitrack.store.named import NamedArtifacts

    known = NamedArtifacts(patient.store.branch)
    faults = known.faults()
    for fault in faults:
        message = f"{fault.path}: {fault.why}"
        yield Finding(name="named artifacts", state="fail", message=message, mend=fault.hint)
    if not faults:
        names = known.names()
        yield Finding(name="named artifacts", message=f"all {len(names):,} can be read")


def registry(patient: Patient) -> Iterator[Finding]:
    """Does every file of the registry say what its place says, and is what it names there?"""
    models = patient.store.models()
    for fault in models.faults:
        message = f"{fault.path}: {fault.why}"
        yield Finding(name="registry", state="fail", message=message, mend=fault.hint)
    runs = {str(id) for id in patient.store.table().column("id")}
    for model in models.models:
        have = {version.version for version in model.versions}
        pointing = {f"stage {stage}": held for stage, held in model.stages.items()}
        pointing |= {f"alias {a}": [one.version] for a, one in model.pointers.items()}
        for what, held in pointing.items():
            for number in sorted(set(held) - have):
                yield Finding(
                    name="registry",
                    state="fail",
                    message=f"{what} of {model.name} names version {number}, which is not there",
                    mend=f"git log {patient.store.branch.name} -- registry/{model.name}",
                )
        for version in model.versions:
            if version.run not in runs:
                yield Finding(
                    name="registry",
                    state="fail",
                    message=f"{model.name} v{version.version} is of run {version.run}, which is "
                    "not there",
                    mend="type  gitrack pull  to bring the runs of others",
                )
    if models.models and not models.faults:
        numbers = sum(len(model.versions) for model in models.models)
        message = f"models: {len(models.models):,}, versions: {numbers:,}; all can be read"
        yield Finding(name="registry", message=message)


def sweeps(patient: Patient) -> Iterator[Finding]:
    """Is every sweep what its place says?"""
    known = patient.store.sweeps()
    for fault in known.faults:
        message = f"{fault.path}: {fault.why}"
        yield Finding(name="sweeps", state="fail", message=message, mend=fault.hint)
    if known.sweeps and not known.faults:
        yield Finding(name="sweeps", message=f"all {len(known.sweeps):,} can be read")


def workflows(patient: Patient) -> Iterator[Finding]:
    """Does the host check what is promoted?"""
    from gitrack.config.stage_name import ARCHIVE
    from gitrack.registry.promotion.hosts.place import host_of
    from gitrack.registry.workflows.files import CHECK_FILES
    from gitrack.store.git.code import code_branch, code_file
    from gitrack.store.registry import Registry

    config = patient.config
    host = host_of(
        patient.repo.setting(f"remote.{config.remote}.url") or "", environment=os.environ
    )
    if host is None:
        return
    registry = Registry(patient.store.branch)
    names = (name for model in registry.models() for name in registry.promotion_ids(model))
    if all(name.endswith(f"-{ARCHIVE}") for name in names):
        return
    path = CHECK_FILES[host.kind]
    code = code_branch(
        patient.repo, remote=config.remote, chosen=config.code_branch, tracking=config.branch
    )
    if code is not None and code_file(patient.repo, code.commit, path) is not None:
        yield Finding(name="workflows", message=f"{path} checks what is promoted")
        return
    yield Finding(
        name="workflows",
        state="warn",
        message=f"models are promoted, and {host.name} checks none of it: there is no {path} on "
        f"{code.name if code else 'the code branch'}",
        mend=f"gitrack init --{host.kind}",
    )


def locks(patient: Patient) -> Iterator[Finding]:
    """Did somebody leave a lock on the branch?"""
    from gitrack.store.git.refs import Ref

    lock = Ref(patient.repo, patient.config.branch, None).lock_file
    try:
        age = time.time() - lock.stat().st_mtime
    except FileNotFoundError:
        return
    if age > _OLD_LOCK:
        yield Finding(
            name="locks",
            state="warn",
            message=f"{lock} has been there for {age:,.0f} s",
            mend=f"if no git command is running here, type  rm {lock}",
        )


def outbox(patient: Patient) -> Iterator[Finding]:
    """What waits, and what is damaged?"""
    from gitrack.tracking.ending.recover import waiting
    from gitrack.tracking.place import find_place

    runs = waiting(find_place(patient.folder))
    for run in runs:
        if run.state == "damaged":
            yield Finding(
                name="outbox",
                state="fail",
                message=f"{run.folder} cannot be read: {run.why}",
                mend="look at it; 'rm -r' removes it for good",
            )
    idle = [run.id for run in runs if run.state in ("finished", "dead")]
    if idle:
        yield Finding(
            name="outbox",
            state="warn",
            message=f"{len(idle)} ended or interrupted runs wait: {', '.join(idle[:3])}"
            + (" …" if len(idle) > 3 else ""),
            mend="gitrack sync",
        )
    elif not any(run.state == "damaged" for run in runs):
        yield Finding(name="outbox", message=f"{len(runs)} running, nothing waits")


CHECKS = {
    "branch": branch,
    "files": files,
    "named artifacts": named,
    "registry": registry,
    "sweeps": sweeps,
    "workflows": workflows,
    "locks": locks,
    "outbox": outbox,
}
