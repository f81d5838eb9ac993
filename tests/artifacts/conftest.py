"""Real DVC beside real git."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from tests.s3 import Bucket


@pytest.fixture(autouse=True)
def _dvc_keeps_to_itself(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch, _nobodys_settings
):
    """DVC keeps an index per repository in a place that all users share."""
    monkeypatch.setenv("DVC_SITE_CACHE_DIR", str(tmp_path_factory.mktemp("dvc")))
    monkeypatch.setenv("DVC_SYSTEM_CONFIG_DIR", str(tmp_path_factory.mktemp("dvc-system")))


#: DVC as people have it who have no gitrack.
_ALONE = """
import sys
sys.modules["gitrack"] = None
from dvc.cli import main
sys.exit(main(sys.argv[1:]))
"""
#: What `dvc.api` reads at a path and a revision of the repository that it stands in.
_OPEN = """
import sys
sys.modules["gitrack"] = None
import dvc.api
with dvc.api.open(sys.argv[1], rev=sys.argv[2], mode="rb") as file:
    sys.stdout.buffer.write(file.read())
"""


@pytest.fixture
def opened() -> Callable[[Path, str, str], bytes]:
    """`opened(folder, path, rev)` is what `dvc.api.open` reads there, without gitrack."""

    def read(folder: Path, path: str, rev: str) -> bytes:
        words = [sys.executable, "-c", _OPEN, path, rev]
        return subprocess.run(words, cwd=folder, capture_output=True, check=True).stdout

    return read


@pytest.fixture
def dvc() -> Callable[..., str]:
    """`dvc(folder, *arguments)` runs DVC there, without gitrack, and gives what it printed."""

    def run(folder: Path, *arguments: str, fails: bool = False) -> str:
        done = subprocess.run(
            [sys.executable, "-c", _ALONE, *arguments],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
        )
        assert bool(done.returncode) == fails, f"dvc {' '.join(arguments)}: {done.stderr}"
        return done.stderr if fails else done.stdout

    return run


@pytest.fixture
def put_on_branch() -> Callable[[Path, Mapping[str, bytes]], None]:
    """`put_on_branch(repo, files)` makes them the contents of the branch `gitrack`."""

    def put(repo: Path, files: Mapping[str, bytes]) -> None:
        lines = [b"commit refs/heads/gitrack\ncommitter A <a@b.c> 0 +0000\ndata 1\nx\ndeleteall\n"]
        for path, data in files.items():
            lines.append(b"M 100644 inline " + path.encode() + b"\n")
            lines.append(b"data %d\n" % len(data) + data + b"\n")
        subprocess.run(
            ["git", "-C", os.fspath(repo), "fast-import", "--force", "--quiet"],
            input=b"".join(lines),
            check=True,
        )

    return put


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with text, bytes, an empty file, a sub-folder and names that need care."""
    top = tmp_path / "model"
    (top / "deep" / "er").mkdir(parents=True)
    (top / "MLmodel").write_text("flavors: {}\n")
    (top / "weights.bin").write_bytes(bytes(range(256)) * 40)
    (top / "deep" / "empty").write_bytes(b"")
    (top / "deep" / "er" / "ünï “q” 'x'.txt").write_text("é\n")
    (top / "deep.txt").write_text("sorts between\n")
    return top


@pytest.fixture(scope="session")
def _s3_server() -> Iterator[Bucket]:
    bucket = Bucket()
    yield bucket
    bucket.close()


@pytest.fixture
def bucket(_s3_server: Bucket) -> Bucket:
    """An empty bucket on a real S3 server."""
    _s3_server.forget()
    return _s3_server
