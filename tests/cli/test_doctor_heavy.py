"""`gitrack doctor` on heavy files: where they are, where they are not, and who else is there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

import gitrack
from gitrack.artifacts import cache_of
from gitrack.cli.main import cli
from gitrack.store import open_store


@pytest.fixture
def project(repo: Path, tmp_path: Path, git, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A prepared repository whose heavy files go to a folder."""
    monkeypatch.chdir(repo)
    monkeypatch.setenv("DVC_SYSTEM_CONFIG_DIR", str(tmp_path / "system"))
    monkeypatch.setenv("DVC_GLOBAL_CONFIG_DIR", str(tmp_path / "global"))
    monkeypatch.setenv("DVC_SITE_CACHE_DIR", str(tmp_path / "site"))
    git(tmp_path, "init", "-q", "--bare", "hub.git")
    git(repo, "remote", "add", "origin", str(tmp_path / "hub.git"))
    assert CliRunner().invoke(cli, ["init", "--artifacts", str(tmp_path / "store")]).exit_code == 0
    git(repo, "add", ".")
    git(repo, "commit", "-q", "-m", "gitrack")
    return repo


def findings(name: str) -> list[tuple[str, str, str | None]]:
    result = CliRunner().invoke(cli, ["doctor", "--json"])
    return [
        (finding["state"], finding["message"], finding["mend"])
        for finding in json.loads(result.stdout)["findings"]
        if finding["name"] == name
    ]


def warned(name: str) -> tuple[str, str | None]:
    """The one warning of this name."""
    (found,) = [finding[1:] for finding in findings(name) if finding[0] != "ok"]
    return found


def logged() -> str:
    """A run with one heavy file; the md5 of that."""
    with gitrack.start_run("exp-a") as run:
        run.log_bytes(b"\0" * 3000, "model.bin")
    return str(open_store().run(run.id).artifacts[0].md5)


def config(project: Path, url: str) -> None:
    (project / ".tracking/config.yaml").write_text(f"artifacts: {{remote: '{url}'}}\n")
    assert CliRunner().invoke(cli, ["init"]).exit_code == 0


def test_all_is_well_with_a_remote_of_its_own(project):
    logged()

    names = ["dvc", "heavy files", "plain DVC", "sent", "artifact remote", "leftovers"]
    assert [state for name in names for state, _, _ in findings(name) if state != "ok"] == []


@pytest.mark.parametrize(
    ("theirs", "ours", "said", "mend"),
    [
        (
            "s3://bucket/data",
            "s3://bucket/data",
            "is DVC's default remote team",
            "s3://bucket/data-",
        ),
        ("s3://bucket/data", "s3://bucket/data/gitrack", "shares its place", "s3://bucket/data-"),
        ("s3://bucket", "s3://bucket/gitrack", "shares its place", "s3://bucket-gitrack"),
        ("s3://bucket/gitrack/data", "s3://bucket/gitrack", "shares its place", "k-gitrack"),
    ],
)
def test_a_place_that_dvc_uses_too(project, theirs, ours, said, mend):
    config(project, ours)
    (project / ".dvc/config").write_text(
        f"[core]\n    remote = team\n['remote \"team\"']\n    url = {theirs}\n"
    )

    message, what_to_do = warned("artifact remote")

    assert said in message
    assert "gc --cloud" in message
    assert mend in str(what_to_do)


def test_places_that_only_look_alike(project):
    config(project, "s3://bucket/data-gitrack")
    (project / ".dvc/config").write_text("['remote \"team\"']\n    url = s3://bucket/data\n")

    assert [state for state, _, _ in findings("artifact remote")] == ["ok"]


def test_a_folder_that_is_not_mounted(project, tmp_path):
    config(project, str(tmp_path / "mnt" / "share" / "gitrack"))

    assert "mounted" in warned("artifact remote")[0]


def test_what_is_in_this_cache_alone_although_there_is_a_remote(project, tmp_path):
    md5 = logged()
    (tmp_path / "store/files/md5" / md5[:2] / md5[2:]).unlink()

    message, mend = warned("sent")

    assert message.startswith("1 heavy files (3.0 kB) are not known to be in")
    assert mend == "gitrack push"


def test_a_clone_without_settings_knows_the_remote_from_the_branch(project):
    logged()
    (project / ".tracking/config.yaml").unlink()

    assert [state for state, _, _ in findings("heavy files")] == ["ok"]


def test_plain_dvc_is_told_from_here_to_the_remote(project, git):
    """As DVC itself does it: by its path it looks at the remotes of the checkout."""
    md5 = logged()
    store = open_store()
    path = str(store.table().column("path")[0])
    day = path.rpartition("/")[0]
    cache_of(project, project / ".git").path(md5).unlink()
    assert findings("plain DVC") == []  # its day is a DVC project of its own, with a remote

    store.commit_files({f"{day}/.dvc/config": None}, "test")

    assert day in warned("plain DVC")[0]
    target = f"{path}/artifacts/model.bin"
    assert dvc_get(project, target, ".").returncode != 0
    assert dvc_get(project, target, project.as_uri()).returncode == 0


def dvc_get(folder: Path, path: str, repository: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "dvc", "get", repository, path, "--rev", "gitrack", "-o", "back"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


def test_what_was_collected_is_not_missed(project, tmp_path):
    logged()
    done = CliRunner().invoke(
        cli, ["gc", "--status", "finished", "--grace", "0", "--remote", "--yes", "--offline"]
    )
    assert done.exit_code != 0  # it must ask whether there are more runs
    done = CliRunner().invoke(cli, ["gc", "--status", "finished", "--grace", "0", "--remote", "-y"])
    assert done.exit_code == 0, done.output

    assert findings("heavy files") == [("ok", "none yet", None)]
    assert findings("plain DVC") == []


def test_leftovers_wherever_a_kill_may_leave_them(project, tmp_path):
    places = [
        project / ".dvc/cache/files/md5/.gitrack-01",
        tmp_path / "store/files/md5/ab/.gitrack-02",
        project / ".git/gitrack/fetched/.part-1-03",
    ]
    for place in places:
        place.parent.mkdir(parents=True, exist_ok=True)
        place.touch()
    assert findings("leftovers") == []

    for place in places:
        os.utime(place, (0, 0))
    for _, _, mend in findings("leftovers"):
        subprocess.run(["bash", "-c", str(mend)], check=True)

    assert not any(place.exists() for place in places)
