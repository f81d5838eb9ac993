"""The tracking branch in a git repository."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from gitrack.errors import GitrackError, NotFound
from gitrack.store.branch import Entry, MakePlan, check_commit
from gitrack.store.git.objects import Folder
from gitrack.store.git.reader import ObjectReader
from gitrack.store.git.refs import Ref
from gitrack.store.git.repository import Repository
from gitrack.store.git.trees import (
    TooManyFolders,
    decode,
    differences,
    encode,
    files_below,
    find,
    folders_below,
    limited,
    names_in,
)

if TYPE_CHECKING:
    from gitrack.store.git.merge import Mediate, Resolve
    from gitrack.store.git.writer import Writer

#: Beyond so many folders a git process is faster than opening them one by one.
_FOLDERS_BY_HAND = 64


class GitBranch:
    """Files of one branch, read and committed without a checkout, an index or a hook.

    In a clone that has the branch on its remote only, reading looks there, and the first commit
    starts the local branch from it. With `start`, a branch that is not there yet reads as that
    commit, and begins from it.
    """

    def __init__(
        self,
        repository: Repository,
        name: str = "gitrack",
        *,
        remote: str | None = "origin",
        start: str | None = None,
    ) -> None:
        self.name = name
        self.remote = remote
        self.repository = repository
        self._ref = Ref(repository, name, remote, start=start)
        self._reader = ObjectReader(repository)

    def tip(self) -> str | None:
        """The id of the newest commit, read from the ref's file."""
        return self._ref.read() or self._ref.read_remote()

    def local_and_remote(self) -> tuple[str | None, str | None]:
        """Where the branch stands here, and where it stood on the remote when it was last seen."""
        return self._ref.read(), self._ref.read_remote()

    def tree(self, path: str = "", *, at: str | None = None) -> str | None:
        folder = self._folder(path, at)
        return folder.id.hex() if folder is not None and folder.id is not None else None

    def read(self, path: str, *, at: str | None = None) -> bytes:
        root = self._folder("", at)
        item = find(self._reader.folder, root, path) if root is not None and path else None
        if item is None or not item.is_file:
            raise NotFound(f"{path!r} is not a file on {self.name}")
        return self._reader.blob(item.id)

    def read_many(self, ids: Iterable[str]) -> Iterator[tuple[str, bytes | GitrackError]]:
        return self._reader.many(list(ids))

    def entries(self, under: str = "", *, at: str | None = None) -> list[Entry]:
        folder, prefix = self._folder(under, at), _prefix(under)
        if folder is None or folder.id is None:
            return []
        try:
            load = limited(self._reader.folder, _FOLDERS_BY_HAND)
            found = list(files_below(load, folder, prefix))
        except TooManyFolders:
            found = self._list_by_git(folder.id, prefix)
        return sorted(found, key=lambda entry: entry.path)

    def children(self, folder: str = "", *, at: str | None = None) -> list[str]:
        found = self._folder(folder, at)
        return names_in(found) if found is not None else []

    def folders(self, folder: str = "", *, depth: int = 1, at: str | None = None) -> dict[str, str]:
        found = self._folder(folder, at)
        if found is None or found.id is None:
            return {}
        try:
            return folders_below(limited(self._reader.folder, _FOLDERS_BY_HAND), found, depth)
        except TooManyFolders:
            return self._folders_by_git(found.id, depth)

    def changed(self, old: str, new: str, *, under: str = "") -> list[tuple[str, Entry | None]]:
        prefix = _prefix(under)
        try:
            load = limited(self._reader.folder, _FOLDERS_BY_HAND)
            before, after = load(bytes.fromhex(old)), load(bytes.fromhex(new))
            found = list(differences(load, before, after, prefix))
        except TooManyFolders:
            found = self._compare_by_git(old, new, prefix)
        return sorted(found, key=lambda pair: pair[0])

    def commit(
        self,
        changes: Mapping[str, bytes | None],
        message: str,
        *,
        base: str | None = None,
    ) -> str:
        check_commit(changes, message)
        return self._writer.commit(changes, message, base=base)

    def commit_on_tip(self, make: MakePlan) -> str:
        return self._writer.commit_on_tip(make, self.tip)

    def commit_anew(
        self,
        changes: Mapping[str, bytes | None],
        message: str,
        *,
        base: str,
        instead_of: str | None,
    ) -> str:
        """Begin the branch anew: one commit upon `base`, in place of what it holds, in one step.

        Raises BranchMoved unless the branch stands at `instead_of` (None: it is not there).
        """
        check_commit(changes, message)
        return self._writer.commit_anew(changes, message, base=base, instead_of=instead_of)

    def merge(self, theirs: str, message: str, *, resolve: Resolve | None = None) -> str:
        """Unite with another commit (a fetched one): fast-forward or a commit of two parents.

        Theirs is the first parent: the line of first parents that others have seen only grows.
        A file that both sides changed is put to `resolve`; what that cannot unite (without it:
        every such file) raises MergeConflict, and nothing is written.
        """
        from gitrack.store.git.merge import Plain, refuse

        plain = Plain(message, resolve or refuse)
        return self.unite(theirs, lambda _ours, _theirs: plain)

    def unite(self, theirs: str, mediate: Mediate) -> str:
        """As `merge`, by a mediator, which may change other files too and words the message.

        It is made anew, with both commits, for each try: the branch may move meanwhile.
        """
        return self._writer.merge(theirs, mediate)

    @cached_property
    def _writer(self) -> Writer:
        from gitrack.store.git.writer import Writer  # late: readers do without

        return Writer(self.repository, self._ref, self._reader)

    def _folder(self, path: str, at: str | None) -> Folder | None:
        commit = at or self.tip()
        if commit is None:
            return None
        root = self._reader.folder(self._reader.commit(commit).tree)
        if not encode(path):
            return root
        item = find(self._reader.folder, root, path)
        return self._reader.folder(item.id) if item is not None and item.is_folder else None

    def _list_by_git(self, tree: bytes, prefix: bytes) -> list[Entry]:
        listed = self.repository.git_bytes("ls-tree", "-r", "-z", "--full-tree", tree.hex())
        found: list[Entry] = []
        for line in listed.split(b"\0")[:-1]:
            head, _, path = line.partition(b"\t")
            _mode, kind, id = head.split(b" ")
            if kind == b"blob":
                found.append(Entry(decode(prefix + path), id.decode("ascii")))
        return found

    def _folders_by_git(self, tree: bytes, depth: int) -> dict[str, str]:
        listed = self.repository.git_bytes("ls-tree", "-r", "-d", "-z", "--full-tree", tree.hex())
        found: list[tuple[str, str]] = []
        for line in listed.split(b"\0")[:-1]:
            head, _, path = line.partition(b"\t")
            if path.count(b"/") != depth - 1:
                continue
            _mode, kind, id = head.split(b" ")
            if kind == b"tree":
                found.append((decode(path), id.decode("ascii")))
        return dict(sorted(found))

    def _compare_by_git(self, old: str, new: str, prefix: bytes) -> list[tuple[str, Entry | None]]:
        listed = self.repository.git_bytes(
            "diff-tree", "-r", "-z", "--raw", "--no-renames", "--no-abbrev", old, new
        )
        parts = listed.split(b"\0")
        found: list[tuple[str, Entry | None]] = []
        for head, path in zip(parts[0:-1:2], parts[1:-1:2], strict=True):
            before_mode, after_mode, before, after, _status = head[1:].split(b" ")
            name = decode(prefix + path)
            is_file = after_mode not in _NO_FILE
            if is_file and before != after:
                found.append((name, Entry(name, after.decode("ascii"))))
            elif not is_file and before_mode not in _NO_FILE:
                found.append((name, None))
        return found


_NO_FILE = frozenset({b"000000", b"160000"})


def _prefix(under: str) -> bytes:
    encoded = encode(under)
    return encoded + b"/" if encoded else b""
