"""Which of several processes this one is, and which run they share.

A launcher (torchrun, srun, mpirun) starts one process per device. Rank 0 owns the run; the others
join it under its id, which they learn from `GITRACK_RUN_ID` or from a note that rank 0 leaves in
the outbox under a name that only the processes of one launch can work out.
"""

from __future__ import annotations

import hashlib
import os
import time
from pathlib import Path

from gitrack.model.ids import is_run_id
from gitrack.tracking.process import ProcessMark, start_time

#: Seconds that a rank waits for rank 0 to start the run.
PATIENCE = 20.0
_NOTE = ".launch-"

#: (variable with the rank, variable with how many there are). GITRACK_RANK comes first, so that
#: `GITRACK_RANK=0` gives every process of a launcher a run of its own.
_LAUNCHERS = (
    ("GITRACK_RANK", None),
    ("RANK", "WORLD_SIZE"),
    ("SLURM_PROCID", "SLURM_STEP_NUM_TASKS"),
    ("OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"),
    ("PMI_RANK", "PMI_SIZE"),
    ("LOCAL_RANK", None),
)


def rank() -> int:
    """This process's place among those of one launch; 0 when it is alone."""
    for variable, size in _LAUNCHERS:
        found = os.environ.get(variable, "")
        if found.isdecimal() and (size is None or os.environ.get(size, "2") != "1"):
            return int(found)
    return 0


def launched() -> bool:
    """True if a launcher says that there are several processes."""
    return any(
        os.environ.get(variable, "").isdecimal()
        and (size is None or os.environ.get(size, "2") != "1")
        for variable, size in _LAUNCHERS
    )


def leave_note(outbox: Path, sequence: int, run_id: str) -> Path | None:
    """Rank 0: tell the others the id of the launch's `sequence`-th run."""
    note = _note(outbox, sequence)
    aside = note.with_name(f"{note.name}.{os.getpid()}")
    try:
        aside.write_text(run_id)
        aside.replace(note)
    except OSError:
        return None  # the others then wait in vain and say so
    return note


def read_note(outbox: Path, sequence: int, *, patience: float = PATIENCE) -> str | None:
    """Other ranks: the id of that run, waiting until rank 0 has started it."""
    note = _note(outbox, sequence)
    until = time.monotonic() + patience
    while True:
        try:
            run_id = note.read_text()
        except OSError:
            run_id = ""
        if is_run_id(run_id) and (outbox / run_id).is_dir():
            return run_id
        if time.monotonic() >= until:
            return None
        time.sleep(0.02)


def sweep_notes(outbox: Path, *, older_than: float = 86_400) -> None:
    """Remove the notes of launches long over, and of runs that are no longer here."""
    for note in outbox.glob(f"{_NOTE}*"):
        try:
            run_here = (outbox / note.read_text()).is_dir()
            if not run_here or time.time() - note.stat().st_mtime > older_than:
                note.unlink()
        except (OSError, UnicodeDecodeError):
            continue  # somebody else's, or just removed


def _note(outbox: Path, sequence: int) -> Path:
    digest = hashlib.sha256(f"{_launch()}\n{sequence}".encode()).hexdigest()[:16]
    return outbox / f"{_NOTE}{digest}"


def _launch() -> str:
    """What the processes of one launch have in common, and no other launch has."""
    known = os.environ.get
    if job := known("SLURM_JOB_ID"):
        step, again = known("SLURM_STEP_ID", ""), known("SLURM_RESTART_COUNT", "")
        return f"slurm {job} {step} {again}"
    parts = [
        known(name, "")
        for name in (
            "TORCHELASTIC_RUN_ID",
            "TORCHELASTIC_RESTART_COUNT",
            "MASTER_ADDR",
            "MASTER_PORT",
            "PMIX_NAMESPACE",
        )
    ]
    if known("WORLD_SIZE") == known("LOCAL_WORLD_SIZE"):
        # all on this machine, so started by one process; ports and names are used again, it is not
        parent = os.getppid()
        parts += [str(parent), start_time(parent) or ""]
    return "launch " + " ".join(parts)


def is_this_family(mark: ProcessMark, ancestors: int = 8) -> bool:
    """True if `mark` is this process or one that it descends from."""
    pid = os.getpid()
    for _ in range(ancestors):
        if pid == mark.pid and mark.life() == "alive":
            return True
        pid = _parent_of(pid)
        if pid <= 1:
            return False
    return False


def _parent_of(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()[1])
    except (OSError, IndexError, ValueError):
        return 0
