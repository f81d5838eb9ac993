"""The docs build, ask no other machine for anything, and are as fresh as the code."""

from __future__ import annotations

import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import click
import pytest
from msgspec import Struct

import gitrack
from gitrack.cli.main import COMMANDS, cli
from gitrack.model import collected, named, pipeline, profile, promotion, registered, run

TOP = Path(__file__).resolve().parents[2]

#: What files of the branch are made of.
STORED: list[type[Struct]] = [
    *(run.Run, run.Code, run.Dataset, run.Use, run.Environment, run.Artifact, run.Evidence),
    *(pipeline.Pipeline, pipeline.StageRun, pipeline.StageFile),
    *(profile.TableProfile, profile.ColumnProfile, profile.Histogram),
    *(named.ArtifactVersion, named.ArtifactAlias, collected.Collected),
    *(registered.RegisteredModel, registered.ModelVersion),
    *(registered.StageState, registered.ModelAlias, registered.Proof, registered.JUnitCount),
    *(promotion.Promotion, promotion.Verdict, promotion.PolicyUsed, promotion.Follows),
]


class _Loads(HTMLParser):
    """Addresses that a browser fetches by itself when it shows a page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        has = dict(attrs)
        if tag in {"script", "img", "iframe", "source", "video", "audio"} and has.get("src"):
            self.found.append(str(has["src"]))
        if tag == "link" and has.get("rel") not in {"canonical", "prev", "next"}:
            self.found.append(str(has.get("href")))


def test_the_docs_build_strictly_and_stand_alone(tmp_path: Path) -> None:
    output = tmp_path / "docs"
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(output)],
        cwd=TOP,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr

    pages = list(output.rglob("*.html"))
    assert len(pages) > 15
    for page in pages:
        loads = _Loads()
        loads.feed(page.read_text("utf-8"))
        outside = [url for url in loads.found if re.match(r"(https?:)?//", url)]
        assert not outside, f"{page.relative_to(output)} loads {outside}"


def test_the_page_of_commands_is_fresh() -> None:
    script = TOP / "scripts" / "write_commands.py"
    done = subprocess.run(
        [sys.executable, str(script), "--check"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_and_a_place_in_the_docs(name: str) -> None:
    command = cli.get_command(click.Context(cli), name)

    assert command is not None
    assert command.help
    assert f"`gitrack {name}`" in (TOP / "docs" / "commands.md").read_text("utf-8")
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert parameter.help, f"gitrack {name} {parameter.opts[0]} has no help"


@pytest.mark.parametrize("name", sorted(set(gitrack.__all__) - {"__version__"}))
def test_every_public_name_is_in_the_page_of_the_api(name: str) -> None:
    page = (TOP / "docs" / "api.md").read_text("utf-8")
    assert re.search(rf"^::: gitrack\.(\w+\.)*{name}$|`{name}`", page, re.MULTILINE)


@pytest.mark.parametrize("record", STORED, ids=lambda record: record.__name__)
def test_every_key_that_is_stored_is_in_the_page_of_the_format(record: type[Struct]) -> None:
    page = (TOP / "docs" / "format.md").read_text("utf-8")
    for key in record.__struct_encode_fields__:
        said = rf"`{key}`|`\.{key}`|^[ -]*{key}:|\"{key}\":"
        assert re.search(said, page, re.MULTILINE), f"{key} of {record.__name__} is not told of"


def test_every_page_is_in_the_navigation() -> None:
    navigation = (TOP / "mkdocs.yml").read_text("utf-8")
    for page in (TOP / "docs").rglob("*.md"):
        assert str(page.relative_to(TOP / "docs")) in navigation


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"])
def test_links_of_the_top_pages_lead_somewhere(page: str) -> None:
    text = (TOP / page).read_text("utf-8")
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", text):
        assert (TOP / target).exists(), f"{page} links to {target}"
