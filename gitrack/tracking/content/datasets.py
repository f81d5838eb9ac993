"""A data set as a record: a path, a URI or a table, identified by its content."""

from __future__ import annotations

import os
import re
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

import msgspec

from gitrack.errors import UsageError
from gitrack.model.profile import TableProfile, dump_profile
from gitrack.model.run import Dataset
from gitrack.tracking import notice
from gitrack.tracking.content import delta
from gitrack.tracking.content.fingerprints import (
    Changing,
    array_digest,
    fingerprint,
    frame_digest,
    sparse_digest,
)
from gitrack.tracking.content.frames import as_pandas
from gitrack.tracking.content.kinds import library_of
from gitrack.tracking.content.profiles import plain_name, profile_of_frame, profile_of_path
from gitrack.tracking.content.survey import Detail
from gitrack.tracking.content.tracked import recorded, revision_of

if TYPE_CHECKING:
    from gitrack.store.git.repository import Repository

_URI = re.compile(r"[a-z][a-z0-9+.-]+://", re.IGNORECASE)
#: Columns of an array up to which each has a profile.
_WIDEST_ARRAY = 200

Described = tuple[Dataset, TableProfile | None]


def describe_dataset(
    data: Any,
    name: str | None = None,
    role: str | None = None,
    version: str | None = None,
    *,
    root: Path | None = None,
    repository: Repository | None = None,
    detail: Detail = "full",
) -> tuple[Dataset, dict[str, bytes]]:
    """The record, and files of the run that belong to it (`data/<name>.json`: its columns).

    `root` is the top of the repository: a path inside it is recorded relative to it, any other
    by its name only, since no other clone could use more. Files and folders get the md5 that DVC
    gives them (`md5:…`); tables in memory a digest of their own (`frame-md5:…`). `repository`
    tells the commit of what DVC tracks; `detail` is `capture.profiles` of the settings.
    """
    for what, text in (("name", name), ("role", role), ("version", version)):
        if text is not None and (not isinstance(text, str) or not text.strip()):
            raise UsageError(
                f"{what} of a data set is {text!r}", hint="give a text, or leave it out"
            )
    if isinstance(data, str) and _URI.match(data) and not data.lower().startswith("file://"):
        found: Described = _of_uri(data, name), None
    elif isinstance(data, (str, os.PathLike)):
        found = _of_path(_local(data), name, root, repository, detail)
    elif "deltalake" in library_of(data) and hasattr(data, "table_uri"):
        found = _of_delta(data, name, root, detail)
    else:
        found = _of_table(data, name, detail)
    dataset = msgspec.structs.replace(found[0], role=role, version=version)
    profile = found[1]
    if profile is None or not profile.columns:
        return dataset, {}
    return dataset, {profile_path(dataset): dump_profile(profile)}


def profile_path(dataset: Dataset) -> str:
    """Where in a run's folder the profile of a data set lies, if it has one."""
    parts = (
        [dataset.name]
        if not dataset.role or dataset.role == dataset.name
        else [dataset.name, dataset.role]
    )
    slug = re.sub(r"[^A-Za-z0-9._]+", "-", "-".join(parts)).strip("-.")[:80]
    return f"data/{slug or 'data'}.json"


def _of_uri(uri: str, name: str | None) -> Dataset:
    from gitrack.tracking.capture.code import without_credentials

    parts = urlsplit(uri)
    last = plain_name(Path(PurePosixPath(parts.path.rstrip("/")).name or "."))
    return Dataset(
        name=name or last or parts.netloc.rpartition("@")[2],
        uri=without_credentials(uri),
        kind="uri",
    )


def _of_path(
    path: Path,
    name: str | None,
    root: Path | None,
    repository: Repository | None,
    detail: Detail,
) -> Described:
    try:
        dataset, profile = _identified(path, repository, detail)
    except FileNotFoundError as error:
        raise UsageError(
            f"data set {str(path)!r} does not exist",
            hint="give the path of a file or folder, a URI or a DataFrame",
        ) from error
    except OSError as error:
        raise UsageError(
            f"data set {str(path)!r} cannot be read: {error.strerror or error}",
            hint=f"look at {error.filename or path}",  # it may be a file in it
        ) from error
    dataset = msgspec.structs.replace(
        dataset, name=name or plain_name(path.resolve()), path=_relative(path, root)
    )
    return dataset, profile


