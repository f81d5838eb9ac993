"""The reports and charts of the project, read for its website."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from gitrack.config.regular import as_text, read_regular
from gitrack.errors import ConfigError

if TYPE_CHECKING:
    from gitrack.site.reports.written import Written

REPORTS, CHARTS = "reports", ".tracking/charts"
_LONGEST = 1 << 20
_LARGEST = 5 << 20
_MOST = 500


def written(root: Path | None) -> Written | None:
    """None outside of a project and where nobody wrote anything. Raises ConfigError."""
    if root is None:
        return None
    from gitrack.site.reports.written import Written

    top = root / REPORTS
    texts = {path: _text(root, top / path) for path in _reports(top)}
    charts = {path.name: _text(root, path) for path in _charts(root / CHARTS)}
    if not texts and not charts:
        return None
    return Written(texts=texts, charts=charts, pictures=lambda path: _picture(top, path))


def _reports(top: Path) -> Iterator[str]:
    """Paths below `reports/`; folders and files whose names begin with a dot are not looked at."""
    if not top.is_dir():
        return
    found = sorted(path.relative_to(top) for path in top.rglob("*.md"))
    found = [path for path in found if not any(part.startswith(".") for part in path.parts)]
    if len(found) > _MOST:
        raise ConfigError(
            f"{REPORTS} holds {len(found)} reports", hint=f"keep {_MOST}; git knows the others"
        )
    yield from (path.as_posix() for path in found if not (top / path).is_dir())


def _charts(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("*.json") if not path.is_dir())


def _text(root: Path, path: Path) -> str:
    name = path.relative_to(root).as_posix()
    if not path.resolve().is_relative_to(root.resolve()):
        raise ConfigError(f"{name} leads out of the project", hint="put the file itself there")
    try:
        data = read_regular(path, _LONGEST + 1)
    except OSError as error:
        raise ConfigError(f"{name} cannot be read: {error.strerror}") from error
    if len(data) > _LONGEST:
        raise ConfigError(f"{name} is longer than {_LONGEST >> 20} MB", hint="split it")
    try:
        return as_text(data, "utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise ConfigError(f"{name}:{line}: is not UTF-8", hint="save it as UTF-8") from error


def _picture(top: Path, path: str) -> bytes | None:
    """The bytes of a file below `reports/`; None for what is not there, or not really there."""
    try:
        found = (top / path).resolve()
        if not found.is_relative_to(top.resolve()) or not found.is_file():
            return None
    except (OSError, ValueError):  # names that no file can have
        return None
    if found.stat().st_size > _LARGEST:
        raise ConfigError(
            f"{REPORTS}/{path} is larger than {_LARGEST >> 20} MB", hint="make it smaller"
        )
    return found.read_bytes()
