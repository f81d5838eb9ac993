"""Reads the fenced blocks of a page, and plays them as its reader would type them.

A block of Python runs as a program. In a block of console, lines after `$ ` are typed into a
shell; what the page shows below them is compared, with `…` for anything. A block with a title
becomes a file of that name. A comment `<!-- not run: why -->` right above a block spares it (a file
is written all the same), and `<!-- before: command -->` types something that readers need not see.
"""

from __future__ import annotations

import fnmatch
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

_PARTS = re.compile(
    r"^<!-- (?P<note>before|not run): (?P<text>.*?) -->$"
    r"|^(?P<indent> *)```(?P<kind>\w+)(?: title=\"(?P<title>[^\"]+)\")?\n(?P<body>.*?)^ *```$",
    re.MULTILINE | re.DOTALL,
)


@dataclass
class Block:
    """A fenced block: its language, its title, its text, and the line it begins in."""

    kind: str
    title: str | None
    text: str
    line: int


def blocks(page: str) -> list[Block]:
    """All that is to be played, in order."""
    found: list[Block] = []
    spared = False
    for match in _PARTS.finditer(page):
        line = page.count("\n", 0, match.start()) + 1
        if match["note"] == "not run":
            spared = True
        elif match["note"] == "before":
            found.append(Block("console", None, f"$ {match['text']}\n", line))
        else:
            body = re.sub(rf"^{match['indent']}", "", match["body"], flags=re.MULTILINE)
            if not spared or match["title"]:
                kind = "text" if spared else match["kind"]
                found.append(Block(kind, match["title"], body, line))
            spared = False
    return found


class Player:
    """Plays blocks in one folder, with the `gitrack` of this environment on the path."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment = {
            **os.environ,
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "COLUMNS": "200",
            "OMP_NUM_THREADS": "1",  # tests run side by side
        }
        self.played = 0

    def play(self, block: Block) -> None:
        if block.title:
            path = self.folder / block.title
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.text)
        if block.kind == "python":
            name = block.title or "example.py"
            if not block.title:
                (self.folder / name).write_text(block.text)
            self._type(f"python {name}", block)
            if not block.title:
                (self.folder / name).unlink()
        elif block.kind == "console":
            for command, shown in _typed(block.text):
                printed = self._type(command, block)
                if shown:
                    why = f"printed\n{printed}\nand the page shows\n{shown}"
                    assert _alike(printed, shown), f"line {block.line}: {command} {why}"

    def _type(self, command: str, block: Block) -> str:
        self.played += 1
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"line {block.line}: {command}\n{done.stdout}"
        return done.stdout


def _typed(text: str) -> list[tuple[str, str]]:
    """(command, what is shown below it) of a console block; a `> ` line goes on with a command."""
    found: list[tuple[str, str]] = []
    for line in text.splitlines():
        if line.startswith("$ "):
            found.append((line[2:], ""))
        elif found and line.startswith("> ") and not found[-1][1]:
            found[-1] = (f"{found[-1][0]}\n{line[2:]}", "")
        elif found:
            found[-1] = (found[-1][0], f"{found[-1][1]}{line}\n")
    return found


def _alike(printed: str, shown: str) -> bool:
    """Line by line; `…` stands for anything, alone on a line for any lines."""

    def clean(text: str) -> str:
        return "\n".join(" ".join(line.split()) for line in text.strip().splitlines())

    pattern = "".join(f"[{c}]" if c in "[]*?" else c for c in clean(shown)).replace("…", "*")
    return fnmatch.fnmatchcase(clean(printed), pattern)
