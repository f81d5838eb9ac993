"""What the tests of the git engine share: proofs that nothing of the user's was touched."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

COMMITTER = Path(__file__).with_name("committer.py")


@pytest.fixture
def fsck() -> Callable[[Path], None]:
    """Fails unless git finds nothing wrong with the repository."""

    def check(folder: Path) -> None:
        done = subprocess.run(
            ["git", "-C", str(folder), "fsck", "--strict", "--no-dangling"],
            capture_output=True,
            text=True,
            check=False,
        )
        told = [line for line in done.stderr.splitlines() if not line.startswith("notice:")]
        assert (done.returncode, told) == (0, []), done.stderr

    return check


@pytest.fixture
def leftovers() -> Callable[[Path], list[str]]:
    """Locks, .keep and temporary files below a git folder."""

    def find(git_dir: Path) -> list[str]:
        found = [*git_dir.rglob("*.lock"), *git_dir.rglob("*.keep"), *git_dir.rglob("tmp_*")]
        for folder in ("tmp", "refs", "queue"):
            found += [path for path in (git_dir / "gitrack" / folder).rglob("*") if path.is_file()]
        packs = list((git_dir / "objects/pack").glob("*.pack"))
        found += [pack for pack in packs if not pack.with_suffix(".idx").exists()]
        return [str(path.relative_to(git_dir)) for path in found]

    return find


@pytest.fixture
def state(git: Callable[..., str]) -> Callable[[Path], dict[str, str]]:
    """All that is the user's, to the byte: files, index, HEAD, stash, other refs, git's folder."""

    def take(folder: Path) -> dict[str, str]:
        git_dir = Path(git(folder, "rev-parse", "--absolute-git-dir"))
        refs = git(folder, "for-each-ref", "--format=%(refname) %(objectname)").splitlines()
        ours = ("/gitrack ", "refs/gitrack/")
        taken = {"refs": "\n".join(ref for ref in refs if not any(own in ref for own in ours))}
        for name in ("HEAD", "index", "ORIG_HEAD", "logs/HEAD", "config", "packed-refs"):
            place = git_dir / name
            taken[name] = place.read_bytes().hex() if place.exists() else "none"
        if git(folder, "rev-parse", "--is-inside-work-tree") == "true":
            taken["status"] = git(folder, "status", "--porcelain=v2", "--ignored", "--branch")
            taken["stash"] = git(folder, "stash", "list")
            for path in sorted(folder.rglob("*")):
                if ".git" not in path.parts and path.is_file():
                    digest = hashlib.sha256(path.read_bytes()).hexdigest()
                    taken[str(path)] = f"{digest} {path.stat().st_mtime_ns}"
        return taken

    return take


@pytest.fixture
def committer() -> Callable[..., subprocess.Popen[str]]:
    """Starts a process that commits: `committer("race", folder, name, count)`."""

    def start(*arguments: object) -> subprocess.Popen[str]:
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        return subprocess.Popen(
            [sys.executable, str(COMMITTER), *map(str, arguments)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
        )

    return start
