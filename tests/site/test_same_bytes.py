"""One commit is one site: on other days, in other folders, zones and languages, in other clones."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.browser.demo import clone_demo

#: gitrack where every clock of its own says another day: three days on, at another time of day.
_ANOTHER_DAY = """\
import contextlib, datetime, importlib, pkgutil, sys, time
import gitrack
shift = 3 * 86_400 + 40_000
true = time.time
time.time = lambda: true() + shift

class Kind(type):
    def __call__(self, *given, **named):
        return datetime.datetime(*given, **named)
    def __instancecheck__(self, one):
        return isinstance(one, datetime.datetime)
    def __getattr__(self, name):
        return getattr(datetime.datetime, name)
    def now(self, tz=None):
        return datetime.datetime.fromtimestamp(time.time(), tz)

class Shifted(metaclass=Kind):
    pass

shifted = 0
for module in pkgutil.walk_packages(gitrack.__path__, "gitrack."):
    with contextlib.suppress(ImportError):
        found = importlib.import_module(module.name)
        for name, value in list(vars(found).items()):
            if value is datetime.datetime:
                setattr(found, name, Shifted)
                shifted += 1
assert shifted > 10
from gitrack.cli.main import main
main()
"""
_TODAY = "from gitrack.cli.main import main\nmain()\n"


def build(folder: Path, program: str, *, zone: str, language: str, seed: str) -> dict[str, bytes]:
    """A clone of the demo in a folder, built there by a process of its own; files by path."""
    folder.mkdir(parents=True)
    project = clone_demo(folder)
    machine = {"TZ": zone, "LC_ALL": language, "LANG": language, "PYTHONHASHSEED": seed}
    site = folder / "out" / "site"
    done = subprocess.run(
        [sys.executable, "-c", program, "-C", project, "site", "build", "--output", site],
        env={**os.environ, **machine},
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return {str(p.relative_to(site)): p.read_bytes() for p in site.rglob("*") if p.is_file()}


def test_two_builds_of_one_commit_are_the_same_bytes(tmp_path: Path) -> None:
    here = build(tmp_path / "a", _TODAY, zone="UTC", language="C", seed="1")
    deeper = tmp_path / "deeper than" / "ü"
    there = build(deeper, _ANOTHER_DAY, zone="Pacific/Auckland", language="C.UTF-8", seed="4242")

    assert sorted(here) == sorted(there)
    assert [path for path in here if here[path] != there[path]] == []
    assert {"sweeps.html", "lineage.html", "audit.html", "data.html"} <= set(here)
