"""Signatures of commits: what they vouch for, and what nobody vouches for."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.registry.check.pulls import ADA, Pulls

pytestmark = pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="needs ssh-keygen")

BOB = "Bob <bob@example.com>"
FOUR_EYES = """\
models:
  churn:
    stages:
      production:
        gates:
        - {approvals: 1, not_by: [promoter]}
"""


class Keys:
    """Two people with keys that git knows."""

    def __init__(self, folder: Path, pulls: Pulls) -> None:
        self.folder = folder
        self.pulls = pulls
        lines = []
        for name, mail in (("ada", "ada@example.com"), ("bob", "bob@example.com")):
            key = folder / name
            line = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)]
            subprocess.run(line, check=True, capture_output=True)
            lines.append(f"{mail} {(folder / f'{name}.pub').read_text()}")
        (folder / "signers").write_text("".join(lines))
        pulls.git("config", "gpg.format", "ssh")
        pulls.git("config", "gpg.ssh.allowedSignersFile", str(folder / "signers"))

    def sign(self, commit: str, key: str, author: str, message: str) -> str:
        """The same commit, signed by somebody."""
        name, _, mail = author.partition(" <")
        parents = self.pulls.git("rev-parse", f"{commit}^@").split()
        return self.pulls.git(
            *("-c", f"user.signingkey={self.folder / key}", "commit-tree", "-S"),
            self.pulls.tree(commit),
            *(word for parent in parents for word in ("-p", parent)),
            *("-m", message),
            GIT_AUTHOR_NAME=name,
            GIT_AUTHOR_EMAIL=mail.rstrip(">"),
        )


@pytest.fixture
def keys(tmp_path: Path, pulls: Pulls) -> Keys:
    return Keys(tmp_path, pulls)


def test_a_signed_promotion(pulls: Pulls, keys: Keys) -> None:
    head = keys.sign(pulls.promotion(2, "staging"), "ada", ADA, "promoted")
    checked = pulls.passes(head, require_signed=True)
    assert checked.promotions[0].signed == "signed by ada@example.com"


def test_signed_by_somebody_else(pulls: Pulls, keys: Keys) -> None:
    head = keys.sign(pulls.promotion(2, "staging"), "bob", ADA, "promoted")
    pulls.refused(head, "unsigned", "no good signature of its author", require_signed=True)


def test_a_key_that_nobody_knows(pulls: Pulls, keys: Keys) -> None:
    head = keys.sign(pulls.promotion(2, "staging"), "ada", ADA, "promoted")
    (keys.folder / "signers").write_text("")
    pulls.refused(head, "unsigned", "no good signature", require_signed=True)


def test_a_signed_trailer_of_the_approver(tmp_path: Path, make_pulls: Callable[..., Pulls]) -> None:
    pulls = make_pulls(FOUR_EYES)
    keys = Keys(tmp_path, pulls)
    head = pulls.promotion(2, "production")
    pulls.refused(head, "waiting")
    empty = pulls.commit(pulls.tree(head), [head])
    message = f"approved\n\nApproved-by: {BOB}"
    pulls.passes(keys.sign(empty, "bob", BOB, message))
    pulls.refused(keys.sign(empty, "ada", BOB, message), "waiting")
    pulls.refused(keys.sign(empty, "bob", ADA, message), "waiting")
    own = keys.sign(empty, "ada", ADA, f"approved\n\nApproved-by: {ADA}")
    pulls.refused(own, "waiting")
