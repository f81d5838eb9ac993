"""Files that a run leaves, kept in the outbox as they were when they were logged."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from urllib.parse import unquote, urlsplit

from gitrack.errors import UsageError
from gitrack.tracking import notice
from gitrack.tracking.logged import values

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
    target, aside = _targets(folder, name, ARTIFACTS)
    if path.is_dir():
        # links are followed: what they lead to is what was logged
        left: list[str] = []
        try:
            shutil.copytree(path, aside, copy_function=_copy, ignore=partial(_not_to_copy, left))
        except (OSError, shutil.Error):
            shutil.rmtree(aside, ignore_errors=True)
            raise
        if left:
            more = f" and {len(left) - 3} more" if len(left) > 3 else ""
            notice.warn(f"{name} is kept without {', '.join(left[:3])}{more}: no regular files")
    else:
        _copy(path, aside)
    _put(aside, target)


def write_in(data: bytes, name: str, folder: Path, *, below: str = ARTIFACTS) -> None:
    """Write bytes to `name`, whole or not at all."""
    target, aside = _targets(folder, name, below)
    aside.write_bytes(data)
    _put(aside, target)


def make_in(make: Callable[[Path], None], name: str, folder: Path) -> None:
    """Let `make` write a file or folder, then call it `name`: whole or not at all."""
    target, aside = _targets(folder, name, ARTIFACTS)
    try:
        make(aside)
        _put(aside, target)
    except BaseException:
        shutil.rmtree(aside, ignore_errors=True)
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


def _not_to_copy(left: list[str], folder: str, names: list[str]) -> set[str]:
    """What is neither file nor folder (a pipe, a link to nowhere), and links that lead back up."""
    here = Path(folder).resolve()
    out = {name for name in names if _leads_nowhere(here, Path(folder, name))}
    left += sorted(str(Path(folder, name)) for name in out)
    return out


def _leads_nowhere(here: Path, path: Path) -> bool:
    if path.is_symlink() and path.is_dir():
        return here.is_relative_to(path.resolve())
    return not (path.is_file() or path.is_dir())


def _copy(path: str | Path, target: str | Path) -> None:
    shutil.copyfile(path, target)  # shares blocks where the file system can
    if os.stat(path).st_mode & 0o111:  # noqa: PTH116 - copytree passes texts
        os.chmod(target, 0o755)  # noqa: PTH101


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
