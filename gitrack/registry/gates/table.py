"""Which function judges which gate. Those that need more than the branch are loaded when asked."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

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
    TagGate,
    TagsGate,
)
from gitrack.registry.gates.approvals import judge_approvals
from gitrack.registry.gates.case import Case
from gitrack.registry.gates.code import judge_code
from gitrack.registry.gates.evidence import judge_evidence
from gitrack.registry.gates.finding import Finding
from gitrack.registry.gates.metrics import judge_metric, judge_regression
from gitrack.registry.gates.tags import judge_tag, judge_tags

_HERE: dict[type, Callable[[Case, Any], Finding]] = {
    MetricGate: judge_metric,
    RegressionGate: judge_regression,
    EvidenceGate: judge_evidence,
    ApprovalsGate: judge_approvals,
    TagsGate: judge_tags,
    TagGate: judge_tag,
    CodeGate: judge_code,
}
_ELSEWHERE: dict[type, str] = {
    ReproducibleGate: "reproducible",
    DataGate: "data",
    ArtifactGate: "artifact",
    ModelGate: "loads",
    CommandGate: "custom",
    PythonGate: "custom",
}


def judge_of(gate: Gate) -> Callable[[Case, Any], Finding]:
    """The function that judges gates of this kind."""
    kind = type(gate)
    if kind not in _HERE:
        module = importlib.import_module(f"gitrack.registry.gates.{_ELSEWHERE[kind]}")
        _HERE[kind] = getattr(module, f"judge_{_FUNCTIONS[kind]}")
    return _HERE[kind]


_FUNCTIONS: dict[type, str] = {
    ReproducibleGate: "reproducible",
    DataGate: "data",
    ArtifactGate: "artifact",
    ModelGate: "model",
    CommandGate: "command",
    PythonGate: "python",
}
