"""`gitrack diff` of commits says what `dvc metrics diff` and `dvc params diff` say."""

from __future__ import annotations

import json
import math
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from gitrack.cli.main import cli
from gitrack.config.yaml_bombs import stands_for
from gitrack.errors import MissingExtra, NotFound, UsageError
from gitrack.project.files_diff import DvcRefused, diff_files

DVC_YAML = """
metrics: [m/nested.json, m/flat.yaml, m/removed.json, m/added.json, m/odd.json, m/broken.json]
params: [p/deep.yaml, p/list.json, p/table.toml, p/code.py, p/removed.yaml, p/added.yaml]
stages:
  s:
    cmd: echo ok
    params: [lr, model.depth, p/some.yaml: [one.two]]
    metrics: [m/stage.json: {cache: false}]
"""

#: file → its content in the first commit, in the second, and in the workspace; None: not there
FILES: dict[str, tuple[str | None, str | None, str | None]] = {
    "m/nested.json": (
        '{"auc": 0.5, "by": {"hour": {"x": 1}, "gone": 2}}',
        '{"auc": 0.75, "by": {"hour": {"x": 1}, "new": 3}}',
        '{"auc": 0.75, "by": {"hour": {"x": -1}}}',
    ),
    "m/flat.yaml": ("loss: 1.5\nn: 3\n", "loss: 1.5\nn: 4\n", "loss: 1.25\nn: 4\n"),
    "m/removed.json": ('{"a": 1}', '{"a": 1}', None),
    "m/added.json": (None, '{"b": 1}', '{"b": 2}'),
    "m/odd.json": (
        '{"text": "good", "nan": NaN, "list": [1, 2], "flag": true, "none": null, "same": 1}',
        '{"text": "bad", "nan": NaN, "list": [1, 3], "flag": false, "none": 1, "same": 1}',
        '{"text": 3, "nan": 1.0, "list": [], "flag": false, "inf": Infinity, "same": 1}',
    ),
    "m/broken.json": ('{"a": 1}', "{broken", '{"a": 2}'),
    "m/stage.json": ("0.5", "0.625", '{"f1": 0.5}'),
    "params.yaml": (
        "lr: 0.1\nmodel: {depth: 3, layers: [1, 2]}\nunused: 1\n",
        "lr: 1e-3\nmodel: {depth: 3, layers: [1, 3]}\nunused: 2\n",
        "lr: 0.1\nmodel: {depth: deep}\n",
    ),
    "p/deep.yaml": ("a: {b: {c: {d: 1}}}\n", "a: {b: {c: {d: 2}}}\n", "a: {b: {c: 3}}\n"),
    "p/list.json": ('{"l": [1], "m": [1, 2]}', '{"l": [2], "m": [1, 2]}', '{"l": [2], "m": []}'),
    "p/table.toml": (
        "[opt]\nlr = 0.1\n[opt.inner]\nwhen = '2024-01-02'\n",
        "[opt]\nlr = 0.2\n",
        "[opt]\nlr = 0.2\nname = 'x'\n",
    ),
    "p/code.py": (
        "DEPTH = 3\nclass Train:\n    lr = 0.1\n    opt = {'a': [1, 2]}\n",
        "DEPTH = 4\nclass Train:\n    lr = 0.1\n    opt = {'a': [1, 3]}\n",
        "DEPTH = 4\n",
    ),
    "p/removed.yaml": ("x: 1\n", None, None),
    "p/added.yaml": (None, None, "y: null\nz: 0\n"),
    "p/some.yaml": ("one: {two: 2, three: 3}\n", "one: {two: 22}\n", "one: {two: 22, three: 33}\n"),
}

Say = Callable[..., Any]


@pytest.fixture(scope="module")
def compared(tmp_path_factory: pytest.TempPathFactory, _template: Path) -> Path:
    """Two commits, the first of which is tagged, and a changed workspace."""
    import shutil

    folder = Path(
        shutil.copytree(_template, tmp_path_factory.mktemp("diff") / "project", symlinks=True)
    )
    (folder / "dvc.yaml").write_text(DVC_YAML)
    git = ["git", "-C", str(folder), "-c", "user.name=A", "-c", "user.email=a@b"]
    for version in range(3):
        for name, contents in FILES.items():
            path, content = folder / name, contents[version]
            path.parent.mkdir(exist_ok=True)
            if content is None:
                path.unlink(missing_ok=True)
            else:
                path.write_text(content)
        if version < 2:
            subprocess.run([*git, "add", "-A"], check=True)
            subprocess.run([*git, "commit", "-q", "-m", f"version {version}"], check=True)
        if version == 0:
            subprocess.run([*git, "tag", "v1"], check=True)
    return folder


@pytest.fixture
def dvc_says(type_) -> Say:
    """What the real command prints as JSON, typed in the current folder."""

    def say(*arguments: str) -> Any:
        return _comparable(json.loads(type_(Path.cwd(), "dvc", *arguments, "--json").stdout))

    return say


def _gitrack_says(*arguments: str) -> Any:
    result = CliRunner().invoke(cli, ["diff", *arguments, "--json"], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def _comparable(value: Any) -> Any:
    """Our JSON is strict: NaN and infinities are texts in it."""
    if isinstance(value, dict):
        return {key: _comparable(entry) for key, entry in value.items()}
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return value


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["v1"],
        ["v1", "HEAD"],
        ["main", "v1"],
        ["HEAD~1", "workspace", "--all"],
        ["v1", "HEAD", "--all"],
    ],
    ids=" ".join,
)
def test_the_same_keys_values_and_differences(
    compared: Path, monkeypatch, dvc_says: Say, arguments: list[str]
) -> None:
    monkeypatch.chdir(compared)

    found = _gitrack_says(*arguments)

    assert found["metrics"] == dvc_says("metrics", "diff", *arguments)
    assert found["params"] == dvc_says("params", "diff", *arguments)
    assert found["metrics"]
    assert found["params"]


