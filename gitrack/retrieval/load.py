"""`load_model`: from a reference or a folder to a model in memory, without MLflow."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gitrack.errors import NotFound, UsageError
from gitrack.retrieval.obtain import obtain
from gitrack.retrieval.resolve import locate


def load_model(
    reference: str | os.PathLike[str],
    *,
    as_function: bool = False,
    allow_pickle: bool = False,
    trusted: Sequence[str] = (),
    into: Any = None,
    target: str | os.PathLike[str] | None = None,
) -> Any:
    """A model that a run has logged, as its library has it.

    `reference` is `runs:/<run>/model`, `churn:v2` or `churn:best` of a named artifact,
    `models:/churn/7`, `models:/churn/production` or `models:/churn@champion`. What a run logged
    is held against its md5. A path to a folder (`./model`) is taken as it is, unchecked.

    With `as_function` the model comes with one method, `predict(data)`, that puts columns into
    order and holds them against the signature, as `mlflow.pyfunc` does. Nothing of the folder is
    run: a pickle needs `allow_pickle=True`, classes that are neither scikit-learn's nor
    XGBoost's nor LightGBM's need `trusted=["features.Rates"]`. `into` is the PyTorch module that
    saved weights go into; without it they come alone. `target` is where to put a copy of the
    folder, which is kept.

    Raises NotFound, UnreadableFile for what is no model or a hostile one, ArtifactError for bytes
    that are missing or wrong, and UsageError, with what to type, where a package is missing.
    """
    from gitrack import models

    folder = _folder(reference, target)
    read = models.load_function if as_function else models.load
    return read(folder, allow_pickle=allow_pickle, trusted=trusted, into=into)


def _folder(reference: str | os.PathLike[str], target: str | os.PathLike[str] | None) -> Path:
    if not isinstance(reference, (str, os.PathLike)):
        raise UsageError(
            f"{reference!r:.80} is no reference to a model",
            hint="give runs:/RUN/model, NAME:VERSION, models:/NAME/VERSION or a folder",
        )
    if _is_path(reference):
        if target is not None:
            raise UsageError(
                f"{os.fspath(reference)!r:.80} is a folder already, so no target is needed",
                hint="leave target out",
            )
        return _checked(Path(reference).expanduser(), str(os.fspath(reference)))
    from gitrack.store import open_store
    from gitrack.store.git.repository import Repository

    text, store = str(reference), open_store()
    located = locate(store, text)
    place = None if target is None else Path(target)
    return _checked(obtain(store, Repository.discover(), located, place), text)


def _is_path(reference: str | os.PathLike[str]) -> bool:
    """A text is a path if it looks like one, or if a model lies there."""
    if not isinstance(reference, str):
        return True
    if reference.startswith(("/", "./", "../", "~", ".\\", "..\\")) or reference in (".", ".."):
        return True
    try:
        return Path(reference, "MLmodel").is_file()
    except (OSError, ValueError):
        return False


def _checked(folder: Path, named: str) -> Path:
    hint = "a model that log_model has saved is a folder with a file MLmodel"
    if not folder.exists():
        raise NotFound(f"there is no folder {named!r:.200}", hint=hint)
    if not folder.is_dir():
        raise UsageError(f"{named!r:.200} is a file, not a model's folder", hint=hint)
    return folder
