"""The keeper's contract: read and commit files of one branch without touching a checkout."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple, Protocol

from gitrack.errors import GitrackError, InvalidName, UsageError


class Entry(NamedTuple):
    """A file on the branch: its path and the id of its contents."""

    path: str
    id: str
    size: int | None = None


class Plan(NamedTuple):
    """What is to be committed."""

    changes: Mapping[str, bytes | None]
    message: str


#: Makes a plan for the tip that it is given; None while there is no commit.
MakePlan = Callable[[str | None], Plan]


class Branch(Protocol):
    """One branch at a time, by paths with `/`; contents are bytes.

    `at` is a commit id as `tip()` gives it; None means the present tip. Reading a branch that
    does not exist yet finds nothing. A name on the branch that is not UTF-8 comes with
    surrogate escapes; a symbolic link is a file that holds its target.
    """

    name: str

    def tip(self) -> str | None:
        """The id of the newest commit, or None while there is none."""

    def tree(self, path: str = "", *, at: str | None = None) -> str | None:
        """The id of a folder's contents: equal ids, equal contents. None if there is none."""

    def read(self, path: str, *, at: str | None = None) -> bytes:
        """One file. Raises NotFound."""

    def read_many(self, ids: Iterable[str]) -> Iterator[tuple[str, bytes | GitrackError]]:
        """(id, contents) of many entries, in the order asked, streamed.

        What is missing or damaged comes as the error that says so. Raises NotFound for an id that
        is none.
        """

    def entries(self, under: str = "", *, at: str | None = None) -> list[Entry]:
        """Every file below a folder, sorted by path."""

    def children(self, folder: str = "", *, at: str | None = None) -> list[str]:
        """Names directly in a folder, sorted; those of folders end in `/`."""

    def folders(self, folder: str = "", *, depth: int = 1, at: str | None = None) -> dict[str, str]:
        """The folders directly in a folder, by name, with ids as `tree` gives them.

        With a `depth` those so many levels below it, and only those, by their paths from it.
        """

    def changed(self, old: str, new: str, *, under: str = "") -> list[tuple[str, Entry | None]]:
        """What differs between two trees (ids as `tree()` gives them): (path, new entry or None).

        Sorted by path. Paths are `under` joined with those inside the trees.
        """

    def commit(
        self,
        changes: Mapping[str, bytes | None],
        message: str,
        *,
        base: str | None = None,
    ) -> str:
        """Write all of `changes` (None deletes) as one commit, or none of them; its id.

        With `base`, raises BranchMoved unless the branch still stands there. Without, the
        changes go on top of whatever is there; writers that meet are joined into one commit.
        Changes that leave everything as it is make no commit: the id is then the present tip.
        A folder whose last file is deleted is gone. Raises InvalidName for a path that cannot
        be kept, StoreError for one that is a folder where a file should be, or the reverse.
        """

    def commit_on_tip(self, make: MakePlan) -> str:
        """Commit what `make` plans for the present tip; nobody commits between look and commit.

        `make` may be called again, if somebody who knows no locks has committed all the same.
        """


#: A component longer than this cannot be checked out on common filesystems.
_LONGEST_NAME = 255
_LONGEST_PATH = 4000
_CONTROL = re.compile("[\x00-\x1f\x7f]")
# git refuses these at checkout, since Windows and macOS take them for .git
_GIT_LIKE = re.compile(r"\.git[ .]*(?::.*)?\Z|git~\d+\Z", re.IGNORECASE)
_INVISIBLE = re.compile("[\u200c-\u200f\u202a-\u202e\u206a-\u206f\ufeff]")


def check_path(path: str) -> str:
    """The path itself if it can be kept on the branch and checked out anywhere; InvalidName."""
    if not isinstance(path, str) or not path:
        raise InvalidName("path", path, "is empty")
    if len(path) > _LONGEST_PATH:
        raise InvalidName("path", path, f"is longer than {_LONGEST_PATH} characters")
    if path.startswith("/"):
        raise InvalidName("path", path, "begins with '/'", hint="paths start at the branch's root")
    if "\\" in path:
        raise InvalidName("path", path, "holds a backslash", hint="separate folders by '/'")
    if _CONTROL.search(path):
        raise InvalidName("path", path, "holds a control character")
    try:
        encoded = path.encode()
    except UnicodeEncodeError as error:
        raise InvalidName("path", path, "is not valid Unicode") from error
    for name, raw in zip(path.split("/"), encoded.split(b"/"), strict=True):
        if not name:
            raise InvalidName("path", path, "has an empty part")
        if name in (".", ".."):
            raise InvalidName("path", path, f"has the part {name!r}")
        if _GIT_LIKE.match(_INVISIBLE.sub("", name)):
            raise InvalidName("path", path, f"has the part {name!r}, which git keeps for itself")
        if len(raw) > _LONGEST_NAME:
            raise InvalidName("path", path, f"has a part longer than {_LONGEST_NAME} bytes")
    return path


def check_commit(changes: Mapping[str, bytes | None], message: str) -> None:
    """Refuse at once what no branch can commit. Raises UsageError or InvalidName."""
    if not changes:
        raise UsageError("a commit needs at least one change")
    if not message.strip():
        raise UsageError("a commit needs a message")
    for path, data in changes.items():
        check_path(path)
        if data is not None and not isinstance(data, bytes):
            kind = type(data).__name__
            raise UsageError(f"the contents of {path!r} are {kind}, not bytes")
