"""What a live run reads: datasets."""

from __future__ import annotations

from functools import partial
from typing import Any, Self

import msgspec

from gitrack.tracking import files
from gitrack.tracking.live import Live


class Inputs(Live):
    """What of `Run` says where things came from."""

    def log_dataset(
        self,
        data: Any,
        name: str | None = None,
        *,
        role: str | None = None,
        version: str | None = None,
    ) -> Self:
        """An input: a path, a URI, a table, an array. Its md5, rows and columns are taken now.

        `name` is that of the file unless given, `role` is such as `train` or `test`, `version`
        whatever you call it. One name in several roles is several inputs. Nothing is copied.
        Of what DVC tracks, the commit is noted and whether it has changed since; of a Delta table
        its version. A profile of the columns goes along (`capture.profiles` of the settings).
        Raises UsageError for what is not there, and InvalidName.
        """
        from gitrack.tracking.content import describe_dataset

        self._must_run()
        repository = self.place.repository
        dataset, extra = describe_dataset(
            data,
            name,
            role,
            version,
            root=repository.worktree if repository else None,
            repository=repository,
            detail=self.place.config.capture.profiles,
        )
        self.journal.event("data", dataset=msgspec.to_builtins(dataset))
        for path, content in extra.items():
            write = partial(files.write_in, content, path, below=files.EXTRA)
            self._write(path, write, "file", {})
        return self
