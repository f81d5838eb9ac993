"""What a remote is known to have: a file that can be deleted at any time, and saves questions."""

from __future__ import annotations

import contextlib
import hashlib
import re
from collections.abc import Iterable
from pathlib import Path

from gitrack.model.md5 import is_md5

_HEADER = "gitrack sent 1"
_TREE = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?\Z", re.ASCII)
#: Lines of `tree` beyond which the file is written anew.
_STALE = 200


class Known:
    """Objects that were sent to one URL, and the runs of which all was sent.

    Lines are appended as things are sent, so that whoever is killed has lost nothing; a torn
    last line is no md5. Trouble with the disk only means that the remote is asked again.
    """

    def __init__(self, folder: Path, url: str) -> None:
        name = hashlib.sha256(url.encode("utf-8", "surrogateescape")).hexdigest()[:20]
        self._file = folder / f"sent-{name}.txt"
        self.md5s: set[str] = set()
        #: the id of the folder of runs that is complete there
        self.tree: str | None = None
        self._read()

    def add(self, md5s: Iterable[str]) -> None:
        """Note what the remote has now."""
        new = set(md5s) - self.md5s
        if new:
            self.md5s |= new
            self._append([*sorted(new)])

    def complete(self, tree: str) -> None:
        """Note that the remote has all that these runs need."""
        if tree != self.tree:
            self.tree = tree
            self._append([f"tree {tree}"])

    def forget(self) -> None:
        """Whoever deletes on the remote makes us ask it again."""
        self.md5s.clear()
        self.tree = None
        with contextlib.suppress(OSError):  # a cache that cannot be deleted is asked --verify
            self._file.unlink()

    def _read(self) -> None:
        try:
            lines = self._file.read_text("utf-8", "replace").split("\n")
        except OSError:
            return
        if lines[0] != _HEADER:
            self.forget()
            return
        self.md5s = set(filter(is_md5, lines))
        trees = [line[5:] for line in lines if line.startswith("tree ")]
        trees = [tree for tree in trees if _TREE.match(tree)]
        if trees:
            self.tree = trees[-1]
        if len(trees) > _STALE:
            self._rewrite()

    def _append(self, lines: list[str]) -> None:
        # a line that was torn by a kill must not swallow the first of ours
        text = "\n" + "".join(f"{line}\n" for line in lines)
        with contextlib.suppress(OSError):  # then the remote is asked again the next time
            self._file.parent.mkdir(parents=True, exist_ok=True)
            with self._file.open("a", encoding="utf-8") as file:
                file.write(text if file.tell() else _HEADER + text)

    def _rewrite(self) -> None:
        lines = [_HEADER, *sorted(self.md5s), *([f"tree {self.tree}"] if self.tree else [])]
        aside = self._file.with_suffix(".new")
        with contextlib.suppress(OSError):  # it stays long
            aside.write_text("\n".join(lines) + "\n", encoding="utf-8")
            aside.replace(self._file)
