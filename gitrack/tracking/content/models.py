"""A model as a folder of the outbox, and the first rows of what it was trained on."""

from __future__ import annotations

import errno
import shutil
from pathlib import Path
from typing import Any

from gitrack.errors import UsageError
from gitrack.tracking import notice
from gitrack.tracking.logged import files

#: Less room than this, and a library that cannot write says so in words of its own.
_LITTLE = 1 << 16

#: Characters that a record keeps of what a model takes or gives; `MLmodel` has all of it.
_MOST_SAID = 600


def write_model(model: Any, name: str, folder: Path, about: dict[str, Any], **options: Any) -> None:
    """Save the model as the run's artifact `name`, whole or not at all.

    `about` gets its flavor, and what it takes and gives in words. `options` are those of
    `gitrack.models.save`. Raises UsageError for what cannot be saved, OSError for a disk that is
    full.
    """
    from gitrack import models

    def make(aside: Path) -> None:
        saved = models.save(model, aside, **options)
        about["flavor"] = saved.flavor
        for side, schema in (
            ("inputs", saved.signature.inputs),
            ("outputs", saved.signature.outputs),
        ):
            if schema is not None:
                about[side] = _in_words(str(schema))
        if saved.untrusted:
            listed = ", ".join(map(repr, saved.untrusted[:5]))
            notice.warn_once(
                f"trusted {saved.untrusted}",
                f"{name} holds classes that are not scikit-learn's: to load it, say "
                f"load_model(…, trusted=[{listed}])",
            )

    try:
        files.make_in(make, name, folder)
    except UsageError as error:
        if shutil.disk_usage(folder).free < _LITTLE:
            raise OSError(errno.ENOSPC, "No space left on device") from error
        raise


def _in_words(schema: str) -> str:
    """Its beginning, cut between two columns; names are anything that data can be called."""
    schema = schema.encode("utf-8", "backslashreplace").decode("utf-8")
    if len(schema) <= _MOST_SAID:
        return schema
    return schema[:_MOST_SAID].rpartition(", ")[0] + ", …"
