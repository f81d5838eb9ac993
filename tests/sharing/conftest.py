"""Two clones of one remote."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.sharing.clones import Clones


@pytest.fixture
def clones(tmp_path: Path) -> Clones:
    return Clones(tmp_path)
