"""Commits signed as the user's git would sign them."""

from __future__ import annotations

import logging
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from gitrack.store.git.branch import GitBranch
from gitrack.store.git.repository import Repository

Git = Callable[..., str]


@pytest.mark.skipif(not shutil.which("ssh-keygen"), reason="ssh-keygen is not installed")
@pytest.mark.parametrize("object_format", ["sha1", "sha256"])
def test_a_real_signature(tmp_path: Path, git: Git, fsck, leftovers, object_format: str):
    folder = tmp_path / "project"
    folder.mkdir()
    git(folder, "init", "-q", f"--object-format={object_format}")
    key = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    allowed = tmp_path / "allowed"
    allowed.write_text(f"ada@example.com {key.with_suffix('.pub').read_text()}")
    git(folder, "config", "gpg.format", "ssh")
    git(folder, "config", "user.signingKey", str(key))
    git(folder, "config", "gpg.ssh.allowedSignersFile", str(allowed))
    git(folder, "config", "commit.gpgSign", "true")
    branch = GitBranch(Repository.discover(folder))

    branch.commit({"a": b"1"}, "first")
    branch.commit({"a": "ü".encode()}, "second ü\n\nRun: 1")

    assert git(folder, "log", "--format=%G? %s", "gitrack") == "G second ü\nG first"
    assert git(folder, "count-objects").startswith("0 objects")
    fsck(folder)
    assert leftovers(folder / ".git") == []


def test_a_broken_signature_does_not_lose_the_run(
    repo: Path, git: Git, caplog: pytest.LogCaptureFixture, fsck, leftovers
):
    git(repo, "config", "commit.gpgSign", "true")
    git(repo, "config", "gpg.program", "/bin/false")
    branch = GitBranch(Repository.discover(repo))

    with caplog.at_level(logging.WARNING, "gitrack"):
        branch.commit({"a": b"1"}, "first")
        branch.commit({"a": b"2"}, "second")

    assert branch.read("a") == b"2"
    assert git(repo, "log", "--format=%G?", "gitrack").split() == ["N", "N"]
    [warning] = caplog.records
    assert "signing failed (gpg failed to sign the data): " in warning.getMessage()
    fsck(repo)
    assert leftovers(repo / ".git") == []
