"""Which code runs: commit, branch, remote, and what is not committed as a patch.

Nothing of the user's is touched: no lock is taken, no hook, textconv or external diff runs, and
untracked files are added to a copy of the index. `git apply code.patch` on a checkout of the
commit gives the working tree back, but for what the head of the patch says was left out.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from gitrack.errors import UsageError
from gitrack.model.run import Code
from gitrack.store.git.repository import Repository

#: The patch on the branch; an uncommitted file above this size is left out by name.
LONGEST_PATCH = 1_000_000
LARGEST_UNTRACKED = 200_000
MOST_UNTRACKED = 500
#: Above this size a changed tracked file is not even compared.
LARGEST_CHANGED = 20_000_000

_PATIENCE = 60.0
_HEADER = "# gitrack: "

#: Settings of the user that would run programs, write into the repository or make a diff that
#: `git apply` does not read.
_PLAIN = (
    "-c", "core.hooksPath=/dev/null",
    "-c", "core.fsmonitor=false",
    "-c", "core.splitIndex=false",
    "-c", "core.untrackedCache=keep",
    "-c", "core.quotePath=true",
    "-c", "core.safecrlf=false",
    "-c", "advice.addEmbeddedRepo=false",
)  # fmt: skip
_DIFF = (
    "diff",
    "--binary", "--full-index", "--no-color", "--no-ext-diff", "--no-textconv", "--no-relative",
    "--src-prefix=a/", "--dst-prefix=b/", "--submodule=short", "--ignore-submodules=dirty",
    "--unified=3", "--inter-hunk-context=0", "--find-renames", "--output-indicator-new=+",
    "--output-indicator-old=-", "--output-indicator-context= ", "--ws-error-highlight=none",
)  # fmt: skip

#: What gitrack makes itself: runs in the outbox, and the site, also while it is being built.
_OURS = re.compile(rb"(?:^|/)\.tracking/(?:outbox/|site/|\.site\.)")


class CodeState(msgspec.Struct, frozen=True, kw_only=True):
    """The code, its patch if there is one, and what the user should know about it."""

    code: Code
    patch: bytes | None = None
    warnings: list[str] = []


class _Changes(msgspec.Struct, frozen=True, kw_only=True):
    """What `git status` says: paths are bytes, as git and the file system have them."""

    tracked: list[bytes]
    untracked: list[bytes]
    dirty_submodules: list[bytes]


def code_head(repository: Repository) -> Code:
    """Commit, branch and remote: what is quick to find out."""
    branch = _line(repository, "symbolic-ref", "--quiet", "--short", "HEAD")
    return Code(
        commit=_line(repository, "rev-parse", "--quiet", "--verify", "HEAD^{commit}"),
        branch=branch,
        remote=_remote(repository, branch),
        subfolder=repository.subfolder or None,
    )


def code_state(repository: Repository, head: Code, *, patch: bool = True) -> CodeState:
    """`head` with what is not committed."""
    top = repository.worktree
    if top is None:
        return CodeState(code=head)
    changes = _changes(repository)
    warnings = [
        f"submodule {_shown(path)} has uncommitted changes, which code.patch does not hold"
        for path in changes.dirty_submodules
    ]
    state = msgspec.structs.replace(
        head, dirty=bool(changes.tracked), untracked=len(changes.untracked)
    )
    if not patch or not (changes.tracked or changes.untracked):
        return CodeState(code=state, warnings=warnings)
    keep, left_out = _choose_untracked(top, changes.untracked)
    huge = [path for path in changes.tracked if _size(top, path) > LARGEST_CHANGED]
    left_out += [f"{_shown(path)} ({_size(top, path)} bytes)" for path in huge]
    base = head.commit or _line(repository, "hash-object", "-t", "tree", os.devnull) or ""
    text, cut = _patch(repository, base, keep, huge)
    left_out += cut
    if left_out:
        warnings.append(f"code.patch leaves out {', '.join(left_out[:5])}{_more(left_out, 5)}")
        text = _headed(left_out, text)
    if not text:
        return CodeState(code=state, warnings=warnings)
    state = msgspec.structs.replace(state, patch="code.patch")
    return CodeState(code=state, patch=text, warnings=warnings)


def require_clean(repository: Repository) -> None:
    """For projects whose settings refuse uncommitted changes. Untracked files are no changes."""
    if repository.worktree is None:
        return
    changed = _changes(repository).tracked
    if changed:
        names = ", ".join(_shown(path) for path in changed[:5])
        raise UsageError(
            f"the checkout has uncommitted changes: {names}{_more(changed, 5)}",
            hint="commit them, or set capture.dirty to warn in .tracking/config.yaml",
        )


def without_credentials(url: str) -> str:
    """A remote's URL as it may be shown: user, password and query of web addresses removed."""
    match = re.match(r"([a-z][a-z0-9+.-]*://)(?:([^/?#]*)@)?(.*)\Z", url, re.IGNORECASE | re.DOTALL)
    if match is None:
        return url  # a path, or the short ssh form git@host:path, which carries no password
    scheme, user, rest = match.groups()
    if scheme.lower() in ("http://", "https://"):
        return scheme + re.split(r"[?#]", rest, maxsplit=1)[0]
    name = (user or "").partition(":")[0]
    return f"{scheme}{name}@{rest}" if name else scheme + rest


