"""Checks of the repository and its settings."""

from __future__ import annotations

from collections.abc import Iterator

from gitrack.cli.checks.finding import Finding, Patient
from gitrack.config.project import CONFIG_FILE, FOLDER, POLICY_FILE


def repository(patient: Patient) -> Iterator[Finding]:
    """Which repository, and what is special about it."""
    repo = patient.repo
    special = [
        word
        for word, applies in (
            ("bare", repo.bare),
            ("shallow: older commits are not here, all runs are", repo.shallow),
            ("partial: contents are fetched when they are asked for", repo.partial),
            (f"refs in {repo.ref_storage}: commits go through git", repo.ref_storage != "files"),
            (f"{repo.object_format}: commits go through git", repo.object_format != "sha1"),
        )
        if applies
    ]
    where = str(repo.worktree or repo.git_dir)
    yield Finding(name="repository", message=" · ".join([where, *special]))


def identity(patient: Patient) -> Iterator[Finding]:
    """Does git know who commits?"""
    yield Finding(name="identity", message=str(patient.repo.identity()))


def checked_out(patient: Patient) -> Iterator[Finding]:
    """Does a working tree stand on the tracking branch?"""
    from gitrack.store.git.refs import Ref

    name = patient.config.branch
    Ref(patient.repo, name, None).refuse_if_checked_out()
    yield Finding(name="HEAD", message=f"no working tree stands on {name}")


def settings(patient: Patient) -> Iterator[Finding]:
    """Are the settings there, and right?"""
    from gitrack.config.settings import load_config

    if patient.repo.bare:
        return
    load_config(patient.root)
    if patient.root is None or not (patient.root / CONFIG_FILE).is_file():
        yield Finding(
            name="settings",
            state="warn",
            message=f"there is no {CONFIG_FILE}, so everything is as by default",
            mend="gitrack init",
        )
        return
    yield Finding(name="settings", message=CONFIG_FILE)


def policy(patient: Patient) -> Iterator[Finding]:
    """Are the rules right, and does the project's own name follow them?"""
    from gitrack.config.policy import load_policy
    from gitrack.model.naming import Rules

    rules = Rules.of(load_policy(patient.root))
    there = patient.root is not None and (patient.root / POLICY_FILE).is_file()
    yield Finding(name="policy", message=POLICY_FILE if there else "no rules")
    for violation in rules.judge_project(patient.config.project):
        yield Finding(name="policy", state="warn", message=violation.why, mend=violation.mend)


def ignored(patient: Patient) -> Iterator[Finding]:
    """Does git leave the outbox and the site alone?"""
    if patient.root is None:
        return
    for name in ("outbox", "site"):
        probe = str(patient.root / FOLDER / name / "x")
        if patient.repo.run("check-ignore", "--quiet", "--no-index", probe).code == 1:
            yield Finding(
                name="ignored",
                state="warn",
                message=f"git does not ignore {FOLDER}/{name}/",
                mend=f"add the line /{name}/ to {FOLDER}/.gitignore",
            )


def remote(patient: Patient) -> Iterator[Finding]:
    """Is there another copy of the runs?"""
    names = patient.repo.git("remote").split()
    wanted = patient.config.remote
    if not names:
        yield Finding(
            name="remote",
            state="warn",
            message="this repository has no remote: its runs are on this machine only",
            mend=f"git remote add {wanted} URL",
        )
    elif wanted not in names:
        yield Finding(
            name="remote",
            state="warn",
            message=f"there is no remote {wanted}, which the settings name",
            mend=f"set remote to one of {', '.join(names)} in {CONFIG_FILE}",
        )
    else:
        yield Finding(name="remote", message=wanted)


CHECKS = {
    "repository": repository,
    "identity": identity,
    "HEAD": checked_out,
    "settings": settings,
    "policy": policy,
    "ignored": ignored,
    "remote": remote,
}
