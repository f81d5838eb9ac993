"""Signed commits: made as git is configured, verified as git does, by real ssh-keygen and gpg."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

from gitrack.errors import StoreError
from gitrack.model.audit import Audit
from gitrack.model.registered import Proof
from gitrack.registry.audit import audit
from gitrack.registry.promotion.promote import promote
from gitrack.store.codec.records import dump_record
from gitrack.store.git.branch import GitBranch
from gitrack.store.git.repository import Repository
from gitrack.store.git.signatures import Signed, verified
from gitrack.store.registry.paths import evidence_path
from tests.registry.audit.forge import git
from tests.registry.audit.history import CHURN, Case

needs_ssh = pytest.mark.skipif(not shutil.which("ssh-keygen"), reason="ssh-keygen is not installed")
needs_gpg = pytest.mark.skipif(not shutil.which("gpg"), reason="gpg is not installed")


def ssh_key(folder: Path, name: str = "key") -> Path:
    key = folder / name
    subprocess.run(
        ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", str(key)], check=True
    )
    return key


def sign_by_ssh(repository: Path, key: Path, *, allowed: bool = True) -> None:
    git(repository, "config", "gpg.format", "ssh")
    git(repository, "config", "user.signingkey", f"{key}.pub")
    git(repository, "config", "commit.gpgsign", "true")
    signers = key.parent / "allowed"
    who = "ada@example.com" if allowed else "nobody@example.com"
    public = (key if allowed else ssh_key(key.parent, "another")).with_suffix(".pub").read_text()
    signers.write_text(f"{who} {public}")
    git(repository, "config", "gpg.ssh.allowedSignersFile", str(signers))


def commit_something(repository: Path, name: str = "canary") -> str:
    branch = GitBranch(Repository.discover(repository), remote=None)
    run = "20260105-150000-000007"
    proof = Proof(
        kind=name,
        version=4,
        run=run,
        passed=True,
        recorded="2026-01-06T00:00:00.000Z",
        by="Ada Example <ada@example.com>",
    )
    return branch.commit({evidence_path(CHURN, 4, name): dump_record(proof)}, "evidence")


def kinds(found: Audit) -> set[str]:
    return {one.kind for one in found.findings}


@needs_ssh
def test_what_ssh_signs_is_good(case: Case, tmp_path: Path) -> None:
    sign_by_ssh(case.folder, ssh_key(tmp_path))
    done = promote(CHURN, 4, to="staging", why="it is better", direct=True, where=case.folder)
    found = audit(verify_signatures=True, where=case.folder)
    (one,) = [p for p in found.promotions if p.commit == done.commit]
    assert one.signature.state == "good"
    assert one.signature.signer == "ada@example.com"
    assert one.signature.key
    assert one.signature.key.startswith("SHA256:")
    assert not any(kind.startswith(("signature", "not-signed")) for kind in kinds(found))
    others = [p.signature.state for p in found.promotions if p is not one]
    assert set(others) == {"unsigned"}


@needs_ssh
def test_nobody_is_asked_unless_told(case: Case, tmp_path: Path) -> None:
    sign_by_ssh(case.folder, ssh_key(tmp_path))
    done = promote(CHURN, 4, to="staging", why="it is better", direct=True, where=case.folder)
    found = audit(where=case.folder)
    assert found.promotions[-1].commit == done.commit
    assert found.promotions[-1].signature.state == "unchecked"


@needs_ssh
def test_a_key_that_nobody_vouches_for(case: Case, tmp_path: Path) -> None:
    sign_by_ssh(case.folder, ssh_key(tmp_path), allowed=False)
    commit = commit_something(case.folder)
    assert verified(Repository.discover(case.folder), [commit])[commit].state is Signed.UNKNOWN
    found = audit(verify_signatures=True, where=case.folder)
    assert "signature-doubtful" in kinds(found)
    found = audit(require_signed=True, where=case.folder)
    assert any(one.commit == commit and one.kind == "not-signed" for one in found.findings)


@needs_ssh
def test_without_a_list_of_signers_nothing_is_good(case: Case, tmp_path: Path) -> None:
    sign_by_ssh(case.folder, ssh_key(tmp_path))
    commit = commit_something(case.folder)
    git(case.folder, "config", "--unset", "gpg.ssh.allowedSignersFile")
    assert verified(Repository.discover(case.folder), [commit])[commit].state is Signed.UNKNOWN


@needs_ssh
def test_a_signature_of_another_commit_is_bad(case: Case, tmp_path: Path) -> None:
    sign_by_ssh(case.folder, ssh_key(tmp_path))
    commit = commit_something(case.folder)
    raw = git(case.folder, "cat-file", "commit", commit)
    forged = raw.replace("Ada Example <ada", "Eve Example <eve") + "\n"
    id = _write_commit(case.folder, forged)
    git(case.folder, "update-ref", "refs/heads/gitrack", id)
    found = audit(verify_signatures=True, where=case.folder)
    (bad,) = [one for one in found.findings if one.kind == "signature-bad"]
    assert bad.commit == id
    assert not found.clean


@needs_ssh
def test_every_change_of_the_registry_has_to_be_signed_if_asked(case: Case) -> None:
    found = audit(require_signed=True, where=case.folder)
    unsigned = [one for one in found.findings if one.kind == "not-signed"]
    named = {one.commit for one in unsigned}
    assert case.told.commits["production1"] in named
    assert case.told.commits["run1"] not in named
    assert not found.clean


def test_a_promotion_that_cannot_be_signed_is_not_written(case: Case) -> None:
    git(case.folder, "config", "gpg.format", "ssh")
    git(case.folder, "config", "user.signingkey", "/nowhere/key.pub")
    git(case.folder, "config", "commit.gpgsign", "true")
    before = git(case.folder, "rev-parse", "gitrack")
    with pytest.raises(StoreError, match="signing failed"):
        promote(CHURN, 4, to="staging", why="it is better", direct=True, where=case.folder)
    with pytest.raises(StoreError, match="nothing was written"):
        commit_something(case.folder)
    assert git(case.folder, "rev-parse", "gitrack") == before
    branch = GitBranch(Repository.discover(case.folder), remote=None)
    assert branch.commit({"README.md": b"# a run would come all the same\n"}, "words")


@needs_gpg
def test_gpg_signs_good_unknown_and_expired(
    case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = Path(tempfile.gettempdir()) / f"gpg-{os.getpid()}"  # sockets have short names
    home.mkdir(mode=0o700, exist_ok=True)
    monkeypatch.setenv("GNUPGHOME", str(home))
    try:
        _gpg("--quick-gen-key", "Ada Example <ada@example.com>", "ed25519", "sign", "never")
        key = _fingerprint()
        git(case.folder, "config", "user.signingkey", key)
        git(case.folder, "config", "commit.gpgsign", "true")
        commit = commit_something(case.folder)
        repository = Repository.discover(case.folder)
        found = verified(repository, [commit])[commit]
        assert found.state is Signed.GOOD
        assert found.key == key
        _gpg("--quick-set-expire", key, "seconds=1")
        subprocess.run(["sleep", "2"], check=True)
        assert verified(repository, [commit])[commit].state is Signed.EXPIRED
        _gpg("--yes", "--delete-secret-and-public-key", key)
        assert verified(repository, [commit])[commit].state is Signed.UNKNOWN
    finally:
        subprocess.run(["gpgconf", "--kill", "all"], check=False, capture_output=True)
        shutil.rmtree(home, ignore_errors=True)


def _gpg(*arguments: str) -> str:
    done = subprocess.run(
        ["gpg", "--batch", "--pinentry-mode", "loopback", "--passphrase", "", *arguments],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def _fingerprint() -> str:
    listed = _gpg("--list-keys", "--with-colons")
    return next(line.split(":")[9] for line in listed.splitlines() if line.startswith("fpr:"))


def _write_commit(repository: Path, raw: str) -> str:
    done = subprocess.run(
        ["git", "-C", str(repository), "hash-object", "-t", "commit", "-w", "--stdin"],
        input=raw,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()
