"""From a training to a colleague's clone with plain DVC and no gitrack."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

import gitrack
from gitrack.cli.main import cli
from gitrack.store import open_store


@pytest.fixture
def train(repo, git, monkeypatch):
    """`train(*arguments of init)` prepares the project and makes a run; its artifacts' folder."""
    monkeypatch.chdir(repo)

    def run(*arguments: str) -> str:
        assert CliRunner().invoke(cli, ["init", *arguments]).exit_code == 0
        git(repo, "add", ".")
        git(repo, "commit", "-q", "-m", "gitrack")
        Path("weights.bin").write_bytes(b"\0" * 300_000)
        with gitrack.start_run("churn-baseline-20241022") as live:
            live.log_artifact("weights.bin")
        Path("weights.bin").unlink()
        return f"{open_store(repo).find(live.id)}/artifacts"

    return run


def get(dvc, folder: Path, path: str, target: Path, rev: str = "gitrack") -> bytes:
    dvc(folder, "get", "-q", ".", path, "--rev", rev, "-o", str(target))
    return target.read_bytes()


def test_dvc_gets_a_logged_file_from_the_local_cache(tmp_path, repo, git, dvc, train):
    artifacts = train()
    assert get(dvc, repo, f"{artifacts}/weights.bin", tmp_path / "out") == b"\0" * 300_000
    assert git(repo, "status", "--porcelain") == ""


def test_a_fresh_clone_gets_it_from_a_remote_that_is_a_folder(tmp_path, repo, git, dvc, train):
    artifacts = train("--artifacts", str(tmp_path / "share"))
    git(tmp_path, "clone", "-q", "--bare", str(repo), "hub.git")
    git(tmp_path, "clone", "-q", "hub.git", "clone")

    path = f"{artifacts}/weights.bin"
    clone = get(dvc, tmp_path / "clone", path, tmp_path / "out", "origin/gitrack")
    assert clone == get(dvc, repo, path, tmp_path / "here") == b"\0" * 300_000


def test_what_no_remote_has_yet_is_found_in_the_local_cache(tmp_path, repo, git, dvc, train):
    artifacts = train("--artifacts", "s3://bucket/gitrack")
    assert get(dvc, repo, f"{artifacts}/weights.bin", tmp_path / "out") == b"\0" * 300_000


def test_a_share_that_cannot_be_written_loses_nothing(tmp_path, repo, git, dvc, train, caplog):
    (tmp_path / "share").write_text("a file in the way")
    artifacts = train("--artifacts", str(tmp_path / "share"))
    assert "stay in the DVC cache" in caplog.text
    assert get(dvc, repo, f"{artifacts}/weights.bin", tmp_path / "out") == b"\0" * 300_000
