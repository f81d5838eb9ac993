"""A data set as a record: a path, a URI or a table, identified by its content."""

from __future__ import annotations

import os
import re
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit

from gitrack.errors import UsageError
from gitrack.model.run import Dataset
from gitrack.tracking.content.fingerprints import array_digest, fingerprint, frame_digest
from gitrack.tracking.content.frames import as_pandas
from gitrack.tracking.content.kinds import library_of
from gitrack.tracking.content.profiles import (
    Profile,
    profile_json,
    profile_of_frame,
    profile_of_path,
)

_URI = re.compile(r"[a-z][a-z0-9+.-]+://", re.IGNORECASE)


def describe_dataset(
    data: Any,
    name: str | None = None,
    role: str | None = None,
    version: str | None = None,
    *,
    root: Path | None = None,
) -> tuple[Dataset, dict[str, bytes]]:
    """The record, and files of the run that belong to it (`data/<name>.json`: its columns).

    `root` is the top of the repository: a path inside it is recorded relative to it, any other
    by its name only, since no other clone could use more. Files and folders get the md5 that DVC
    gives them (`md5:…`); tables in memory a digest of their own (`frame-md5:…`).
    """
    for what, text in (("name", name), ("role", role), ("version", version)):
        if text is not None and (not isinstance(text, str) or not text.strip()):
            raise UsageError(
                f"{what} of a data set is {text!r}", hint="give a text, or leave it out"
            )
    if isinstance(data, str) and _URI.match(data) and not data.lower().startswith("file://"):
        return _of_uri(data, name, role, version), {}
    if isinstance(data, (str, os.PathLike)):
        dataset, profile = _of_path(_local(data), name, role, version, root)
    else:
        dataset, profile = _of_table(data, name, role, version)
    if not profile.schema:
        return dataset, {}
    return dataset, {_profile_path(dataset): profile_json(profile.schema)}


def _of_uri(uri: str, name: str | None, role: str | None, version: str | None) -> Dataset:
    from gitrack.tracking.capture.code import without_credentials

    parts = urlsplit(uri)
    last = PurePosixPath(parts.path.rstrip("/")).stem
    return Dataset(
        name=name or last or parts.netloc.rpartition("@")[2],
        role=role,
        uri=without_credentials(uri),
        version=version,
    )


def _of_path(
    path: Path, name: str | None, role: str | None, version: str | None, root: Path | None
) -> tuple[Dataset, Profile]:
    try:
        found = fingerprint(path)
        profile = profile_of_path(path)
    except FileNotFoundError as error:
        raise UsageError(
            f"data set {str(path)!r} does not exist",
            hint="give the path of a file or folder, a URI or a DataFrame",
        ) from error
    except OSError as error:
        raise UsageError(
            f"data set {str(path)!r} cannot be read: {error.strerror}", hint="check its rights"
        ) from error
    dataset = Dataset(
        name=name or path.resolve().stem,
        role=role,
        path=_relative(path, root),
        dvc=f"md5:{found.md5}",
        version=version,
        rows=profile.rows,
        columns=profile.columns,
        size=found.size,
    )
    return dataset, profile


def _of_table(
    data: Any, name: str | None, role: str | None, version: str | None
) -> tuple[Dataset, Profile]:
    if name is None:
        raise UsageError(
            "a data set in memory has no name", hint="log_dataset(frame, name='train')"
        )
    if "numpy" in library_of(data) and hasattr(data, "ndim") and data.dtype.kind != "O":
        if data.ndim == 0:
            raise UsageError("a single number is not a data set", hint="give rows")
        digest, size = array_digest(data), int(data.nbytes)
        width = data.shape[1] if data.ndim == 2 else 1 if data.ndim == 1 else None
        profile = Profile(rows=data.shape[0], columns=width)
    else:
        frame = as_pandas(data)
        digest, profile = frame_digest(frame), profile_of_frame(frame)
        size = int(frame.memory_usage(index=False).sum())
    dataset = Dataset(
        name=name,
        role=role,
        dvc=f"frame-md5:{digest}",
        version=version,
        rows=profile.rows,
        columns=profile.columns,
        size=size,
    )
    return dataset, profile


def _local(data: str | os.PathLike[str]) -> Path:
    text = os.fspath(data)
    if isinstance(text, str) and text.lower().startswith("file://"):
        return Path(unquote(urlsplit(text).path))
    return Path(text)


def _relative(path: Path, root: Path | None) -> str | None:
    """As the user sees it in the repository: a link stays what it is called there."""
    if root is None:
        return None
    absolute = Path(os.path.abspath(path))  # noqa: PTH100 - resolve() would follow the link
    for place in (absolute, path.resolve()):
        for top in (root, root.resolve()):
            if place.is_relative_to(top):
                return place.relative_to(top).as_posix()
    return None


def _profile_path(dataset: Dataset) -> str:
    parts = (
        [dataset.name]
        if not dataset.role or dataset.role == dataset.name
        else [dataset.name, dataset.role]
    )
    slug = re.sub(r"[^A-Za-z0-9._]+", "-", "-".join(parts)).strip("-.")[:80]
    return f"data/{slug or 'data'}.json"
