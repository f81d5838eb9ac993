"""Tags that a version carries, its own before those of its run."""

from __future__ import annotations

from gitrack.config.gates import TagGate, TagsGate
from gitrack.model.run import Scalar
from gitrack.registry.gates.case import Case
from gitrack.registry.gates.finding import Finding, failed, outcome_of
from gitrack.registry.gates.wording import listed
from gitrack.store.registry.paths import version_path


def judge_tags(case: Case, gate: TagsGate) -> Finding:
    """Every tag is there, with a value that is not empty."""
    lacking = [tag for tag in gate.tags if _value(case, tag)[0] is None]
    there = len(gate.tags) - len(lacking)
    says = (
        f"it lacks {', '.join(lacking)}; type  gitrack model tag {case.name} {lacking[0]}=… "
        f"--version {case.version.version}"
        if lacking
        else f"it carries {', '.join(gate.tags)}"
    )
    return Finding(
        outcome=outcome_of(not lacking),
        says=says,
        value=there,
        required=len(gate.tags),
        source=f"{_path(case)}: tags",
    )


def judge_tag(case: Case, gate: TagGate) -> Finding:
    """One tag has one of some values."""
    value, source = _value(case, gate.tag)
    required = listed(gate.is_)
    if value is None:
        return failed(f"it has no tag {gate.tag}", source=source, required=required)
    text = _text(value)
    return Finding(
        outcome=outcome_of(text in gate.is_),
        says=f"{gate.tag} is {text[:120]}"
        + ("" if text in gate.is_ else f", {required} is asked for"),
        value=value,
        required=required,
        source=source,
    )


def _value(case: Case, tag: str) -> tuple[Scalar, str]:
    """(the tag's value, None if it is missing or empty; where that stands)."""
    value = case.version.tags.get(tag)
    if not _is_empty(value):
        return value, f"{_path(case)}: tags.{tag}"
    value = case.run.tags.get(tag)
    return None if _is_empty(value) else value, f"{case.source}: tags.{tag}"


def _path(case: Case) -> str:
    return version_path(case.name, case.version.version)


def _is_empty(value: Scalar) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def _text(value: Scalar) -> str:
    """As it is written in a file."""
    return str(value).lower() if isinstance(value, bool) else str(value)
