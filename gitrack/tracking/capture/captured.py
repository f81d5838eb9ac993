"""What was captured beside what the user logged, and how it survives the death of its process."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import msgspec

from gitrack.model.run import Code, Environment

#: Files of a run that capture writes, below the run's folder.
FILES = ("code.patch", "environment.txt", "output.txt", "system.tsv")

_RECORD = "capture.json"


class Captured(msgspec.Struct, frozen=True, kw_only=True):
    """Everything a run knows without being told. `files` goes into the run's folder as it is."""

    code: Code | None = None
    environment: Environment | None = None
    command: str = ""
    files: dict[str, bytes] = {}
    warnings: list[str] = []


class _Record(msgspec.Struct, frozen=True, kw_only=True):
    """`Captured` without its files, which lie beside it under their own names."""

    code: Code | None = None
    environment: Environment | None = None
    command: str = ""
    warnings: list[str] = []


def save_record(outbox: Path, captured: Captured) -> None:
    """Write `capture.json`, whole or not at all."""
    record = _Record(
        code=captured.code,
        environment=captured.environment,
        command=captured.command,
        warnings=captured.warnings,
    )
    save_file(outbox, _RECORD, msgspec.json.encode(record))


def save_file(outbox: Path, name: str, data: bytes) -> None:
    """Write one file, whole or not at all. The folder is never created: it may have gone."""
    # the capture's thread and the end of the run may write the same file at once
    temporary = outbox / f".{name}.{os.getpid()}-{threading.get_ident()}.part"
    temporary.write_bytes(data)
    temporary.replace(outbox / name)


def load_captured(outbox: Path) -> Captured:
    """What a run captured before it died; empty where it had not come to that."""
    warnings: list[str] = []
    record = _Record()
    try:
        record = msgspec.json.decode((outbox / _RECORD).read_bytes(), type=_Record)
    except FileNotFoundError:
        warnings.append("the run ended before its code and environment were captured")
    except (OSError, msgspec.DecodeError) as trouble:
        warnings.append(f"what was captured cannot be read: {trouble}")
    files: dict[str, bytes] = {}
    for name in FILES:
        try:
            files[name] = (outbox / name).read_bytes()
        except FileNotFoundError:
            continue
        except OSError as trouble:
            warnings.append(f"{name} cannot be read: {trouble}")
    return Captured(
        code=record.code,
        environment=record.environment,
        command=record.command,
        files=files,
        warnings=[*record.warnings, *warnings],
    )
