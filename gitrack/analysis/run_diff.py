"""What differs between two runs, by their records alone."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from gitrack.model.run import Code, Dataset, Environment, Run

_PINNED = re.compile(r"\s*([A-Za-z0-9][\w.-]*)\s*==\s*(\S+)(?:\s+#\s*(.*))?\s*\Z")


class Change(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One value in the old and in the new run; unset where a run has none.

    `diff` is new minus old, of two numbers.
    """

    name: str
    old: Any | UnsetType = UNSET
    new: Any | UnsetType = UNSET
    diff: float | int | None = None

    @property
    def same(self) -> bool:
        return _same(self.old, self.new)


class DataChange(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A dataset of one name and role, in the old and in the new run."""

    name: str
    role: str | None = None
    old: Dataset | None = None
    new: Dataset | None = None

    @property
    def same(self) -> bool:
        """True if both read the same bytes, as far as the records tell."""
        return self.old is not None and self.new is not None and same_data(self.old, self.new)


class RunDiff(msgspec.Struct, frozen=True, kw_only=True):
    """All differences of two runs, each list sorted by name."""

    old: str
    new: str
    params: list[Change] = []
    metrics: list[Change] = []
    tags: list[Change] = []
    data: list[DataChange] = []
    code: list[Change] = []
    environment: list[Change] = []
    packages: list[Change] = []
    seeds: list[Change] = []
    other: list[Change] = []

    @property
    def empty(self) -> bool:
        fields = self.__struct_fields__
        return not any(getattr(self, name) for name in fields if name not in ("old", "new"))


def diff_runs(
    old: Run,
    new: Run,
    *,
    packages: tuple[str | None, str | None] = (None, None),
    everything: bool = False,
) -> RunDiff:
    """Compare two records; `packages` are their `environment.txt`, as far as they have one.

    `everything` keeps what is the same.
    """

    def kept(changes: Iterator[Change]) -> list[Change]:
        return [change for change in changes if everything or not change.same]

    listed = [read_packages(text) for text in packages]
    both = listed[0] and listed[1]
    return RunDiff(
        old=old.id,
        new=new.id,
        params=kept(_changes(old.params, new.params)),
        metrics=kept(_changes(old.metrics, new.metrics)),
        tags=kept(_changes(old.tags, new.tags)),
        data=[change for change in _data(old, new) if everything or not change.same],
        code=kept(_changes(_fields(old.code), _fields(new.code))),
        environment=kept(_changes(_environment(old), _environment(new))),
        packages=kept(_changes(listed[0], listed[1])) if both else [],
        seeds=kept(_changes(old.seeds, new.seeds)),
        other=kept(_changes(_other(old), _other(new))),
    )


def same_data(one: Dataset, other: Dataset) -> bool:
    """By what identifies data best: their hash, else where they lie and which version."""
    if one.dvc and other.dvc:
        return one.dvc == other.dvc
    there = (one.uri, one.path, one.version, one.rows, one.size)
    return there == (other.uri, other.path, other.version, other.rows, other.size)


def read_packages(text: str | None) -> dict[str, str]:
    """Names and versions of an `environment.txt`; lines that pin nothing are left out."""
    found: dict[str, str] = {}
    for line in (text or "").splitlines():
        if match := _PINNED.match(line):
            name = re.sub(r"[-_.]+", "-", match[1]).lower()
            found[name] = f"{match[2]} ({match[3]})" if match[3] else match[2]
    return found


def _changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    for name in sorted(old.keys() | new.keys()):
        before, after = old.get(name, UNSET), new.get(name, UNSET)
        yield Change(name=name, old=before, new=after, diff=_difference(before, after))


def _difference(old: Any, new: Any) -> float | int | None:
    numbers = all(isinstance(v, int | float) and not isinstance(v, bool) for v in (old, new))
    return new - old if numbers else None


def _same(old: Any, new: Any) -> bool:
    if old is UNSET or new is UNSET:
        return old is new
    if isinstance(old, bool) is not isinstance(new, bool):
        return False  # to Python, True is 1
    return bool(old == new) or (old != old and new != new)  # NaN is itself


def _data(old: Run, new: Run) -> Iterator[DataChange]:
    before = {(data.name, data.role): data for data in old.data}
    after = {(data.name, data.role): data for data in new.data}
    for name, role in sorted(before.keys() | after.keys(), key=lambda key: (key[0], key[1] or "")):
        yield DataChange(
            name=name, role=role, old=before.get((name, role)), new=after.get((name, role))
        )


def _fields(record: Code | Environment | None) -> dict[str, Any]:
    if record is None:
        return {}
    found = {name: getattr(record, name) for name in record.__struct_fields__}
    return {name: value for name, value in found.items() if value is not None}


def _environment(run: Run) -> dict[str, Any]:
    found = _fields(run.environment)
    variables = found.pop("variables", {})
    return found | {f"${name}": value for name, value in variables.items()}


def _other(run: Run) -> dict[str, Any]:
    """What tells two executions apart, beside how they went."""
    found = {"experiment": run.experiment, "status": str(run.status), "command": run.command}
    return {name: value for name, value in found.items() if value is not None}
