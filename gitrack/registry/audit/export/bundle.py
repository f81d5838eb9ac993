"""The bundle as files by name, and as a folder or a zip that is the same each time."""

from __future__ import annotations

import contextlib
import hashlib
import shutil
import tempfile
import zipfile
from datetime import datetime
from pathlib import Path

import msgspec

from gitrack.errors import GitrackError, UsageError
from gitrack.registry.audit.export.files import Copied, copied_files
from gitrack.registry.audit.export.page import page
from gitrack.registry.audit.export.tables import as_json, tables
from gitrack.registry.audit.looking import Looked, look
from gitrack.registry.opened import OpenRegistry
from gitrack.tracking.place import Place

_SUMS = "SHA256SUMS"
#: What tells an older bundle, which may be replaced, from a folder of somebody's.
_MARK = "audit.json"
#: The first moment that a zip knows: a bundle says nothing of when it was packed.
_EPOCH = (1980, 1, 1, 0, 0, 0)


class Exported(msgspec.Struct, frozen=True, kw_only=True):
    """What was written, and whether the audit found anything."""

    target: str
    files: int
    promotions: int
    findings: int
    clean: bool
    sha256: str


def export_bundle(
    target: Path,
    name: str | None = None,
    since: str | datetime | None = None,
    *,
    rejudge: bool = True,
    verify_signatures: bool = False,
    require_signed: bool = False,
    where: OpenRegistry | Place | Path | None = None,
) -> Exported:
    """Audit, and write all of it to a folder or a `.zip`; byte by byte the same for one commit.

    Raises UsageError for a target that holds anything else than an older bundle.
    """
    as_zip = target.suffix.lower() == ".zip"
    _refuse(target, as_zip=as_zip)
    looked = look(
        name,
        since,
        rejudge=rejudge,
        verify_signatures=verify_signatures,
        require_signed=require_signed,
        where=where,
    )
    files = bundle(looked)
    try:
        if as_zip:
            _write_zip(target, files)
        else:
            _write_folder(target, files)
    except OSError as error:
        raise GitrackError(
            f"{target} could not be written: {error.strerror or error}",
            hint="free some space there, or name another place",
        ) from error
    audit = looked.audit
    return Exported(
        target=str(target),
        files=len(files),
        promotions=len(audit.promotions),
        findings=len(audit.findings),
        clean=audit.clean,
        sha256=hashlib.sha256(files[_SUMS]).hexdigest(),
    )


def bundle(looked: Looked) -> dict[str, bytes]:
    """The files of a bundle by their names, sorted; the last to be made lists all others."""
    copies = copied_files(looked)
    files = {f"files/{copy.name}": copy.data for copy in copies}
    files["audit.json"] = as_json(looked.audit)
    files.update(tables(looked.audit, copies))
    files["index.html"] = page(looked.audit, copies).encode()
    lines = [f"{_sha256(data)}  {name}\n" for name, data in sorted(files.items())]
    files[_SUMS] = "".join(lines).encode()
    return dict(sorted(files.items()))


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _refuse(target: Path, *, as_zip: bool) -> None:
    if as_zip:
        if target.is_dir():
            raise UsageError(f"{target} is a folder", hint="name a file, or leave .zip out")
        return
    if target.exists() and not target.is_dir():
        raise UsageError(f"{target} is a file", hint="name a folder, or a file that ends in .zip")
    if target.is_dir() and any(target.iterdir()) and not (target / _MARK).is_file():
        raise UsageError(
            f"{target} holds something else than an older bundle", hint="name a new folder"
        )


def _write_zip(target: Path, files: dict[str, bytes]) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=target.parent, suffix=".part", delete=False) as aside:
        try:
            with zipfile.ZipFile(aside, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as packed:
                for name, data in files.items():
                    about = zipfile.ZipInfo(name, _EPOCH)
                    about.compress_type = zipfile.ZIP_DEFLATED
                    about.external_attr = 0o644 << 16
                    about.create_system = 3
                    packed.writestr(about, data)
        except BaseException:
            with contextlib.suppress(OSError):
                Path(aside.name).unlink()
            raise
    Path(aside.name).chmod(0o644)
    Path(aside.name).replace(target)


def _write_folder(target: Path, files: dict[str, bytes]) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(dir=target.parent, prefix=f".{target.name}-"))
    try:
        for name, data in files.items():
            place = aside / name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(data)
        aside.chmod(0o755)
        if target.is_dir():
            old = Path(tempfile.mkdtemp(dir=target.parent, prefix=f".{target.name}-old-"))
            old.rmdir()
            target.rename(old)
            aside.rename(target)
            shutil.rmtree(old, ignore_errors=True)
        else:
            aside.rename(target)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


__all__ = ["Copied", "Exported", "bundle", "export_bundle"]
