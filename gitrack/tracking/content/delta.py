"""Delta tables: which version, when it was committed, its rows and columns."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

from gitrack.config.regular import read_regular
from gitrack.errors import UsageError
from gitrack.model.profile import TableProfile
from gitrack.tracking import notice
from gitrack.tracking.content import tables
from gitrack.tracking.content.survey import Detail

LOG = "_delta_log"
_COMMIT = re.compile(r"(\d{20})\.json\Z", re.ASCII)
_MOST_COMMIT = 64 * 1024 * 1024


class DeltaFound(NamedTuple):
    """One version of a table. Without the `deltalake` package only that it is this one."""

    version: int
    identity: str | None = None
    committed: str | None = None
    rows: int | None = None
    columns: int | None = None
    size: int | None = None
    table: TableProfile | None = None


def is_delta(path: Path) -> bool:
    return (path / LOG).is_dir()


def place_of(table: Any) -> str | Path:
    """Where an opened table lies: a folder of this machine, or a URI."""
    uri = str(table.table_uri)
    parts = urlsplit(uri)
    if parts.scheme == "file":
        return Path(unquote(parts.path))
    return uri if parts.scheme else Path(uri)


def delta_of(path: Path, detail: Detail) -> DeltaFound:
    """The last version of the table in a folder. Raises UsageError where there is none."""
    version = _last_version(path)
    try:
        from deltalake import DeltaTable
        from deltalake.exceptions import DeltaError
    except ImportError:
        notice.warn_once(
            "deltalake",
            f"{path} is a Delta table: its version {version} is recorded; rows and columns are "
            "with  pip install deltalake",
        )
        return DeltaFound(version, *_commit(path, version))
    try:
        table = DeltaTable(path, version=version)
    except (DeltaError, OSError, ValueError) as error:
        notice.warn_once(f"delta {path}", f"{path} cannot be read as a Delta table: {error}")
        return DeltaFound(version, *_commit(path, version))
    return opened(table, path, detail)


def opened(table: Any, path: Path | None, detail: Detail) -> DeltaFound:
    """What an opened table of the `deltalake` package says, as of the version it was opened at."""
    version = int(table.version())
    identity, committed = _commit(path, version) if path is not None else (None, None)
    rows, size = _rows_and_size(table)
    profile = None
    try:
        data = table.to_pyarrow_dataset()
        profile = tables.arrow_profile(
            data.to_batches(batch_readahead=2), data.schema, rows, detail
        )
    except ImportError:
        pass  # no pyarrow: the version identifies it all the same
    except Exception as error:  # noqa: BLE001 - features of tables that it cannot read are many
        notice.warn_once(f"delta {path}", f"{path or table} has no profile: {error}")
    return DeltaFound(
        version=version,
        identity=identity,
        committed=committed,
        rows=rows if profile is None else profile.rows,
        columns=len(table.schema().fields),
        size=size,
        table=profile,
    )


def _rows_and_size(table: Any) -> tuple[int | None, int]:
    """As the log has them; writers may leave out how many rows a file has."""
    actions = table.get_add_actions(flatten=True)
    size = sum(actions.column("size_bytes").to_pylist())
    if "num_records" not in actions.schema.names:
        return None, size
    counts = actions.column("num_records").to_pylist()
    return (None if None in counts else sum(counts)), size


def _last_version(path: Path) -> int:
    found = [_COMMIT.match(entry.name) for entry in (path / LOG).iterdir()]
    versions = [int(match[1]) for match in found if match]
    if not versions:
        raise UsageError(
            f"{path} is a Delta table without a version", hint="log it when it has been written"
        )
    return max(versions)


def _commit(path: Path, version: int) -> tuple[str | None, str | None]:
    """What identifies a version, the same with and without the package: its entry in the log."""
    entry = path / LOG / f"{version:020}.json"
    try:
        if entry.stat().st_size > _MOST_COMMIT:
            return None, None
        data = read_regular(entry)
    except FileNotFoundError:
        return None, None  # cleaned up, as the log of an old version may be
    digest = hashlib.md5(data, usedforsecurity=False).hexdigest()
    return f"delta-md5:{digest}", _time_of(data)


def _time_of(data: bytes) -> str | None:
    for line in data.splitlines():
        try:
            action = json.loads(line)
            milliseconds = action["commitInfo"]["timestamp"]
            when = dt.datetime.fromtimestamp(milliseconds / 1000, dt.UTC)
        except (ValueError, KeyError, TypeError, OverflowError, OSError, RecursionError):
            continue
        return when.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return None
