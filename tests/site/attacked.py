"""A branch made of given files, as somebody who means harm would push it, and its site."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gitrack.model.run import Run, Status
from gitrack.site import build_site
from gitrack.site.build import Report
from gitrack.store import open_store
from gitrack.store.codec.records import dump_run

GITLINK, SYMLINK, PROGRAM = "160000", "120000", "100755"


def run(number: int, **fields: Any) -> Run:
    """A finished run."""
    known: dict[str, Any] = {
        "id": f"20260101-{number:06d}-aaaaaa",
        "name": f"run {number}",
        "experiment": "tried",
        "status": Status.FINISHED,
        "started": f"2026-01-01T00:00:{number:02d}Z",
        "ended": "2026-01-01T01:00:00Z",
    }
    return Run(**{**known, **fields})


def folder(run: Run) -> str:
    """Where a run lies on the branch."""
    return f"runs/{run.experiment}/2026-01/01/{run.id}"


def files_of(*runs: Run, beside: Mapping[str, bytes] | None = None) -> dict[str, bytes]:
    """The files of runs, with the same ones beside each record."""
    found = {}
    for one in runs:
        found[f"{folder(one)}/run.yaml"] = dump_run(one)
        found |= {f"{folder(one)}/{name}": data for name, data in (beside or {}).items()}
    return found


def push(
    repo: Path,
    files: Mapping[str, bytes],
    modes: Mapping[str, str] | None = None,
    by: str = "E <e@example.com>",
) -> None:
    """Put files on the branch with git itself, which asks nobody whether they make sense."""
    body = b""
    for path, data in {"format.yaml": b"format: 1\n", **files}.items():
        mode = (modes or {}).get(path, "100644").encode()
        if mode == GITLINK.encode():
            body += b"M %b %b %b\n" % (mode, b"1" * 40, _quoted(path))
        else:
            body += b"M %b inline %b\ndata %d\n%b\n" % (mode, _quoted(path), len(data), data)
    head = b"commit refs/heads/gitrack\ncommitter %b 1767225600 +0000\ndata 1\nm\n" % by.encode()
    subprocess.run(
        ["git", "-C", str(repo), "fast-import", "--quiet", "--force"], input=head + body, check=True
    )


def built(repo: Path, site: Path, **settings: Any) -> Report:
    """The site of what is on the branch."""
    store = open_store(repo)
    tip = store.branch.tip()
    return build_site(store.at(tip), site, title="Attacked", commit=tip, **settings)


def _quoted(path: str) -> bytes:
    """A path as fast-import reads it: in quotes, everything but letters as octal numbers."""
    data = path.encode("utf-8", "surrogateescape")
    return b'"%b"' % b"".join(b"\\%03o" % byte for byte in data)
