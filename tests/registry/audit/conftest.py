"""The clean history, told once; every test works on a copy of it."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from tests.registry.audit.history import Case, History, tell


@pytest.fixture(scope="session")
def told(tmp_path_factory: pytest.TempPathFactory) -> History:
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.startswith(("GIT_", "GITRACK_")):
                patch.delenv(name)
        patch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
        patch.setenv("GIT_CONFIG_NOSYSTEM", "1")
        return tell(tmp_path_factory.mktemp("told") / "project")


@pytest.fixture
def case(told: History, tmp_path: Path) -> Case:
    folder = tmp_path / "project"
    shutil.copytree(told.folder, folder)
    return Case(folder, told, told.forge.copy(folder))
