"""Projects to which pull requests are made."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.registry.check.pulls import POLICY, Pulls


@pytest.fixture
def make_pulls(repo: Path) -> Callable[..., Pulls]:
    """`make_pulls(policy)`: a project with that policy."""
    return lambda policy=POLICY: Pulls(repo, policy)


@pytest.fixture
def pulls(make_pulls: Callable[..., Pulls]) -> Pulls:
    """A project with the usual policy."""
    return make_pulls()
