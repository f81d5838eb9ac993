"""Seeding makes numbers repeat, and the run says with what."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import types

import numpy as np
import pytest

from gitrack.errors import UsageError
from gitrack.tracking import seeds
from gitrack.tracking.seeds import seed_everything, take_pending_seeds


@pytest.fixture(autouse=True)
def _no_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gitrack.tracking.active.active_run", lambda: None)
    monkeypatch.setattr(seeds, "_pending", {})
    monkeypatch.delenv("PYTHONHASHSEED", raising=False)
    monkeypatch.delitem(sys.modules, "torch", raising=False)  # another test may have loaded it


class FakeRun:
    def __init__(self) -> None:
        self.seeds: dict[str, int] = {}

    def log_seeds(self, seeds: dict[str, int]) -> None:
        self.seeds |= seeds


def test_python_and_numpy_repeat() -> None:
    assert seed_everything(42) == {"python": 42, "numpy": 42}
    first = (random.random(), np.random.rand())
    seed_everything(42)

    assert (random.random(), np.random.rand()) == first


def test_torch_is_seeded_if_it_is_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    torch = types.ModuleType("torch")
    given: list[int] = []
    torch.manual_seed = given.append  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "torch", torch)

    assert seed_everything(7) == {"python": 7, "numpy": 7, "torch": 7}
    assert given == [7]


def test_the_active_run_hears_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    run = FakeRun()
    monkeypatch.setattr("gitrack.tracking.active.active_run", lambda: run)

    seed_everything(1)

    assert run.seeds == {"python": 1, "numpy": 1}
    assert take_pending_seeds() == {}


def test_seeds_wait_for_the_run_that_starts_next() -> None:
    seed_everything(1)

    assert take_pending_seeds() == {"python": 1, "numpy": 1}
    assert take_pending_seeds() == {}


def test_hashes_are_seeded_for_processes_begun_from_here_on() -> None:
    seed_everything(5)

    assert os.environ["PYTHONHASHSEED"] == "5"
    code = "from gitrack.tracking.seeds import seed_everything as s; print(s(9))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "{'python': 9, 'numpy': 9, 'pythonhashseed': 5}\n"


def test_seeding_loads_neither_torch_nor_what_tracks() -> None:
    code = (
        "import sys; from gitrack.tracking.seeds import seed_everything; seed_everything(1); "
        "print('torch' in sys.modules, 'gitrack.tracking.active' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout == "False False\n"


@pytest.mark.parametrize("seed", [-1, 2**32, 1.5, "42", True, None])
def test_what_is_no_seed_is_refused(seed: object) -> None:
    with pytest.raises(UsageError, match="is not a whole number from 0"):
        seed_everything(seed)
