"""What the docs tell readers to type works, in the order in which they tell it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs.blocks import Block, Player, blocks

TOP = Path(__file__).resolve().parents[2]
PAGES = [TOP / "CONTRIBUTING.md", *sorted((TOP / "docs").rglob("*.md"))]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(TOP)))
def test_the_examples_of_a_page_work(page: Path, repo: Path) -> None:
    player = Player(repo)
    for block in blocks(page.read_text("utf-8")):
        player.play(block)


def test_the_readme_answers_its_questions(repo: Path) -> None:
    """Every command of the table works on what the examples above it have tracked."""
    text = (TOP / "README.md").read_text("utf-8")
    player = Player(repo)
    for block in blocks(text):
        player.play(block)
    table = text.partition("## What it answers")[2].partition("## ")[0]
    answers = re.findall(r"`(git[^`]+)`", table)
    assert len(answers) >= 7
    for command in answers:
        # nothing was tracked here half a year ago
        player.play(Block("console", None, f"$ {command.replace('now-180d', 'now')}\n", 0))
