"""The functions of `gitrack` that log: each does what the active run's method of its name does.

Each raises UsageError if no run is active, or several are and this thread has started none.
"""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from gitrack.tracking.active import the_run
from gitrack.tracking.run import Run

if TYPE_CHECKING:
    from gitrack.retrieval.used import UsedArtifact


def log_param(name: str, value: object) -> Run:
    """One setting of the active run. See `Run.log_params`."""
    return the_run().log_param(name, value)


def log_params(params: Mapping[str, object] | object) -> Run:
    """Settings of the active run. See `Run.log_params`."""
    return the_run().log_params(params)


def log_metric(
    name: str,
    value: float,
    step: int | None = None,
    *,
    timestamp: float | dt.datetime | None = None,
) -> Run:
    """One number of the active run. See `Run.log_metrics`."""
    return the_run().log_metric(name, value, step, timestamp=timestamp)


def log_metrics(
    metrics: Mapping[str, Any],
    step: int | None = None,
    *,
    timestamp: float | dt.datetime | None = None,
) -> Run:
    """Numbers of the active run that belong together. See `Run.log_metrics`."""
    return the_run().log_metrics(metrics, step, timestamp=timestamp)


def set_tag(name: str, value: object) -> Run:
    """One label of the active run. Unlike a param it may change. See `Run.set_tags`."""
    return the_run().set_tag(name, value)


def set_tags(tags: Mapping[str, object]) -> Run:
    """Labels of the active run. See `Run.set_tags`."""
    return the_run().set_tags(tags)


def delete_tag(name: str) -> Run:
    """Remove a label of the active run."""
    return the_run().delete_tag(name)


def set_notes(text: str) -> Run:
    """Notes on the active run; they replace earlier ones. See `Run.set_notes`."""
    return the_run().set_notes(text)


def log_seeds(seeds: Mapping[str, int]) -> Run:
    """Seeds of the active run."""
    return the_run().log_seeds(seeds)


def log_artifact(
    path: str | os.PathLike[str],
    name: str | None = None,
    *,
    kind: str | None = None,
    flavor: str | None = None,
    named: str | None = None,
    aliases: Iterable[str] = (),
    description: str | None = None,
) -> Run:
    """A file or folder of the active run, as it is now. See `Run.log_artifact`."""
    about: dict[str, Any] = {"named": named, "aliases": aliases, "description": description}
    return the_run().log_artifact(path, name, kind=kind, flavor=flavor, **about)


def log_reference(
    uri: str,
    name: str | None = None,
    *,
    kind: str | None = None,
    flavor: str | None = None,
    named: str | None = None,
    aliases: Iterable[str] = (),
    description: str | None = None,
    md5: str | None = None,
    size: int | None = None,
) -> Run:
    """What lies elsewhere, recorded for the active run without a copy. See `Run.log_reference`."""
    about: dict[str, Any] = {"named": named, "aliases": aliases, "description": description}
    return the_run().log_reference(uri, name, kind=kind, flavor=flavor, md5=md5, size=size, **about)


def use_artifact(reference: str) -> UsedArtifact:
    """What the active run reads of what another run left. See `Run.use_artifact`."""
    return the_run().use_artifact(reference)


def log_artifacts(folder: str | os.PathLike[str], name: str | None = None) -> Run:
    """Every file of a folder, for the active run. See `Run.log_artifacts`."""
    return the_run().log_artifacts(folder, name)


def log_text(text: str, name: str, *, kind: str = "text") -> Run:
    """Text as a file of the active run."""
    return the_run().log_text(text, name, kind=kind)


def log_bytes(data: bytes, name: str, *, kind: str = "file", flavor: str | None = None) -> Run:
    """Bytes as a file of the active run. See `Run.log_bytes`."""
    return the_run().log_bytes(data, name, kind=kind, flavor=flavor)


def log_dict(content: Any, name: str) -> Run:
    """A dict as a JSON or YAML file of the active run."""
    return the_run().log_dict(content, name)


def log_figure(figure: Any, name: str) -> Run:
    """A figure of the active run (matplotlib, Altair, PIL). See `Run.log_figure`."""
    return the_run().log_figure(figure, name)


def log_table(
    frame: Any,
    name: str,
    *,
    named: str | None = None,
    aliases: Iterable[str] = (),
    description: str | None = None,
) -> Run:
    """A DataFrame of the active run, as CSV, TSV, JSON or Parquet. See `Run.log_table`."""
    return the_run().log_table(frame, name, named=named, aliases=aliases, description=description)


def log_dataset(
    data: Any, name: str | None = None, *, role: str | None = None, version: str | None = None
) -> Run:
    """An input of the active run: a path, a URI or a DataFrame. See `Run.log_dataset`."""
    return the_run().log_dataset(data, name, role=role, version=version)


def log_model(
    model: Any,
    name: str = "model",
    *,
    input_example: Any = None,
    signature: Any = None,
    requirements: Sequence[str] | None = None,
    preprocessor: Any = None,
    allow_pickle: bool = False,
    named: str | None = None,
    aliases: Iterable[str] = (),
    description: str | None = None,
) -> Run:
    """A model of the active run, as a folder that MLflow loads too. See `Run.log_model`."""
    return the_run().log_model(
        model, name, input_example=input_example, signature=signature, requirements=requirements,
        preprocessor=preprocessor, allow_pickle=allow_pickle, named=named, aliases=aliases,
        description=description,
    )  # fmt: skip


def log_predictions(y_true: Any, scores: Any, *, ids: Any = None, name: str | None = None) -> Run:
    """What was true and what the active run predicted. See `Run.log_predictions`."""
    return the_run().log_predictions(y_true, scores, ids=ids, name=name)


def log_evidence(
    name: str, passed: bool, detail: str | None = None, report: str | None = None
) -> Run:
    """A fact about the active run that a promotion may ask for. See `Run.log_evidence`."""
    return the_run().log_evidence(name, passed, detail, report)
