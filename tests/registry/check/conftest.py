"""Projects to which pull requests are made."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.registry.check.pulls import POLICY, Pulls


@pytest.fixture
def make_pulls(repo: Path) -> Callable[..., Pulls]:
    """`make_pulls(policy)`: a project with that policy."""

    def make(policy: str | None = POLICY) -> Pulls:
        made = Pulls(repo)
        made.begin(policy)
        return made

    return make


@pytest.fixture(scope="session")
def _made_once() -> dict[str, Path]:
    return {}


@pytest.fixture
def pulls(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
    _made_once: dict[str, Path],
) -> Pulls:
    """A project with the usual policy: a copy of one that was made once."""
    if "usual" not in _made_once:
        request.getfixturevalue("make_pulls")()
        kept = tmp_path_factory.mktemp("usual") / "project"
        shutil.copytree(tmp_path / "project", kept)
        _made_once["usual"] = kept
        return Pulls(tmp_path / "project")
    shutil.copytree(_made_once["usual"], tmp_path / "project")
    return Pulls(tmp_path / "project")