def _identified(path: Path, repository: Repository | None, detail: Detail) -> Described:
    if not path.exists():
        raise FileNotFoundError(str(path))
    if not (path.is_file() or path.is_dir()):
        raise UsageError(f"{path} is neither a file nor a folder", hint="log a regular file")
    record = recorded(path)
    dataset, profile = _content(path, detail)
    if record is None and dataset.kind == "delta":
        return dataset, profile  # its log identifies it; its folder keeps versions that are gone
    try:
        found = fingerprint(path, record, hashes=_hashes(repository))
    except Changing as error:
        notice.warn(f"{error}: it is recorded without its md5")
        return dataset, None
    changes: dict[str, Any] = {"dvc": f"md5:{found.md5}", "size": found.size}
    if record is not None:
        changes["revision"] = revision_of(record, repository)
        if record.md5 is not None and record.md5 != found.md5:
            changes["changed"] = True
    return msgspec.structs.replace(dataset, **changes), profile


def _content(path: Path, detail: Detail) -> Described:
    """What is in a file or folder, before anybody asks for its md5."""
    if delta.is_delta(path):
        found = delta.delta_of(path, detail)
        return _delta_record(found), found.table
    profile = profile_of_path(path, detail)
    if profile.trouble is not None:
        notice.warn(f"{path} has no profile of columns: {profile.trouble}")
    dataset = Dataset(name="?", rows=profile.rows, columns=profile.columns, kind=profile.kind)
    return dataset, profile.table


def _hashes(repository: Repository | None) -> Any:
    if repository is None:
        return None
    from gitrack.artifacts.hashes import Hashes

    return Hashes(repository.home / "hashes")


def _of_delta(table: Any, name: str | None, root: Path | None, detail: Detail) -> Described:
    place = delta.place_of(table)
    local = place if isinstance(place, Path) else None
    found = delta.opened(table, local, detail)
    if local is None:
        described = _of_uri(str(place), name)
    else:
        described = Dataset(name=name or local.resolve().stem, path=_relative(local, root))
    about = _delta_record(found)
    known = {"name": described.name, "path": described.path, "uri": described.uri}
    return msgspec.structs.replace(about, **known), found.table


def _delta_record(found: delta.DeltaFound) -> Dataset:
    return Dataset(
        name="?",
        dvc=found.identity,
        rows=found.rows,
        columns=found.columns,
        size=found.size,
        kind="delta",
        table_version=found.version,
        committed=found.committed,
    )


def _of_table(data: Any, name: str | None, detail: Detail) -> Described:
    if name is None:
        raise UsageError(
            "a data set in memory has no name", hint="log_dataset(frame, name='train')"
        )
    libraries = library_of(data)
    if "torch" in libraries and hasattr(data, "detach"):
        data = _as_array(data)
        libraries = library_of(data)
    if "scipy" in libraries and hasattr(data, "tocsr"):
        digest, size = sparse_digest(data)
        rows, columns = data.shape[0], data.shape[1] if data.ndim == 2 else None
        return _in_memory(name, digest, rows, columns, size, "sparse"), None
    if "numpy" in libraries and hasattr(data, "ndim") and data.dtype.kind != "O":
        return _of_array(data, name, detail)
    frame = as_pandas(data)
    profile = profile_of_frame(frame, detail)
    size = int(frame.memory_usage(index=False).sum())
    dataset = _in_memory(name, frame_digest(frame), len(frame), len(frame.columns), size, "frame")
    return dataset, profile.table


def _of_array(array: Any, name: str, detail: Detail) -> Described:
    if array.ndim == 0:
        raise UsageError("a single number is not a data set", hint="give rows")
    width = array.shape[1] if array.ndim == 2 else 1 if array.ndim == 1 else None
    dataset = _in_memory(name, array_digest(array), len(array), width, int(array.nbytes), "array")
    if width is None or width > _WIDEST_ARRAY or array.dtype.kind not in "biuf":
        return dataset, None
    try:
        profile = profile_of_frame(as_pandas(array), detail)
    except UsageError:  # pandas is not there: the digest identifies it all the same
        return dataset, None
    return dataset, profile.table


def _as_array(tensor: Any) -> Any:
    plain = tensor.detach().cpu()
    if str(plain.dtype) == "torch.bfloat16":
        plain = plain.float()
    return plain.numpy()


def _in_memory(
    name: str, digest: str, rows: int, columns: int | None, size: int, kind: str
) -> Dataset:
    return Dataset(
        name=name, dvc=f"frame-md5:{digest}", rows=rows, columns=columns, size=size, kind=kind
    )


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
