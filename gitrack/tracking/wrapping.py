"""What a process that wraps others needs of its run: they join it and say what it is about."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import msgspec

from gitrack.artifacts.names import check_name
from gitrack.model.run import Dataset, Status
from gitrack.tracking import notice, outbox
from gitrack.tracking.journals.fold import fold
from gitrack.tracking.journals.journal import DamagedJournal
from gitrack.tracking.logged import files

if TYPE_CHECKING:
    from gitrack.tracking.run import Run

#: Seconds to wait for the state of the code before something runs that may change it.
_PATIENCE = 2.0


def wrap(run: Run, command: str, *, adopts: list[str]) -> dict[str, str]:
    """Make `run` one that stands for `command`; the variables by which processes join it.

    `adopts` names what the run takes from the first process that joins (`experiment`, `name`),
    since nobody has said it.
    """
    if adopts and run.owner:
        run.journal.event("adopt", fields=adopts)
    if run.capture is not None:
        run.capture.stands_for(command)
        run.capture.wait_for_code(_PATIENCE)
    return {"GITRACK_RUN_ID": run.id}


def learn(run: Run) -> None:
    """Take over what joined processes have logged: rules and names need it when the run ends."""
    if run.folder is None or not run.owner:
        return
    try:
        folded = fold(run.folder)
        who = folded.who
    except (DamagedJournal, OSError) as error:
        notice.warn_once(f"learn {run.id}", f"what joined run {run.id} is unknown: {error}")
        return
    run.experiment, run.name = who.experiment, who.name
    run._params.update(folded.params)
    run._tags.update(folded.tags)


def keep_beside(run: Run, path: str, data: bytes) -> None:
    """A file beside the run's record, which is no artifact of the user's."""
    run._write(path, partial(files.write_in, data, path, below=files.EXTRA), "file", {})


def log_identity(run: Run, dataset: Dataset) -> None:
    """A dataset whose identity somebody else has found out."""
    run.journal.event("data", dataset=msgspec.to_builtins(dataset))


def forget(run: Run) -> None:
    """Drop a run in which nothing has happened, as if it had never been started."""
    if run.status is not Status.RUNNING:
        return
    if not run.owner:
        run.end()  # it is of somebody else, who goes on with it
        return
    run._status = Status.KILLED
    run.journal.close()
    if run.capture is not None:
        run.capture.finish()
    if run.folder is not None:
        outbox.discard(run.folder, outbox.sizes(run.folder))


def point_at(
    run: Run, path: str, md5: str, *, size: int | None, files: int | None, kind: str
) -> None:
    """An artifact whose bytes are in the DVC cache already. Raises InvalidName."""
    run.journal.event(
        "artifact", path=check_name(path), artifact=kind, md5=md5, size=size, files=files
    )
