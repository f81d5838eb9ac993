"""`import gitrack` is cheap, and everything that it promises is there."""

from __future__ import annotations

import ast
import inspect
import subprocess
import sys
from pathlib import Path

import pytest

import gitrack


@pytest.mark.parametrize("name", gitrack.__all__)
def test_every_name_is_there(name):
    assert getattr(gitrack, name) is not None
    assert name in dir(gitrack)


def test_what_is_not_there_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'log_everything'"):
        gitrack.log_everything  # noqa: B018


def test_editors_and_type_checkers_see_the_same_names():
    tree = ast.parse(Path(inspect.getfile(gitrack)).read_text())
    guarded = next(node for node in tree.body if isinstance(node, ast.If))
    seen = {alias.name for node in ast.walk(guarded) for alias in getattr(node, "names", ())}
    assert seen | {"__version__"} == set(gitrack.__all__)


def test_importing_it_imports_next_to_nothing():
    code = "import gitrack, sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = {name for name in done.stdout.split() if name.startswith("gitrack")}
    assert loaded == {"gitrack"}
    assert "msgspec" not in done.stdout


def test_tracking_a_run_imports_no_heavy_library(repo):
    code = (
        "import sys, gitrack\nwith gitrack.start_run('e') as run: run.log_metric('x', 1.0)\n"
        "print(*sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=repo, capture_output=True, text=True, check=True
    )
    heavy = {"pandas", "numpy", "git", "dvc", "dvc_data", "rich", "lark", "pyarrow", "yaml"}
    assert heavy.isdisjoint(name.partition(".")[0] for name in done.stdout.split())


def test_a_heavy_file_needs_the_parts_of_dvc_alone_that_hold_data(repo):
    code = (
        "import sys, gitrack\nwith gitrack.start_run('e') as run:\n"
        "    run.log_bytes(bytes(300_000), 'x')\nprint(*sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=repo, capture_output=True, text=True, check=True
    )
    loaded = done.stdout.split()
    assert "dvc_data" in loaded
    assert not [name for name in loaded if name == "dvc" or name.startswith("dvc.")]
