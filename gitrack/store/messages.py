"""What the log of the branch says about runs: a line for people, trailers for programs."""

from __future__ import annotations

from collections.abc import Sequence

from gitrack.model.ids import short
from gitrack.model.ranking import telling
from gitrack.model.run import Run

_NAMED = 8


def runs_message(runs: Sequence[Run], primary: str | None = None) -> str:
    """The message of a commit that puts runs on the branch."""
    if len(runs) == 1:
        subject = f"run {_headline(runs[0], primary)}"
    else:
        names = ", ".join(short(run.id) for run in runs[:_NAMED])
        subject = f"{len(runs)} runs: {names}{', …' if len(runs) > _NAMED else ''}"
    trailers = [trailer for run in runs for trailer in _trailers(run)]
    return "\n".join([subject, "", *trailers]) + "\n"


def _headline(run: Run, primary: str | None) -> str:
    text = f"{short(run.id)}: {run.status.value}"
    name = likely_metric(run.metrics, primary)
    return text if name is None else f"{text} ({one_line(name)}={run.metrics[name]:.4g})"


def _trailers(run: Run) -> list[str]:
    trailers = [f"Run: {run.id}", f"Experiment: {one_line(run.experiment)}"]
    if run.code is not None and run.code.commit is not None:
        trailers.append(f"Code-Commit: {one_line(run.code.commit)}")
    return trailers


def likely_metric(metrics: dict[str, float | int], primary: str | None = None) -> str | None:
    """The metric by which a run is known: the policy's, else of the test set, else any."""
    if primary is not None and primary in metrics:
        return primary
    return min(metrics, key=telling, default=None)


def one_line(text: str) -> str:
    """Text that cannot begin a line of its own in a message."""
    return " ".join(text.split())[:200]
