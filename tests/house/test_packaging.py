"""What is built holds what is needed, and finds it again wherever it was installed."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest

from gitrack.config.shipped import shipped

TOP = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sdist, and the wheel that was built from the sdist."""
    output = tmp_path_factory.mktemp("dist")
    done = subprocess.run(
        [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(output), str(TOP)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return output


def _shipped_files() -> set[str]:
    listed = subprocess.run(
        ["git", "-C", str(TOP), "ls-files", "site_templates", "examples/flights"],
        capture_output=True,
        text=True,
        check=True,
    )
    return set(listed.stdout.split())


def test_the_wheel_holds_code_types_templates_and_the_example(built: Path) -> None:
    (wheel,) = built.glob("*.whl")

    names = set(zipfile.ZipFile(wheel).namelist())

    assert "gitrack/py.typed" in names
    assert "gitrack/cli/main.py" in names
    assert "gitrack/_shipped/examples/flights/.gitignore" in names
    assert "gitrack/registry/workflows/templates/github/gitrack-check.yml" in names
    missing = {name for name in _shipped_files() if f"gitrack/_shipped/{name}" not in names}
    assert not missing


def test_the_wheel_holds_nothing_else(built: Path) -> None:
    (wheel,) = built.glob("*.whl")

    tops = {name.split("/")[0] for name in zipfile.ZipFile(wheel).namelist()}
    written = [
        name
        for name in zipfile.ZipFile(wheel).namelist()
        if "__pycache__" in name or name.endswith((".parquet", ".ubj", ".skops"))
    ]

    assert {top for top in tops if not top.endswith(".dist-info")} == {"gitrack"}
    assert not written


def test_the_sdist_holds_what_the_test_command_needs(built: Path) -> None:
    (sdist,) = built.glob("*.tar.gz")

    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}

    for needed in [
        "tests/conftest.py",
        "requirements/dev.txt",
        "scripts/check",
        "mkdocs.yml",
        "docs/index.md",
        "benchmarks/__main__.py",
    ]:
        assert needed in names


def test_an_installed_wheel_finds_its_files(built: Path, tmp_path: Path) -> None:
    (wheel,) = built.glob("*.whl")
    target = tmp_path / "site"
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target"]
    subprocess.run([*pip, str(target), str(wheel)], check=True)

    code = (
        f"import sys; sys.path.insert(0, {str(target)!r})\n"
        "import gitrack; from gitrack.config.shipped import shipped\n"
        "print(gitrack.__file__)\n"
        "for name in ['site_templates', 'examples/flights']: print(shipped(name))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )

    places = done.stdout.split("\n")[:3]
    assert all(Path(place).is_relative_to(target) for place in places)
    assert Path(places[2], "train.py").is_file()


def test_a_checkout_finds_its_files() -> None:
    assert shipped("examples/flights") == TOP / "examples/flights"
    assert shipped("site_templates") == TOP / "site_templates"


def test_the_version_is_said_once_in_code_and_once_in_the_project() -> None:
    import gitrack

    project = tomllib.loads((TOP / "pyproject.toml").read_text())["project"]

    assert project["version"] == gitrack.__version__
    assert f"## [{gitrack.__version__}]" in (TOP / "CHANGELOG.md").read_text()
