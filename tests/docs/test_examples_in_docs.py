"""What the docs tell readers to type works, in the order in which they tell it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.docs.blocks import Player, blocks

TOP = Path(__file__).resolve().parents[2]
PAGES = [TOP / "README.md", TOP / "CONTRIBUTING.md", *sorted((TOP / "docs").rglob("*.md"))]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(TOP)))
def test_the_examples_of_a_page_work(page: Path, repo: Path) -> None:
    player = Player(repo)
    for block in blocks(page.read_text("utf-8")):
        player.play(block)