def test_paths_are_those_from_here(compared: Path, monkeypatch, dvc_says: Say) -> None:
    monkeypatch.chdir(compared / "m")

    found = _gitrack_says()

    assert "../p/deep.yaml" in found["params"]
    assert found["metrics"] == dvc_says("metrics", "diff")
    assert found["params"] == dvc_says("params", "diff")


def test_files_that_are_named(compared: Path, monkeypatch, dvc_says: Say) -> None:
    monkeypatch.chdir(compared)

    found = _gitrack_says("v1", "--metrics", "--targets", "m/flat.yaml")

    assert found == {"metrics": dvc_says("metrics", "diff", "v1", "--targets", "m/flat.yaml")}
    found = _gitrack_says("v1", "--params", "--targets", "p/some.yaml")
    assert found == {"params": dvc_says("params", "diff", "v1", "--targets", "p/some.yaml")}


def test_what_cannot_be_read_is_said(compared: Path, monkeypatch) -> None:
    monkeypatch.chdir(compared)

    found = diff_files("v1", "HEAD")

    beginning = "metrics of m/broken.json in HEAD cannot be read: "
    assert any(fault.startswith(beginning) for fault in found.faults), found.faults
    assert "m/added.json is not there in v1" in found.faults


def test_a_table_shows_values_signs_and_percents(compared: Path, monkeypatch) -> None:
    monkeypatch.chdir(compared)

    lines = CliRunner().invoke(cli, ["diff", "v1", "HEAD"]).stdout.splitlines()

    rows = [line.split() for line in lines]
    assert rows[0] == ["file", "metric", "v1", "HEAD", "change"]
    assert ["m/nested.json", "auc", "0.5", "0.75", "+0.25", "(+50%)"] in rows
    assert ["m/nested.json", "by.new", "-", "3"] in rows
    assert ["p/code.py", "DEPTH", "3", "4", "+1", "(+33.3%)"] in rows
    assert ["m/odd.json", "text", "good", "bad"] in rows


def test_markdown_holds_no_markup_of_strangers(dvc_project: Path, monkeypatch, git) -> None:
    (dvc_project / "params.yaml").write_text('"a|b": "<img src=x>"\n"\\e[31m": 1\n')
    monkeypatch.chdir(dvc_project)

    text = CliRunner().invoke(cli, ["diff", "--md"]).stdout

    assert "a\\|b" in text
    assert "\\<img src=x\\>" in text
    assert "\x1b" not in text


def test_nothing_to_compare(dvc_project: Path, monkeypatch) -> None:
    monkeypatch.chdir(dvc_project)

    assert "no metrics or params differ" in CliRunner().invoke(cli, ["diff"]).stdout


def test_without_dvc_it_is_said_what_to_install(repo: Path, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "dvc.repo", None)
    monkeypatch.chdir(repo)

    with pytest.raises(MissingExtra, match="needs dvc"):
        diff_files()


def test_dates_are_texts_where_the_json_of_dvc_breaks_off(dvc_project: Path, monkeypatch) -> None:
    (dvc_project / "params.yaml").write_text("cutoff: 2024-09-30\n")
    monkeypatch.chdir(dvc_project)

    found = _gitrack_says("--params")

    assert found["params"]["params.yaml"]["cutoff"]["new"] == "2024-09-30"


def test_misuse_is_refused(dvc_project: Path, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(dvc_project)
    with pytest.raises(NotFound, match="nope"):
        diff_files("nope")
    outside = tmp_path / "outside"
    outside.mkdir()
    monkeypatch.chdir(outside)
    with pytest.raises(UsageError, match="no DVC project"):
        diff_files()


@pytest.mark.parametrize("name", ["p/deep.yaml", "dvc.yaml"])
def test_aliases_that_stand_for_more_than_memory_holds(
    compared: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """The commit is written without a checkout: whose it is does not matter."""
    rows = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    rows += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
    bomb = "\n".join(rows) + "\n"

    def git(*arguments: str, given: str = "") -> str:
        whole = ["git", "-C", str(compared), "-c", "user.name=A", "-c", "user.email=a@b"]
        env = {**os.environ, "GIT_INDEX_FILE": str(compared / ".git" / "other.index")}
        done = subprocess.run(
            [*whole, *arguments], input=given, capture_output=True, text=True, check=True, env=env
        )
        return done.stdout.strip()

    git("read-tree", "HEAD")
    blob = git("hash-object", "-w", "--stdin", given=bomb)
    git("update-index", "--add", "--cacheinfo", f"100644,{blob},{name}")
    commit = git("commit-tree", git("write-tree"), "-p", "HEAD", "-m", "bomb")
    monkeypatch.chdir(compared)
    with pytest.raises(DvcRefused, match=f"{re.escape(name)} in .* stands for more than"):
        diff_files("HEAD", commit)


def test_a_few_aliases_are_no_bomb() -> None:
    assert stands_for(b"a: &a {x: 1, y: 2}\nb: *a\nc: [*a, *a]\n", 100) == 25
    assert stands_for(b"a: [", 100) == 0
