"""Each gate in words: what people read, and what tells it from the others of its stage."""

from __future__ import annotations

from collections.abc import Iterable

from gitrack.config.gates import (
    ApprovalsGate,
    ArtifactGate,
    CodeGate,
    CommandGate,
    DataGate,
    EvidenceGate,
    Gate,
    MetricGate,
    ModelGate,
    PythonGate,
    RegressionGate,
    ReproducibleGate,
    StageGate,
    TagGate,
    TagsGate,
)
from gitrack.model.display import number

_KINDS: dict[type, str] = {
    MetricGate: "metric",
    EvidenceGate: "evidence",
    CodeGate: "code",
    StageGate: "stage",
    RegressionGate: "no_regression",
    ApprovalsGate: "approvals",
    TagsGate: "tags",
    TagGate: "tag",
    ReproducibleGate: "reproducible",
    DataGate: "data",
    ArtifactGate: "artifact",
    ModelGate: "model",
    CommandGate: "command",
    PythonGate: "python",
}


def kind_of(gate: Gate) -> str:
    """Its first key in the policy."""
    return _KINDS[type(gate)]


def words(gate: Gate) -> str:
    """`test_auc_roc >= 0.88`."""
    match gate:
        case MetricGate():
            return _bounds(gate)
        case EvidenceGate():
            return _evidence(gate)
        case RegressionGate():
            return _regression(gate)
        case ApprovalsGate():
            count = gate.approvals
            text = f"{count} approval{'' if count == 1 else 's'}"
            text += f" by {listed(gate.by)}" if gate.by else ""
            return text + (f", not by {listed(gate.not_by)}" if gate.not_by else "")
        case TagsGate():
            return f"tags {', '.join(gate.tags)}"
        case TagGate():
            return f"tag {gate.tag} is {listed(gate.is_)}"
        case CodeGate():
            return "code clean"
        case StageGate():
            return f"gates of {gate.stage}"
        case ReproducibleGate():
            return f"reproducible, {gate.reproducible}"
        case DataGate():
            role = f" ({gate.role})" if gate.role else ""
            return f"data of the last {number(gate.within_days)} days{role}"
        case ArtifactGate():
            return "artifact in the remote"
        case ModelGate():
            return "model loads"
        case CommandGate():
            return f"{gate.name}: {gate.command}" if gate.name else gate.command
        case PythonGate():
            return f"{gate.name}: {gate.python}" if gate.name else gate.python


def listed(names: Iterable[str]) -> str:
    """`a, b or c`."""
    *first, last = list(names) or ["nobody"]
    return f"{', '.join(first)} or {last}" if first else last


def _bounds(gate: MetricGate) -> str:
    if gate.at_most is None:
        return f"{gate.metric} >= {number(gate.at_least or 0.0, 12)}"
    if gate.at_least is None:
        return f"{gate.metric} <= {number(gate.at_most, 12)}"
    return f"{number(gate.at_least, 12)} <= {gate.metric} <= {number(gate.at_most, 12)}"


def _evidence(gate: EvidenceGate) -> str:
    parts = [f"evidence {gate.evidence}"]
    if gate.for_days is not None:
        parts.append(f"for {number(gate.for_days)} days")
    if gate.for_hours is not None:
        parts.append(f"for {number(gate.for_hours)} hours")
    if gate.max_age_days is not None:
        parts.append(f"of the last {number(gate.max_age_days)} days")
    if gate.by:
        parts.append(f"by {listed(gate.by)}")
    return " ".join(parts)


def _regression(gate: RegressionGate) -> str:
    text = f"{gate.no_regression} no worse than in {gate.against}"
    allowed = []
    if gate.tolerance:
        allowed.append(number(gate.tolerance, 12))
    if gate.relative:
        allowed.append(f"{number(gate.relative * 100, 12)} %")
    if allowed:
        text += f" by more than {listed(allowed)}"
    if gate.test:
        how = "DeLong" if gate.test == "delong" else f"bootstrap of {gate.resamples}"
        text += f" ({how}, {number(gate.confidence * 100, 12)} %)"
    return text
