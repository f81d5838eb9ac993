"""A branch that holds a folder of pages and nothing else: one commit, replaced by the next one.

    refs/gitrack/pages/<remote>/<branch>    what this clone last sent there, or found there

The files go into git's objects by `git fast-import`: no checkout, no index, no other branch is
touched. What lies there already is not written again, and only what is new is sent.
"""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, NamedTuple

from gitrack.errors import GitFailed, StoreError
from gitrack.store.git.exchange import _FETCH, _MOVED, _PUSH, Exchange, _answers
from gitrack.store.git.identity import Author, Stamp
from gitrack.store.git.objects import HASHES, message_bytes
from gitrack.store.git.process import clean_environment, first_complaint, git_missing
from gitrack.store.git.refs import check_branch_name
from gitrack.store.git.trouble import remote_words, trouble

PAGES = "refs/gitrack/pages/"

#: What a name in a stream of `git fast-import` may be without quotes.
_PLAIN = re.compile(rb"[A-Za-z0-9._/+@-]+\Z")


class Saved(NamedTuple):
    """A commit of pages (None: of a trial). `fresh` counts files that the one before had not."""

    commit: str | None
    files: int
    fresh: int


class PagesBranch(Exchange):
    """The branch of a remote that a host shows as a website. Raises StoreError if there is none."""

    @property
    def ref(self) -> str:
        """What keeps the pages that this clone knows from being collected."""
        return f"{PAGES}{self.remote}/{self.branch}"

    def there(self) -> str | None:
        """Where the branch stands on the remote now."""
        check_branch_name(self.branch)
        done = self._talk("ls-remote", "--refs", self.remote, f"refs/heads/{self.branch}")
        found = done.out.decode("utf-8", "replace").partition("\t")[0]
        return found or None

    def kept(self) -> str | None:
        """The commit of pages that this clone sent or found last."""
        done = self.repository.run("rev-parse", "--verify", "--quiet", self.ref)
        return done.out.decode("ascii").strip() or None

    def bring(self) -> str | None:
        """Fetch the branch as it stands on the remote; None if it has gone."""
        done = self._run(*_FETCH, self.remote, input=f"+refs/heads/{self.branch}:{self.ref}\n")
        if "couldn't find remote ref" in done.err:
            return None
        self._need(done)
        return self.kept()

    def forget(self) -> None:
        """Let git collect the pages that this clone knows."""
        self.repository.run("update-ref", "-d", self.ref)

    def files(self, commit: str) -> dict[str, str]:
        """Every file of a commit, with the id of its contents."""
        listed = self.repository.git_bytes("ls-tree", "-r", "-z", "--full-tree", commit)
        found: dict[str, str] = {}
        for line in listed.split(b"\0")[:-1]:
            about, _, path = line.partition(b"\t")
            found[path.decode("utf-8", "surrogateescape")] = about.split()[2].decode("ascii")
        return found

    def read(self, commit: str, path: str) -> bytes | None:
        """A file of a commit; None if it is not there."""
        done = self.repository.run("cat-file", "blob", f"{commit}:{path}")
        return None if done.code else done.out

    def save(
        self,
        folder: Path,
        more: Mapping[str, bytes],
        message: str,
        author: Author,
        *,
        dry_run: bool = False,
    ) -> Saved:
        """The commit, without parents, of the files of a folder and some more; kept, not sent.

        It is the one that is kept already if that holds the same files; with `dry_run` none is
        made. Raises StoreError.
        """
        before = self.kept()
        known = self.files(before) if before else {}
        pages = {path: _File(place) for path, place in _walk(folder)}
        pages |= {path: _File(None, data) for path, data in more.items()}
        digest = HASHES[self.repository.object_format]
        ids: dict[str, str] = {}
        for path in sorted(pages):
            ids[path] = digest.of(b"blob", pages[path].read()).hex()
        held = set(known.values())
        fresh = sum(known.get(path) != id for path, id in ids.items())
        if before and ids == known:
            return Saved(before, len(ids), 0)
        if dry_run:
            return Saved(None, len(ids), fresh)
        self._import(pages, ids, held, message, author)
        commit = self.kept()
        assert commit is not None
        return Saved(commit, len(ids), fresh)

    def send(self, commit: str, replaces: str | None) -> None:
        """Put a commit in the place of `replaces` (None: there is no such branch yet).

        Raises StoreError, also where the branch does not stand there any more.
        """
        lease = f"--force-with-lease=refs/heads/{self.branch}:{replaces or ''}"
        done = self._run(*_PUSH, lease, self.remote, f"{commit}:refs/heads/{self.branch}")
        answers = list(_answers(done.out.decode("utf-8", "replace")))
        if done.code and not answers:
            raise self._trouble(done)
        for flag, _, why in answers:
            if flag != "!":
                continue
            if _MOVED.search(why):
                raise StoreError(
                    f"somebody else has published to {self.branch} of {self.remote} meanwhile",
                    hint="see what is there, and type the command again to take its place",
                )
            said = remote_words(done.err) or why
            refused = trouble(self.remote, self.url, said, branch=self.branch, summary=why)
            if refused.hint and f"{self.branch}:refs/heads/" in refused.hint:
                refused.hint = (  # what it says is of a branch that is here, too
                    f"ask whoever administers {self.remote} to let {self.branch} be pushed to, or "
                    "name another one with --branch"
                )
            raise refused

    def _import(
        self,
        pages: Mapping[str, _File],
        ids: Mapping[str, str],
        held: set[str],
        message: str,
        author: Author,
    ) -> None:
        """One pack and one ref, or nothing: git takes up no stream that ends too early."""
        command = ["git", "-c", "fastimport.unpackLimit=1", "fast-import", "--quiet", "--force"]
        with tempfile.TemporaryFile() as said:
            try:
                git = subprocess.Popen(
                    command,
                    cwd=self.repository.git_dir,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.DEVNULL,
                    stderr=said,
                    env=clean_environment(),
                )
            except FileNotFoundError:
                raise git_missing() from None
            assert git.stdin is not None
            try:
                with git.stdin as stream:
                    self._tell(stream, pages, ids, held, message, author)
            except BrokenPipeError:
                pass  # git has given up, and says why
            except BaseException:
                git.kill()
                git.wait()
                raise
            if git.wait():
                said.seek(0)
                why = first_complaint(said.read().decode("utf-8", "replace"))
                raise GitFailed(["fast-import"], why)

    def _tell(
        self,
        stream: IO[bytes],
        pages: Mapping[str, _File],
        ids: Mapping[str, str],
        held: set[str],
        message: str,
        author: Author,
    ) -> None:
        who = f"committer {author} {Stamp.now()}\n".encode("utf-8", "replace")
        text = message_bytes(message)
        stream.write(b"feature done\ncommit %s\n" % self.ref.encode())
        stream.write(who + b"data %d\n" % len(text) + text + b"\n")
        for path, file in pages.items():
            name = _quoted(path)
            if ids[path] in held:
                stream.write(b"M 100644 %s %s\n" % (ids[path].encode(), name))
                continue
            data = file.read()
            stream.write(b"M 100644 inline %s\ndata %d\n" % (name, len(data)))
            stream.write(data)
            stream.write(b"\n")
        stream.write(b"done\n")


class _File(NamedTuple):
    """A file of the site on disk, or one that is made for the branch."""

    place: Path | None
    data: bytes = b""

    def read(self) -> bytes:
        return self.data if self.place is None else self.place.read_bytes()


def _walk(folder: Path) -> Iterator[tuple[str, Path]]:
    """Every file below a folder, by its path there. Links are not followed."""
    for top, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            place = Path(top) / name
            if place.is_file() and not place.is_symlink():
                yield place.relative_to(folder).as_posix(), place


def _quoted(path: str) -> bytes:
    """A path as `git fast-import` reads it."""
    name = path.encode("utf-8", "surrogateescape")
    if _PLAIN.match(name):
        return name
    escaped = b"".join(
        b"\\%03o" % byte if byte < 32 or byte in b'"\\' or byte > 126 else bytes([byte])
        for byte in name
    )
    return b'"' + escaped + b'"'
