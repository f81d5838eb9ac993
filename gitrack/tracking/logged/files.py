"""Files that a run leaves, kept in the outbox as they were when they were logged."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import unquote, urlsplit

from gitrack.errors import UsageError
from gitrack.tracking import notice
from gitrack.tracking.logged import values
from gitrack.tracking.logged.copying import copy_file, copy_folder

ARTIFACTS = "artifacts"
#: Files of the run that are no artifacts of the user's: what was found out about data.
EXTRA = "extra"


def is_uri(path: object) -> bool:
    """True for what lies elsewhere; `file://…` is a path."""
    if not isinstance(path, str) or "://" not in path:
        return False
    from gitrack.retrieval import uris  # late: most files lie here

    return uris.is_uri(path)


def source(path: object) -> Path:
    """An existing file or folder, or UsageError."""
    if not isinstance(path, (str, os.PathLike)):
        hint = "pass a path; log_text, log_dict and log_figure take contents"
        raise UsageError(f"{path!r:.80} ({type(path).__name__}) is not a path", hint=hint)
    if isinstance(path, str) and path.lower().startswith("file://"):
        path = unquote(urlsplit(path).path)
    found = Path(os.fspath(path))
    if not found.exists():
        raise UsageError(f"{found} does not exist", hint="log an artifact after writing it")
    if not (found.is_file() or found.is_dir()):
        raise UsageError(f"{found} is neither a file nor a folder", hint="log a regular file")
    return found


def copy_in(path: Path, name: str, folder: Path) -> None:
    """Copy a file or folder to `name`, whole or not at all: what is logged later may differ."""
    left: list[str] = []

    def copy(aside: Path) -> None:
        if path.is_dir():
            left.extend(copy_folder(path, aside))
        else:
            copy_file(path, aside)

    make_in(copy, name, folder)
    if left:
        more = f" and {len(left) - 3} more" if len(left) > 3 else ""
        why = "no regular files with names in UTF-8, or links that lead back up"
        notice.warn(f"{name} is kept without {', '.join(left[:3])}{more}: {why}")


def write_in(data: bytes, name: str, folder: Path, *, below: str = ARTIFACTS) -> None:
    """Write bytes to `name`, whole or not at all."""
    make_in(lambda aside: aside.write_bytes(data), name, folder, below=below)


def make_in(
    make: Callable[[Path], object], name: str, folder: Path, *, below: str = ARTIFACTS
) -> None:
    """Let `make` write a file or folder, then call it `name`: whole or not at all.

    What a full disk has left half-way goes at once, or there would be no room for the rest.
    """
    target, aside = _targets(folder, name, below)
    try:
        make(aside)
        _put(aside, target)
    except BaseException:
        if aside.is_dir():
            shutil.rmtree(aside, ignore_errors=True)
        else:
            with contextlib.suppress(OSError):
                aside.unlink(missing_ok=True)
        raise


def as_document(content: object, name: str) -> bytes:
    """A dict or list as JSON, or as YAML if `name` says so."""
    if not isinstance(content, (Mapping, list, tuple)):
        hint = "log text with log_text"
        raise UsageError(f"a {type(content).__name__} is not a dict", hint=hint)
    try:
        text = json.dumps(content, indent=2, ensure_ascii=False, default=values.plain)
    except (TypeError, ValueError, RecursionError) as error:
        hint = "use plain dicts, lists, text and numbers"
        raise UsageError(f"{name} cannot be written as JSON: {error}", hint=hint) from error
    if name.endswith((".yaml", ".yml")):
        from gitrack.store.codec.emitter import dump

        text = dump(json.loads(text))
    return f"{text.rstrip()}\n".encode("utf-8", "backslashreplace")


def _targets(folder: Path, name: str, below: str) -> tuple[Path, Path]:
    target = folder / below / name
    for parent in reversed(target.relative_to(folder).parents[:-2]):
        if (folder / parent).is_file():
            (folder / parent).unlink()  # what was logged last takes its place
    target.parent.mkdir(parents=True, exist_ok=True)
    return target, folder / f".part-{os.getpid()}-{os.urandom(4).hex()}"


def _put(aside: Path, target: Path) -> None:
    if target.is_dir() and not target.is_symlink():
        shutil.rmtree(target)
    elif aside.is_dir() and target.exists():
        target.unlink()
    aside.replace(target)
