"""Builds into one folder at the same time, and builds that are killed half-way."""

import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from gitrack.errors import LockTimeout
from gitrack.site import build_site
from gitrack.site.incremental.lock import locked
from tests.site.flights import MadeStore
from tests.site.test_incremental import files

#: Builds with a record, and dies at a given call of a given function.
_DYING = """
import os, signal, sys
from pathlib import Path
from gitrack.site import build_site
from tests.site.flights import MadeStore, flights

where, at, folder = sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])
real, calls = getattr(Path, where), 0

def counted(self, *arguments, **options):
    global calls
    if folder in self.parents:
        calls += 1
        if calls == at:
            os.kill(os.getpid(), signal.SIGKILL)
    return real(self, *arguments, **options)

setattr(Path, where, counted)
build_site(MadeStore(flights()), folder / "site", title="T", cache=folder / "cache", commit="c2")
"""


def die(folder: Path, where: str, at: int) -> bool:
    """True if the build came to where it was to die."""
    done = subprocess.run([sys.executable, "-c", _DYING, where, str(at), str(folder)], check=False)
    assert done.returncode in (0, -signal.SIGKILL)
    return done.returncode != 0


def build(folder: Path, bundles, commit: str):
    """A build with a record in `folder`."""
    return build_site(
        MadeStore(bundles), folder / "site", title="T", cache=folder / "cache", commit=commit
    )


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def whole(tmp_path, bundles):
    build_site(MadeStore(bundles), tmp_path / "whole", title="T", commit="c2")
    return files(tmp_path / "whole")


@pytest.mark.parametrize("at", [2, 9])
def test_an_update_that_is_killed_leaves_whole_files_and_is_made_up_for(
    tmp_path, bundles, whole, at
):
    folder = tmp_path / "x"
    (folder / "cache").mkdir(parents=True)
    everything = build(folder, bundles[:-1], "c1").made
    before = files(folder / "site")

    assert die(folder, "replace", at)
    between = files(folder / "site")
    report = build(folder, bundles, "c2")

    assert between.keys() >= before.keys()
    assert all(data in (before.get(path), whole.get(path)) for path, data in between.items())
    assert files(folder / "site") == whole
    assert report.made < everything
    assert names(folder) == ["cache", "site"]


@pytest.mark.parametrize("at", [1, 2])
def test_a_swap_that_is_killed_loses_no_site(tmp_path, bundles, whole, monkeypatch, at):
    folder = tmp_path / "x"
    (folder / "cache").mkdir(parents=True)
    build_site(MadeStore(bundles[:-1]), folder / "site", title="T", commit="c1")
    before = files(folder / "site")

    assert die(folder, "rename", at)
    monkeypatch.setattr("gitrack.site.build._make", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):  # the next build fails, and the old site is back
        build_site(MadeStore(bundles), folder / "site", title="T", commit="c2")
    monkeypatch.undo()

    assert files(folder / "site") == before
    build_site(MadeStore(bundles), folder / "site", title="T", commit="c2")
    assert files(folder / "site") == whole


def test_builds_at_once_end_with_a_whole_site(tmp_path, bundles, whole):
    (tmp_path / "cache").mkdir()
    wrong = []

    def one(number):
        try:
            build(tmp_path, bundles[: 9 + number], f"c{number}")
        except BaseException as error:  # noqa: BLE001 - whatever it is, it is wrong
            wrong.append(error)

    threads = [threading.Thread(target=one, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    build(tmp_path, bundles, "c2")

    assert wrong == []
    assert files(tmp_path / "site") == whole
    assert names(tmp_path) == ["cache", "site", "whole"]


def test_who_waits_too_long_is_told(tmp_path):
    target = tmp_path / "site"
    with (
        locked(target),
        pytest.raises(LockTimeout, match="another build into"),
        locked(target, patience=0.1),
    ):
        pass

    with locked(target, patience=0.1):
        pass
    assert names(tmp_path) == []
