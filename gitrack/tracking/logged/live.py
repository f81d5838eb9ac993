"""What every part of a live run stands on: its place, its journal, its folder in the outbox."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gitrack.errors import UsageError
from gitrack.model.ids import short
from gitrack.model.run import Status
from gitrack.tracking import notice

if TYPE_CHECKING:
    from gitrack.tracking.journals.journal import Journal
    from gitrack.tracking.place import Place


class Live:
    """A run that is being written, without any word of what may be logged."""

    id: str
    place: Place
    journal: Journal
    folder: Path | None
    _lock: threading.RLock
    _status: Status

    def _must_run(self) -> None:
        if self._status is not Status.RUNNING:
            raise UsageError(
                f"run {short(self.id)} has ended ({self._status})",
                hint=f"go on with it by gitrack.start_run(run_id='{self.id}')",
            )

    def _write(
        self, name: str, write: Callable[[Path], None], event: str, content: dict[str, Any]
    ) -> None:
        """First the file, then the word of it: what a journal names is there."""
        if self.folder is None:
            notice.warn_once("artifacts", f"{name} is not kept: nowhere to write it")
            return
        try:
            with self._lock:
                write(self.folder)
                self.journal.event(event, path=name, **content)
        except (OSError, shutil.Error) as error:
            notice.warn(f"{name} of run {short(self.id)} is not kept: {notice.worded(error)}")
