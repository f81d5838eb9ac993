"""The locked versions are exact, agree with the ranges, and hold no machine's addresses."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

TOP = Path(__file__).resolve().parents[2]
LOCKS = ["dev.txt", "demo.txt"]


def _lines(lock: str) -> list[str]:
    text = (TOP / "requirements" / lock).read_text()
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def _pins(lock: str) -> dict[str, list[Requirement]]:
    pins: dict[str, list[Requirement]] = {}
    for line in _lines(lock):
        requirement = Requirement(line)
        pins.setdefault(canonicalize_name(requirement.name), []).append(requirement)
    return pins


def _wanted(lock: str) -> list[Requirement]:
    """What pyproject.toml asks for: the core, the extras that the lock is for, its groups."""
    data = tomllib.loads((TOP / "pyproject.toml").read_text())
    project, groups = data["project"], data["dependency-groups"]
    names = list(project["dependencies"])
    for extra in _extras(project["optional-dependencies"], lock):
        names += project["optional-dependencies"][extra]
    names += groups["build"]
    if lock == "dev.txt":
        names += [name for name in groups["dev"] if isinstance(name, str)]
    return [Requirement(name) for name in names if not name.startswith("gitrack-ml")]


def _extras(known: dict[str, list[str]], lock: str) -> set[str]:
    """All of them, or those that the demo names and those that they name."""
    if lock == "dev.txt":
        return set(known)
    found, left = set(), {"demo"}
    while left:
        extra = left.pop()
        found.add(extra)
        own = (Requirement(name) for name in known[extra])
        left |= {e for one in own if one.name == "gitrack-ml" for e in one.extras} - found
    return found


@pytest.mark.parametrize("lock", LOCKS)
def test_every_line_is_one_exact_version(lock: str) -> None:
    for line in _lines(lock):
        assert re.fullmatch(r"[a-z0-9][a-z0-9.-]*==[^ ;]+( ; .+)?", line), line


@pytest.mark.parametrize("lock", LOCKS)
def test_the_lock_is_fresh(lock: str) -> None:
    """Run scripts/lock when this fails: pyproject.toml asks for what the lock has not."""
    pins = _pins(lock)
    for wanted in _wanted(lock):
        locked = pins.get(canonicalize_name(wanted.name))
        assert locked, f"{wanted} is not in {lock}: run scripts/lock"
        for pin in locked:
            version = next(iter(pin.specifier)).version
            assert wanted.specifier.contains(version), f"{pin} is not {wanted}: run scripts/lock"


def test_the_demo_has_the_versions_that_were_tested() -> None:
    """Markers aside: what the demo needs on some systems, the tests may need on all."""
    tested = {line.partition(" ;")[0] for line in _lines("dev.txt")}
    assert {line.partition(" ;")[0] for line in _lines("demo.txt")} <= tested


@pytest.mark.parametrize("lock", LOCKS)
def test_no_gigabytes_come_along(lock: str) -> None:
    names = set(_pins(lock))
    assert not names & {"torch", "tensorflow"}
    if lock == "demo.txt":
        assert not names & {"mlflow", "moto", "onnx"}
    assert not [name for name in names if name.startswith("nvidia-")]