def _remote(repository: Repository, branch: str | None) -> str | None:
    """The URL of the remote that the branch follows, else of `origin`, else of the first one."""
    followed = repository.setting(f"branch.{branch}.remote") if branch else None
    names = [followed, "origin"] if followed else ["origin"]
    urls = (repository.setting(f"remote.{name}.url") for name in names)
    url = next(filter(None, urls), None) or _first_remote(repository)
    # a path on this machine says nothing to another clone
    if not url or url.startswith(("/", ".", "file:")) or re.match(r"[A-Za-z]:[\\/]", url):
        return None
    return without_credentials(url)


def _first_remote(repository: Repository) -> str | None:
    name = (_line(repository, "remote") or "").partition("\n")[0]
    return repository.setting(f"remote.{name}.url") if name else None


def _changes(repository: Repository) -> _Changes:
    listing = _git(
        repository,
        "status", "--porcelain=v2", "-z", "--no-renames",
        "--untracked-files=all", "--ignore-submodules=none",
    )  # fmt: skip
    tracked: list[bytes] = []
    untracked: list[bytes] = []
    dirty_submodules: list[bytes] = []
    for entry in listing.split(b"\0"):
        if entry.startswith(b"? "):
            if not _OURS.search(entry[2:]):
                untracked.append(entry[2:])
        elif entry.startswith((b"1 ", b"u ")):
            fields = entry.split(b" ", 8 if entry[:1] == b"1" else 10)
            path, submodule = fields[-1], fields[2]
            if submodule[:1] == b"S" and submodule[2:] != b"..":
                dirty_submodules.append(path)
            # a submodule whose only change is a file that it does not know is not changed
            if submodule != b"S..U":
                tracked.append(path)
    return _Changes(tracked=tracked, untracked=sorted(untracked), dirty_submodules=dirty_submodules)


def _choose_untracked(top: Path, paths: list[bytes]) -> tuple[list[bytes], list[str]]:
    """The untracked files that go into the patch, and the others with the reason."""
    keep: list[bytes] = []
    left_out: list[str] = []
    room = LONGEST_PATCH
    for path in paths:
        size = _size(top, path)
        if path.endswith(b"/"):
            left_out.append(f"{_shown(path)} (a repository of its own)")
        elif size < 0 or not os.access(os.path.join(os.fsencode(top), path), os.R_OK):  # noqa: PTH118
            left_out.append(f"{_shown(path)} (not readable)")
        elif size > LARGEST_UNTRACKED or size > room or len(keep) >= MOST_UNTRACKED:
            left_out.append(f"{_shown(path)} ({size} bytes)")
        else:
            keep.append(path)
            room -= size
    return keep, left_out


