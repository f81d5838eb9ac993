"""Commits made to the byte, with any author and any date: honest ones and forged ones."""

from __future__ import annotations

import dataclasses
import hashlib
import subprocess
import zlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

ADA = "Ada Example <ada@example.com>"
BOB = "Bob Example <bob@example.com>"
EVE = "Eve Example <eve@example.com>"


class Link(bytes):
    """Contents of what is a symbolic link and no file."""


@dataclasses.dataclass
class Made:
    """A commit with all that it was made of, so that it can be made again in another way."""

    parents: tuple[str, ...]
    changes: dict[str, bytes | None]
    message: str
    author: str
    authored: int
    committer: str
    committed: int


class Forge:
    """Writes objects of a repository, and remembers how."""

    def __init__(self, repository: Path, branch: str = "gitrack") -> None:
        self.repository = repository
        self.branch = branch
        self.git_dir = repository / ".git" if (repository / ".git").exists() else repository
        self.files: dict[str, dict[str, str]] = {}
        self.made: dict[str, Made] = {}
        self.links: set[str] = set()

    def copy(self, repository: Path) -> Forge:
        """The same memory for a copy of the repository."""
        other = Forge(repository, self.branch)
        other.files = dict(self.files)
        other.made = dict(self.made)
        other.links = set(self.links)
        return other

    def object(self, kind: bytes, data: bytes) -> str:
        raw = b"%s %d\0%s" % (kind, len(data), data)
        id = hashlib.sha1(raw).hexdigest()
        place = self.git_dir / "objects" / id[:2] / id[2:]
        if not place.exists():
            place.parent.mkdir(exist_ok=True)
            place.write_bytes(zlib.compress(raw, 1))
        return id

    def commit(
        self,
        changes: Mapping[str, bytes | None],
        message: str,
        *,
        at: int,
        parents: Sequence[str] = (),
        author: str = ADA,
        committer: str | None = None,
        authored: int | None = None,
        base: str | None = None,
        header: bytes = b"",
    ) -> str:
        """A commit whose files are those of `base` (default: the first parent) with changes."""
        start = base or (parents[0] if parents else None)
        files = dict(self.files[start]) if start else {}
        for path, data in changes.items():
            if data is None:
                files.pop(path, None)
            else:
                files[path] = self.object(b"blob", data)
                if isinstance(data, Link):
                    self.links.add(files[path])
        made = Made(
            tuple(parents),
            dict(changes),
            message,
            author,
            at if authored is None else authored,
            committer or author,
            at,
        )
        lines = [f"tree {self.tree(files)}".encode()]
        lines += [f"parent {parent}".encode() for parent in parents]
        lines.append(f"author {made.author} {made.authored} +0000".encode())
        lines.append(f"committer {made.committer} {made.committed} +0000".encode())
        id = self.object(b"commit", b"\n".join(lines) + header + b"\n\n" + message.encode() + b"\n")
        self.files[id] = files
        self.made[id] = made
        return id

    def tree(self, files: Mapping[str, str]) -> str:
        below: dict[str, dict[str, str]] = {}
        items: dict[str, tuple[bytes, str]] = {}
        for path, id in files.items():
            name, slash, rest = path.partition("/")
            if slash:
                below.setdefault(name, {})[rest] = id
            else:
                items[name] = (b"120000" if id in self.links else b"100644", id)
        for name, inner in below.items():
            items[name] = (b"40000", self.tree(inner))
        ordered = sorted(items, key=lambda name: name + "/" * (items[name][0] == b"40000"))
        data = b"".join(
            b"%s %s\0%s"
            % (
                items[name][0],
                name.encode("utf-8", "surrogateescape"),
                bytes.fromhex(items[name][1]),
            )
            for name in ordered
        )
        return self.object(b"tree", data)

    def read(self, commit: str, path: str) -> bytes:
        id = self.files[commit][path]
        raw = zlib.decompress((self.git_dir / "objects" / id[:2] / id[2:]).read_bytes())
        return raw.partition(b"\0")[2]

    def point(self, commit: str, ref: str | None = None) -> str:
        """Let the branch stand at a commit; nobody's reflog says so."""
        name = ref or f"refs/heads/{self.branch}"
        place = self.git_dir / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(f"{commit}\n")
        return commit

    def line(self, tip: str) -> list[str]:
        """The commits of the first-parent line, the oldest first."""
        found = [tip]
        while self.made[found[-1]].parents:
            found.append(self.made[found[-1]].parents[0])
        return found[::-1]

    def again(self, tip: str, change: Callable[[str, Made], Made | None]) -> str:
        """All of history made once more, each commit as `change` says; None drops it."""
        new: dict[str, str | None] = {}

        def of(id: str) -> str | None:
            if id in new:
                return new[id]
            old = self.made[id]
            parents = [parent for one in old.parents if (parent := of(one)) is not None]
            made = change(id, old)
            if made is None:
                new[id] = parents[0] if parents else None
                return new[id]
            changes = dict(made.changes)
            if len(old.parents) > 1:
                changes = self._difference(old.parents[0], id) | {
                    path: data for path, data in changes.items() if path not in old.changes
                }
            new[id] = self.commit(
                changes,
                made.message,
                at=made.committed,
                authored=made.authored,
                parents=parents,
                author=made.author,
                committer=made.committer,
            )
            return new[id]

        for id in self.line(tip):
            of(id)
        result = of(tip)
        assert result is not None
        return result

    def _difference(self, old: str, new: str) -> dict[str, bytes | None]:
        before, after = self.files[old], self.files[new]
        found: dict[str, bytes | None] = {
            path: self.read(new, path) for path, id in after.items() if before.get(path) != id
        }
        return found | {path: None for path in before if path not in after}


def git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", "-C", str(folder), *arguments], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"git {' '.join(arguments)}: {done.stderr}"
    return done.stdout.strip()
