"""What goes wrong around a build is said in a sentence, and nothing of anybody is lost."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from gitrack.errors import UsageError
from gitrack.site import build_site
from gitrack.site.incremental.workshop import Workshop
from gitrack.site.output import NotWritten
from tests.site.attacked import files_of, push, run
from tests.site.flights import MadeStore


@pytest.fixture
def project(repo: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with a run."""
    push(repo, files_of(run(1)))
    monkeypatch.chdir(repo)
    return repo


def site(*words: str) -> tuple[int, str]:
    """The exit code of a command, and what it said."""
    done = subprocess.run(
        [sys.executable, "-m", "gitrack.cli.main", "site", *words],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, done.stderr


def built(folder: Path, bundles, **known) -> None:
    build_site(MadeStore(bundles), folder, title="T", commit="c0", **known)


@pytest.mark.parametrize("mine", [".git/HEAD", "CNAME", "notes/mine.md", ".well-known/x", "mine"])
def test_what_somebody_put_into_the_folder_of_a_site_is_not_removed(bundles, tmp_path, mine):
    """A clone of the branch of pages is a site, too, and the repository in it is not ours."""
    built(tmp_path / "site", bundles[:1])
    place = tmp_path / "site" / mine
    place.parent.mkdir(exist_ok=True)
    place.write_text("mine")

    with pytest.raises(UsageError) as refused:
        built(tmp_path / "site", bundles[:2], cache=tmp_path / "cache")

    assert mine.partition("/")[0] in refused.value.message
    assert place.read_text() == "mine"


def test_what_file_managers_leave_stops_no_build(bundles, tmp_path):
    built(tmp_path / "site", bundles[:1])
    for name in (".DS_Store", "._index.html", "Thumbs.db", ".nojekyll"):
        (tmp_path / "site" / name).write_text("")

    built(tmp_path / "site", bundles[:2])

    assert len(list((tmp_path / "site/runs").iterdir())) == 2


def test_no_site_is_put_among_the_files_of_git(project):
    code, said = site("build", "--output", ".git/refs/site")

    assert code == 2
    assert ".git/refs/site" in said
    assert not (project / ".git/refs/site").exists()


@pytest.mark.parametrize("place", ["taken/site", "taken/deep/site"])
def test_a_file_in_the_way_is_named(project, tmp_path, place):
    (tmp_path / "taken").write_text("mine")

    code, said = site("build", "--output", str(tmp_path / place))

    assert code == 1
    assert str(tmp_path / "taken") in said
    assert "hint: " in said
    assert (tmp_path / "taken").read_text() == "mine"


@pytest.mark.parametrize(
    ("number", "told"),
    [
        (errno.ENOSPC, "make room"),
        (errno.EROFS, "may write"),
        (errno.EACCES, "may write"),
        (errno.EIO, "--output"),
    ],
)
@pytest.mark.parametrize("step", ["_write", "_mend", "_stamped"])
def test_a_disk_that_takes_nothing_is_said(bundles, tmp_path, monkeypatch, number, told, step):
    cache = tmp_path / "cache"
    built(tmp_path / "site", bundles[:-1], cache=cache)
    index = (tmp_path / "site/index.html").read_bytes()

    def fails(*_):
        raise OSError(number, os.strerror(number), "a/file")

    with monkeypatch.context() as broken:
        broken.setattr(Workshop, step, fails)
        with pytest.raises(NotWritten) as failed:
            built(tmp_path / "site", bundles, cache=cache)

    assert os.strerror(number) in failed.value.message
    assert told in (failed.value.hint or "")
    if step != "_stamped":
        assert (tmp_path / "site/index.html").read_bytes() == index
    built(tmp_path / "site", bundles, cache=cache)
    built(tmp_path / "whole", bundles)
    same = subprocess.run(["diff", "-r", tmp_path / "site", tmp_path / "whole"], check=False)
    assert same.returncode == 0
    assert {path.name for path in tmp_path.iterdir()} == {"cache", "site", "whole"}


def test_a_cache_that_cannot_be_written_costs_only_time(bundles, tmp_path):
    (tmp_path / "cache").write_text("a file where the cache should be")

    built(tmp_path / "site", bundles[:2], cache=tmp_path / "cache")
    built(tmp_path / "site", bundles[:3], cache=tmp_path / "cache")

    assert len(list((tmp_path / "site/runs").iterdir())) == 3


def test_a_build_tells_a_closed_output_nothing(project, tmp_path):
    done = subprocess.run(
        f"{sys.executable} -m gitrack.cli.main site build --output {tmp_path}/site >&-",
        shell=True,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0
    assert "Traceback" not in done.stderr


def test_names_that_are_no_text_stop_no_build_that_is_remembered(project, tmp_path):
    """What is kept for the next build holds names of files, too, and git takes any bytes."""
    odd = "b\udcff"
    other = run(2)
    files = files_of(run(1), other)
    beside = f"runs/{odd}/2026-01/01"
    push(
        project,
        {
            **files,
            f"{beside}/{run(3).id}/run.yaml": b"no record",
            f"runs/tried/2026-01/01/{run(1).id}/artifacts/{odd}.txt": b"x",
            f"registry/{odd}/versions/1.yaml": b"version: 1\nrun: x\n",
            f"sweeps/{odd}.yaml": b"- 1\n",
        },
    )
    (project / ".tracking").mkdir()
    (project / ".tracking/config.yaml").write_text("project: odd\n")
    (project / "reports").mkdir()
    (project / "reports" / f"{odd}.md").write_text("# Odd\n")
    (project / "reports/plain.md").write_text("# Plain\n")

    for _ in range(2):
        code, said = site("build", "--output", str(tmp_path / "site"))
        assert code == 0, said

    assert len(list((tmp_path / "site/reports").iterdir())) == 2
    assert len(list((tmp_path / "site/runs").iterdir())) == 2


@pytest.mark.parametrize("inside", [".", "runs"])
def test_the_folder_in_which_somebody_stands_stays_the_same(bundles, tmp_path, monkeypatch, inside):
    """A folder that is renamed away under a shell is empty for it, and has no name."""
    place = tmp_path / "site"
    place.mkdir()
    monkeypatch.chdir(place)
    node = place.stat().st_ino
    built(Path(), bundles[:2])
    assert Path("index.html").exists()
    monkeypatch.chdir(inside)
    built(place, bundles[3:5])
    assert Path.cwd() == place / inside
    assert place.stat().st_ino == node
    built(tmp_path / "whole", bundles[3:5])

    same = subprocess.run(["diff", "-r", place, tmp_path / "whole"], check=False)
    assert same.returncode == 0


def test_a_folder_that_cannot_be_renamed_is_filled_as_it_is(bundles, tmp_path, monkeypatch):
    """As where a container has its volume."""
    place = tmp_path / "site"
    place.mkdir()
    node = place.stat().st_ino
    monkeypatch.setattr(os.path, "ismount", lambda path: Path(path) == place)
    replace = Path.replace

    def onto_another_disk(self, target):
        if self.parent != Path(target).parent:
            raise OSError(errno.EXDEV, os.strerror(errno.EXDEV), str(self))
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", onto_another_disk)
    for some in (bundles[:2], bundles[3:5]):
        built(place, some)
    built(tmp_path / "whole", bundles[3:5])

    assert place.stat().st_ino == node
    same = subprocess.run(["diff", "-r", place, tmp_path / "whole"], check=False)
    assert same.returncode == 0
