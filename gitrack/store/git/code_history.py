"""The code's own commits, folders and files, by their ids alone: no branch has a say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

from gitrack.errors import GitFailed, GitrackError
from gitrack.store.git.ancestry import PastCommit, past_commits, sizes
from gitrack.store.git.process import first_complaint
from gitrack.store.git.reader import ObjectReader
from gitrack.store.git.repository import Repository

Kind = Literal["tree", "file", "link", "module"]
_KINDS: Mapping[bytes, Kind] = {
    b"40000": "tree",
    b"040000": "tree",
    b"120000": "link",
    b"160000": "module",
}


class InFolder(NamedTuple):
    """What lies in a folder of a commit; its name may be any bytes."""

    name: bytes
    kind: Kind
    id: str


class CodeHistory:
    """What this clone has of the code. Nothing is fetched."""

    def __init__(self, repository: Repository) -> None:
        self._repository = repository
        self._reader = ObjectReader(repository)

    def edge(self) -> bytes:
        """Where this clone is cut off from what came before; empty where it is not."""
        try:
            return (self._repository.common_dir / "shallow").read_bytes()
        except FileNotFoundError:
            return b""

    def root(self, commit: str) -> str | None:
        """The id of a commit's outermost folder; None where the commit is not in this clone."""
        if self._repository.partial:
            return None  # git would fetch, one object after the other
        try:
            return self._reader.commit(commit).tree.hex()
        except GitrackError:  # somebody else's commit, or none at all
            return None

    def below(self, commits: Sequence[str], *, most: int) -> tuple[list[PastCommit], bool]:
        """(these commits and those before them, newest first; true where there are still more)."""
        asked = "".join(f"{commit}\n" for commit in commits).encode("ascii")
        arguments = ["-c", "core.commitGraph=false", "rev-list", "--date-order"]
        done = self._repository.run(*arguments, f"--max-count={most + 1}", "--stdin", input=asked)
        if done.code:
            raise GitFailed(["rev-list"], first_complaint(done.err))
        ids = done.out.decode("ascii").split()
        return past_commits(self._repository, ids[:most]), len(ids) > most

    def folder(self, id: str) -> list[InFolder]:
        """What lies in a folder, by name."""
        items = self._reader.folder(bytes.fromhex(id)).items
        return [
            InFolder(name, _KINDS.get(item.mode, "file"), item.id.hex())
            for name, item in sorted(items.items())
        ]

    def sizes(self, ids: Sequence[str]) -> dict[str, int]:
        """How large files are."""
        return sizes(self._repository, ids)

    def file(self, id: str) -> bytes:
        """The contents of a file."""
        return self._reader.blob(bytes.fromhex(id))
