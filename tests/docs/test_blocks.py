"""The reader of fenced blocks finds them all, and notices what does not work."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.docs.blocks import Block, Player, blocks

PAGE = """
```yaml title="a/b.yaml"
x: 1
```
<!-- not run: it needs a network -->
```console
$ curl example.com
```
<!-- before: touch seen -->
1. First

    ```console
    $ cat a/b.yaml
    x: …
    ```
"""


def test_blocks_are_found_in_order_and_one_is_spared() -> None:
    found = blocks(PAGE)

    assert [(block.kind, block.title) for block in found] == [
        ("yaml", "a/b.yaml"),
        ("console", None),
        ("console", None),
    ]
    assert found[2].text == "$ cat a/b.yaml\nx: …\n"


def test_a_page_is_played(tmp_path: Path) -> None:
    player = Player(tmp_path)

    for block in blocks(PAGE):
        player.play(block)

    assert (tmp_path / "seen").exists()
    assert player.played == 2


@pytest.mark.parametrize(
    "block",
    [
        Block("console", None, "$ echo one\ntwo\n", 1),
        Block("console", None, "$ false\n", 1),
        Block("python", None, "import sys; sys.exit(3)\n", 1),
    ],
)
def test_what_does_not_work_is_noticed(block: Block, tmp_path: Path) -> None:
    with pytest.raises(AssertionError):
        Player(tmp_path).play(block)
