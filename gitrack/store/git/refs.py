"""One branch's ref: read without git, moved by compare-and-swap.

Where refs are plain files, the lock is git's own (`<ref>.lock`), made as a hard link of a file
of ours: if its maker is killed, the equal inode proves whose it was, and the writers' lock
proves that its maker is gone. Anywhere else `git update-ref` moves the ref.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import shlex
import time
from pathlib import Path

from gitrack.errors import InvalidName, LockTimeout, StoreError
from gitrack.store.git.files import Files
from gitrack.store.git.identity import Author, Stamp
from gitrack.store.git.objects import HASHES
from gitrack.store.git.process import first_complaint
from gitrack.store.git.repository import Repository

#: How long another program may hold the ref before we give up.
FOREIGN_LOCK_SECONDS = 10.0
_NO_LINKS = {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK, errno.EXDEV}
_FORBIDDEN = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|^[-/.]|[/.]$|/\.|\.lock(?:/|$)|^@$")
_IN_THE_WAY = re.compile(r"'refs/heads/([^']+)' exists; cannot create")
_LONGEST = 180


def check_branch_name(name: str) -> str:
    """The name itself if git would take it for a branch. Raises InvalidName."""
    if not name or _FORBIDDEN.search(name) or len(name.encode("utf-8", "replace")) > _LONGEST:
        raise InvalidName("branch", name, "is not a name that git takes for a branch")
    return name


class Ref:
    """`refs/heads/<name>`, and where a fresh clone has it: `refs/remotes/<remote>/<name>`."""

    def __init__(
        self,
        repository: Repository,
        branch: str,
        remote: str | None,
        *,
        start: str | None = None,
    ) -> None:
        self._start = start
        self.branch = check_branch_name(branch)
        self.name = f"refs/heads/{branch}"
        self.remote_name = f"refs/remotes/{remote}/{branch}" if remote else None
        self._repository = repository
        self._common = str(repository.common_dir)
        self._plain_files = repository.ref_storage == "files"
        self._links = hasattr(os, "link") and repository.object_format == "sha1"
        self._zero = HASHES[repository.object_format].zero
        quoted = branch.replace("%", "%25").replace("/", "%2F")
        self._own = repository.home / "refs" / quoted

    @property
    def lock_file(self) -> Path:
        return self._repository.common_dir / f"{self.name}.lock"

    def read(self) -> str | None:
        """Where the branch stands here, or None."""
        return self._read(self.name)

    def read_remote(self) -> str | None:
        """Where the branch stood on the remote when last fetched, or else where it is to start."""
        return (self._read(self.remote_name) if self.remote_name else None) or self._start

    def _read(self, name: str) -> str | None:
        if not self._plain_files:
            done = self._repository.run("rev-parse", "--verify", "--quiet", name)
            return done.out.decode("ascii").strip() or None
        # pack-refs writes packed-refs, then removes the loose file: between our two looks the ref
        # may have moved from one to the other, and newer than packed is only loose
        loose = self._loose(name)
        if loose is None:
            packed = self._packed(name)
            return self._loose(name) or packed
        return loose

    def _loose(self, name: str) -> str | None:
        try:
            with open(f"{self._common}/{name}", "rb", buffering=0) as file:
                text = file.read(1024).decode("utf-8", "replace").strip()
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            return None
        if len(text) == len(self._zero) and set(text) <= set("0123456789abcdef"):
            return text
        if text.startswith("ref:"):
            raise StoreError(
                f"{name} points at another ref ({text[4:].strip()})",
                hint=f"type  git symbolic-ref --delete {name}  and name the branch in "
                ".tracking/config.yaml",
            )
        raise StoreError(f"{name} is damaged: it holds {text[:60]!r}", hint="type  git fsck")

    def _packed(self, name: str) -> str | None:
        try:
            data = (self._repository.common_dir / "packed-refs").read_bytes()
        except FileNotFoundError:
            return None
        at = data.find(f" {name}\n".encode())
        if at < 0:
            return None
        return data[at - len(self._zero) : at].decode("ascii")

    def swap(
        self, files: Files, new: str, old: str | None, *, reason: str, who: Author, exclusive: bool
    ) -> bool:
        """Move the branch from `old` to `new`; False if it does not stand at `old` any more.

        `exclusive` says that the caller holds the writers' lock. Raises LockTimeout, StoreError.
        """
        if exclusive:
            self.recover()
        # creating a branch is rare and full of cases (a branch `a/b` forbids `a`): git knows them
        by_link = exclusive and self._links and self._plain_files and old is not None
        if by_link and not self._hook_listens():
            moved = self._swap_by_link(files, new, old, reason=reason, who=who)
            if moved is not None:
                return moved
            self._links = False
        return self._swap_by_git(new, old, reason=reason, who=who)

    def _hook_listens(self) -> bool:
        """True if a hook wants to hear of every move of a ref: only git calls hooks."""
        configured = self._repository.setting("core.hookspath")
        if configured:
            base = self._repository.worktree or self._repository.git_dir
            folder = base / os.path.expanduser(configured)  # noqa: PTH111 (~user too, as git does)
        else:
            folder = self._repository.common_dir / "hooks"
        return os.access(folder / "reference-transaction", os.X_OK)

    def recover(self) -> None:
        """Remove the lock of a writer that died; the caller holds the writers' lock."""
        own = _identity(self._own)
        if own is None:
            return
        if own == _identity(self.lock_file):
            self.lock_file.unlink()
        self._own.unlink()

    def _swap_by_link(
        self, files: Files, new: str, old: str | None, *, reason: str, who: Author
    ) -> bool | None:
        """None if this filesystem has no hard links."""
        # an old file of ours may still be linked to the ref itself: renaming one onto the other
        # would do nothing, so each swap makes a new one (`recover` has removed the old)
        files.create(self._own, f"{new}\n".encode())
        try:
            if not self._take_lock():
                return None
            try:
                if self.read() != old:
                    self.lock_file.unlink()
                    return False
                self._log(files, new, old or self._zero, reason=reason, who=who)
                self.lock_file.rename(self._repository.common_dir / self.name)
            except IsADirectoryError:
                self.lock_file.unlink()
                return None
            except BaseException:
                with contextlib.suppress(FileNotFoundError):
                    self.lock_file.unlink()
                raise
            return True
        finally:
            with contextlib.suppress(FileNotFoundError):
                self._own.unlink()

    def _take_lock(self) -> bool:
        deadline = time.monotonic() + FOREIGN_LOCK_SECONDS
        while True:
            try:
                os.link(self._own, self.lock_file)
                return True
            except FileExistsError:
                self._wait(deadline)
            except FileNotFoundError:
                if not self._own.exists():
                    raise
                # git removes the empty folders of a branch `a/b` when it packs refs
                self.lock_file.parent.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                if error.errno in _NO_LINKS:
                    return False
                raise

    def _wait(self, deadline: float) -> None:
        if time.monotonic() > deadline:
            raise LockTimeout(
                f"{self.lock_file} has been held for {FOREIGN_LOCK_SECONDS:g} s",
                hint="if no git command is running in this repository, delete that file",
            )
        time.sleep(0.005)

    def _log(self, files: Files, new: str, old: str, *, reason: str, who: Author) -> None:
        """Write the reflog's line if git would."""
        path = self._repository.common_dir / "logs" / self.name
        setting = self._repository.setting("core.logallrefupdates")
        if setting is None:
            wanted = not self._repository.bare
        else:
            wanted = setting.lower() not in {"false", "no", "off", "0"}
        if not wanted and not path.exists():
            return
        line = f"{old} {new} {who} {Stamp.now()}\t{reason}\n"
        files.append(path, line.encode("utf-8", "replace"))

    def _swap_by_git(self, new: str, old: str | None, *, reason: str, who: Author) -> bool:
        deadline = time.monotonic() + FOREIGN_LOCK_SECONDS
        while True:
            done = self._repository.run(
                *("update-ref", "-m", reason, self.name, new, old or self._zero),
                environment={
                    "GIT_COMMITTER_NAME": who.name,
                    "GIT_COMMITTER_EMAIL": who.email,
                },
            )
            if done.code == 0:
                return True
            if self.read() != old:
                return False
            complaint = first_complaint(done.err)
            if found := _IN_THE_WAY.search(complaint):
                raise StoreError(
                    f"there is a branch {found[1]}, beside which git keeps no branch {self.branch}",
                    hint=f"type  git branch -m {shlex.quote(found[1])} NEW-NAME",
                )
            if "aborted by hook" in complaint:
                said = " · ".join(done.err.splitlines()[:-1][:4])
                raise StoreError(
                    f"{self.branch} cannot be moved: the hook reference-transaction of this "
                    f"repository refuses it{': ' if said else ''}{said}",
                    hint="see  git rev-parse --git-path hooks/reference-transaction",
                )
            if ".lock" not in complaint:
                raise StoreError(f"{self.branch} cannot be moved: {complaint}")
            self._wait(deadline)

    def refuse_if_checked_out(self) -> None:
        """Raise StoreError if a worktree stands on the branch: its files would fall behind."""
        for place in self._heads():
            quoted = shlex.quote(place)
            raise StoreError(
                f"the branch {self.branch} is checked out in {place}, and a commit would leave "
                "its files behind",
                hint=f"type  git -C {quoted} switch -  (or: git -C {quoted} switch --detach)",
            )

    def _heads(self) -> list[str]:
        if not self._plain_files:
            return self._heads_by_git()
        found: list[str] = []
        wanted = f"ref: {self.name}"
        common = self._repository.common_dir
        if not self._repository.bare and _text(common / "HEAD") == wanted:
            found.append(str(common.parent if common.name == ".git" else common))
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            for linked in os.scandir(common / "worktrees"):
                if _text(Path(linked.path) / "HEAD") == wanted:
                    gitdir = _text(Path(linked.path) / "gitdir") or linked.path
                    found.append(gitdir.removesuffix("/.git"))
        return found

    def _heads_by_git(self) -> list[str]:
        found: list[str] = []
        place = ""
        for line in self._repository.git("worktree", "list", "--porcelain").splitlines():
            word, _, value = line.partition(" ")
            if word == "worktree":
                place = value
            elif word == "branch" and value == self.name and not self._repository.bare:
                found.append(place)
        return found


def _text(path: Path) -> str | None:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read(4096).strip()
    except (FileNotFoundError, NotADirectoryError):
        return None


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        state = os.lstat(path)
    except FileNotFoundError:
        return None
    return state.st_dev, state.st_ino
