"""The data of the run are not too old."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from gitrack.config.gates import DataGate
from gitrack.model import moments
from gitrack.model.display import number
from gitrack.model.run import Dataset
from gitrack.registry.gates.case import SLACK, Case, moment_of
from gitrack.registry.gates.finding import Finding, failed, outcome_of

_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?\Z", re.ASCII)


def judge_data(case: Case, gate: DataGate) -> Finding:
    """The oldest of the datasets decides; one whose age nobody knows fails."""
    chosen = [
        (at, dataset)
        for at, dataset in enumerate(case.run.data)
        if gate.role is None or dataset.role == gate.role
    ]
    if not chosen:
        what = f"no data with the role {gate.role!r}" if gate.role else "no data"
        return failed(
            f"run {case.run.id} names {what}; log them with run.log_dataset",
            source=f"{case.source}: data",
            required=gate.within_days,
        )
    dated = []
    for at, dataset in chosen:
        when, key, why = _dated(case, dataset)
        source = f"{case.source}: data[{at}].{key}"
        if when is None:
            return failed(f"{dataset.name} {why}", source=source, required=gate.within_days)
        dated.append((when, dataset, source))
    when, dataset, source = min(dated, key=lambda found: found[0])
    if when > case.when + SLACK:
        return failed(
            f"{dataset.name} is dated {moments.written(when)}, which lies in the future",
            source=source,
            required=gate.within_days,
        )
    age = max((case.when - when) / timedelta(days=1), 0.0)
    return Finding(
        outcome=outcome_of(age <= gate.within_days),
        says=(
            f"{dataset.name} is {number(age, 3)} days old, "
            f"{number(gate.within_days)} at most are asked for"
        ),
        value=float(f"{age:.6g}"),
        required=gate.within_days,
        margin=float(f"{gate.within_days - age:.6g}"),
        source=source,
    )


def _dated(case: Case, dataset: Dataset) -> tuple[datetime | None, str, str]:
    """(when the data were written, by which key of the record, why that is unknown)."""
    if dataset.committed is not None:
        try:
            return moments.read(dataset.committed), "committed", ""
        except ValueError:
            return None, "committed", f"says {dataset.committed[:40]!r}, which is no time"
    if dataset.changed:
        why = "had changes that nobody committed, so nobody knows its age; commit it and run again"
        return None, "changed", why
    if dataset.revision is None:
        why = "has no date; keep it with DVC or as a Delta table, and log it by its path"
        return None, "revision", why
    known = _COMMIT.match(dataset.revision) is not None
    when = moment_of(case.commit_time(dataset.revision)) if known else None
    if when is None:
        why = f"was recorded by commit {dataset.revision[:12]!r}, which is not here; git fetch"
        return None, "revision", why
    return when, "revision", ""