def _patch(
    repository: Repository,
    base: str,
    untracked: list[bytes],
    huge: list[bytes],
) -> tuple[bytes, list[str]]:
    """The difference to `base`, and the names of files for which there was no room."""
    arguments = [*_DIFF, base, "--", *(f":(exclude,literal){os.fsdecode(path)}" for path in huge)]
    if not untracked:
        return _fitting(_git(repository, *arguments))
    with tempfile.TemporaryDirectory(prefix="gitrack-") as folder:
        scratch = _scratch(repository, Path(folder))
        listing = b"\0".join(b":(literal,top)" + path for path in untracked)
        _git(
            repository,
            "add", "--intent-to-add", "--sparse", "--pathspec-from-file=-", "--pathspec-file-nul",
            environment=scratch, stdin=listing,
        )  # fmt: skip
        return _fitting(_git(repository, *arguments, environment=scratch))


def _scratch(repository: Repository, folder: Path) -> dict[str, str]:
    """Variables that make git write its index and objects (the empty file's) into `folder`."""
    # a copy knows which files are unchanged, so that git need not read them all again
    index = folder / "index"
    if (repository.git_dir / "index").exists():
        shutil.copyfile(repository.git_dir / "index", index)
    (folder / "objects").mkdir()
    return {
        "GIT_INDEX_FILE": str(index),
        "GIT_OBJECT_DIRECTORY": str(folder / "objects"),
        # in quotes, since a colon separates folders
        "GIT_ALTERNATE_OBJECT_DIRECTORIES": json.dumps(str(repository.objects), ensure_ascii=False),
    }


def _fitting(patch: bytes) -> tuple[bytes, list[str]]:
    """Whole files of the patch as long as there is room: what remains can still be applied."""
    if len(patch) <= LONGEST_PATCH:
        return patch, []
    starts = [match.start() for match in re.finditer(rb"^diff --git ", patch, re.MULTILINE)]
    kept: list[bytes] = []
    left_out: list[str] = []
    room = LONGEST_PATCH
    for start, end in zip(starts, [*starts[1:], len(patch)], strict=True):
        if end - start <= room:
            kept.append(patch[start:end])
            room -= end - start
        else:
            name = patch[start : patch.index(b"\n", start)].removeprefix(b"diff --git ")
            left_out.append(f"{_shown(name)} ({end - start} bytes of patch)")
    return b"".join(kept), left_out


def _headed(left_out: Iterable[str], patch: bytes) -> bytes:
    """`git apply` skips what stands before the first file, so this is where a note can be."""
    notes = [f"{_HEADER}incomplete; left out:", *(f"{_HEADER}  {name}" for name in left_out)]
    return "\n".join(notes).encode("utf-8", "backslashreplace") + b"\n" + patch


def _shown(path: bytes) -> str:
    """A name in one line, whatever characters it has."""
    text = path.decode("utf-8", "backslashreplace")
    return text if text.isprintable() and '"' not in text else json.dumps(text)


def _more(names: Sequence[object], shown: int) -> str:
    return f" and {len(names) - shown} more" if len(names) > shown else ""


def _size(top: Path, path: bytes) -> int:
    """Bytes of a file in the working tree; 0 when it was deleted, -1 when it cannot be seen."""
    try:
        return os.lstat(os.path.join(os.fsencode(top), path)).st_size  # noqa: PTH118
    except FileNotFoundError:
        return 0
    except OSError:
        return -1


def _line(repository: Repository, *arguments: str) -> str | None:
    """What git prints, or None when it has nothing to say."""
    return repository.git(*arguments, check=False, timeout=_PATIENCE) or None


def _git(
    repository: Repository,
    *arguments: str,
    environment: dict[str, str] | None = None,
    stdin: bytes | None = None,
) -> bytes:
    return repository.git_bytes(
        *_PLAIN, *arguments, input=stdin, timeout=_PATIENCE, environment=environment
    )
