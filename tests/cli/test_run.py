"""`gitrack run` and `gitrack repro` are typed as their help says."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from gitrack.cli.commands.run import pairs
from gitrack.cli.main import cli
from gitrack.project.pipelines import asks_for_repro


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("12", 12),
        ("0.05", 0.05),
        ("true", True),
        ("null", None),
        ("abc", "abc"),
        ("", ""),
        ("a=b", "a=b"),
        ("[1, 2]", "[1, 2]"),
        ("*x", "*x"),
        ("2024-10-22", "2024-10-22"),
        ("nan", "nan"),
    ],
)
def test_values_are_read_as_yaml_reads_them(text: str, value: object) -> None:
    assert pairs("param", [f"key={text}"]) == {"key": value}


@pytest.mark.parametrize("given", [["-p", "lr"], ["-p", "=3"], ["-t", "a=1", "-t", "a=2"], []])
def test_what_is_typed_wrongly_is_refused(repo: Path, monkeypatch, given: list[str]) -> None:
    monkeypatch.chdir(repo)

    result = CliRunner().invoke(cli, ["run", *given, *(["--", "true"] if given else [])])

    assert result.exit_code == 2


@pytest.mark.parametrize(
    ("words", "arguments"),
    [
        ("dvc repro", ["repro"]),
        ("dvc repro train --force", ["repro", "train", "--force"]),
        ("/opt/bin/dvc -q repro", ["-q", "repro"]),
        ("dvc --cd sub repro", ["--cd", "sub", "repro"]),
        ("python3 -m dvc repro", ["repro"]),
        ("dvc status", None),
        ("dvc --cd repro status", None),
        ("dvc", None),
        ("python repro.py", None),
        ("mydvc repro", None),
    ],
)
def test_dvc_repro_is_recognised(words: str, arguments: list[str] | None) -> None:
    assert asks_for_repro(words.split()) == arguments
