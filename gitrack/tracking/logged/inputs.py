"""What a live run reads: datasets, and what other runs have left."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Self

import msgspec

from gitrack.tracking.logged import files
from gitrack.tracking.logged.live import Live

if TYPE_CHECKING:
    from gitrack.retrieval.used import UsedArtifact


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

    def use_artifact(self, reference: str) -> UsedArtifact:
        """Something that another run left, or that lies elsewhere: noted as read by this run.

        `flights:v2`, `flights:latest`, `flights:best`; `runs:/<run>/<path>`; `models:/<name>/7`,
        `models:/<name>@champion`; `s3://…`. A path may go on inside of a folder. Its `.path` is
        where the bytes are, fetched when it is first asked for. Raises NotFound with names that
        are near, Ambiguous, UnreadableFile, UsageError for what is no reference, and NoRepository.
        """
        from gitrack.retrieval.used import UsedArtifact

        self._must_run()
        store = self.place.store()
        assert self.place.repository is not None  # else there is no store
        used = UsedArtifact.of(store, self.place.repository, reference)
        self.journal.event("use", use=msgspec.to_builtins(used.edge))
        return used
