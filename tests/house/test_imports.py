"""Rooms import downwards only, a guest stays in its room, and the face stays light."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[2] / "gitrack"

#: From the ground up. A room imports from the storeys below its own.
STOREYS = [
    {"errors"},
    {"config"},
    {"model"},
    {"store", "artifacts", "models"},
    {"retrieval"},
    {"tracking"},
    {"project", "sharing", "registry", "analysis", "site"},
    {"__init__"},
    {"cli", "plugins"},
    {"__main__"},
]
HEIGHT = {room: height for height, storey in enumerate(STOREYS) for room in storey}

#: Outside libraries that only some rooms may import.
GUESTS = {
    "git": {"store"},
    # MLmodel and what stands beside it is YAML of other tools
    "yaml": {"config", "store", "models"},
    "dvc": {"artifacts", "project"},
    "dvc_data": {"artifacts"},
    "dvc_objects": {"artifacts"},
    "altair": {"site"},
    "jinja2": {"site"},
    "markupsafe": {"site"},
    "vl_convert": {"site"},
    "lark": {"model"},
    "re2": {"model"},
    "detect_secrets": {"tracking"},
    "xgboost": {"tracking", "models"},
    "lightgbm": {"tracking", "models"},
    "sklearn": {"tracking", "models", "analysis"},
    "skops": {"models"},
    "torch": {"tracking", "models"},
    "cloudpickle": {"models"},
    "onnx": {"models"},
    "onnxruntime": {"models"},
    "deltalake": {"tracking"},
    "matplotlib": {"tracking"},
    "openlineage": {"analysis"},
    "click": {"cli"},
    "mkdocs": {"plugins"},
    # and progress of what takes seconds
    "rich": {"cli", "artifacts"},
}

#: What `import gitrack` and a fast command must not load.
HEAVY = [
    "pandas",
    "numpy",
    "git",
    "yaml",
    "dvc",
    "dvc_data",
    "lark",
    "re2",
    "rich",
    "altair",
    "jinja2",
    "psutil",
    "detect_secrets",
    "pyarrow",
    "xgboost",
    "sklearn",
    "matplotlib",
]

FILES = sorted(path for path in PACKAGE.rglob("*.py") if "_shipped" not in path.parts)


def _room(parts: tuple[str, ...]) -> str:
    """The room of a module, by the parts of its name below `gitrack`."""
    return parts[0] if parts else "__init__"


def _module(path: Path) -> tuple[str, ...]:
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return parts[:-1] if parts[-1] == "__init__" else parts


def _imports(path: Path) -> Iterator[tuple[int, tuple[str, ...]]]:
    """(line, dotted name in parts) of everything a module imports, anywhere in it."""
    package = ("gitrack", *_module(path))
    if path.name != "__init__.py":
        package = package[:-1]
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            for name in node.names:
                yield node.lineno, tuple(name.name.split("."))
        elif isinstance(node, ast.ImportFrom):
            base = tuple(node.module.split(".")) if node.module else ()
            if node.level:
                base = package[: len(package) - node.level + 1] + base
            for name in node.names:
                yield node.lineno, (*base, name.name)


def _target_room(name: tuple[str, ...]) -> str:
    """The room that `gitrack.x.y` lies in; a name of the face itself belongs to the face."""
    rest = name[1:]
    return rest[0] if rest and rest[0] in HEIGHT else "__init__"


def test_every_room_has_its_storey() -> None:
    rooms = {_room(_module(path)) for path in FILES}
    assert rooms <= set(HEIGHT), f"{rooms - set(HEIGHT)} has no storey yet"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_go_down(path: Path) -> None:
    room = _room(_module(path))
    wrong = []
    for line, name in _imports(path):
        if name[0] != "gitrack":
            continue
        target = _target_room(name)
        if target != room and HEIGHT[target] >= HEIGHT[room]:
            wrong.append(f"{path.relative_to(PACKAGE)}:{line} imports {'.'.join(name)}")
    assert not wrong


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_guest_stays_in_its_room(path: Path) -> None:
    room = _room(_module(path))
    wrong = [
        f"{path.relative_to(PACKAGE)}:{line} imports {name[0]}"
        for line, name in _imports(path)
        if name[0] in GUESTS and room not in GUESTS[name[0]]
    ]
    assert not wrong


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_module_says_what_it_holds(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text("utf-8")))
    assert path.stem not in {"utils", "util", "helpers", "helper", "manager", "common", "misc"}


@pytest.mark.parametrize("statement", ["import gitrack", "import gitrack.cli.main"])
def test_the_face_is_light(statement: str) -> None:
    code = f"import sys; {statement}; print(*sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    loaded = set(done.stdout.split())

    assert not loaded & set(HEAVY)
