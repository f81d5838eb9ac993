"""Records to columns: what of a run can be listed, filtered and sorted by.

Names are `id`, `name`, `experiment`, `status`, … and, with the section in front, `params.x`,
`metrics.x`, `curves.x.min`, `tags.x`, `code.commit`, `environment.python`, `seeds.x`,
`data.<name>.version`; `path` is the run's folder, `blob` the id of its record, `pipeline` that of
its `pipeline.yaml`. `artifacts` and `uses` hold those lists as JSON, for who follows bytes from
run to run.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import msgspec

from gitrack.errors import UnreadableFile
from gitrack.model.run import Code, Dataset, Environment, Fault, Run
from gitrack.store.codec.records import check_run, convert, load_value
from gitrack.store.index.columns import Value

_SECTIONS = frozenset({"params", "metrics", "curves", "tags", "seeds"})
_RECORDS = {"code": frozenset(Code.__struct_fields__)}
_RECORDS["environment"] = frozenset(Environment.__struct_fields__) - {"variables"}
_DATASET = frozenset(Dataset.__struct_fields__)
_PLAIN = frozenset(Run.__struct_fields__) - _SECTIONS - set(_RECORDS)
_PLAIN = _PLAIN - {"format", "data", "evidence"}
_LISTS = frozenset({"artifacts", "uses"})
_json = msgspec.json.Encoder().encode

Keys = tuple[str, ...]


class Rows:
    """Gathers records. Those with the same keys are gathered together, as runs repeat theirs."""

    def __init__(self) -> None:
        self.count = 0
        self.faults: list[Fault] = []
        #: by keys: the rows that have them, and their values
        self._groups: dict[Keys, tuple[list[int], list[list[Value]]]] = {}
        self._names: dict[tuple[Any, ...], tuple[Keys, list[int] | None]] = {}

    def add(self, path: str, blob: str, data: bytes, pipeline: str | None = None) -> None:
        """One `run.yaml`: a row, or a fault. `pipeline` is the id of the file beside it."""
        try:
            value = load_value(path, data)
            run = convert(path, data, value, Run)
            check_run(path, run)
        except UnreadableFile as error:
            self.faults.append(Fault(path=path, why=error.why, hint=error.hint))
            return
        value.setdefault("status", run.status.value)
        signature, values = _flatten(value)
        known = self._names.get(signature)
        if known is None:
            known = self._names[signature] = _columns(signature)
        names, chosen = known
        if chosen is not None:
            values = [values[place] for place in chosen]
        values += (path.rpartition("/")[0], blob, pipeline)
        group = self._groups.get(names)
        if group is None:
            group = self._groups[names] = ([], [])
        group[0].append(self.count)
        group[1].append(values)
        self.count += 1

    def columns(self) -> dict[str, list[Value]]:
        """Every column with a value for every row, None where missing."""
        if len(self._groups) == 1:
            ((names, (_, rows)),) = self._groups.items()
            columns = dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))
        else:
            columns = self._scattered()
        return {
            name: values for name, values in columns.items() if any(v is not None for v in values)
        }

    def _scattered(self) -> dict[str, list[Value]]:
        columns: dict[str, list[Value]] = {}
        for names, (places, rows) in self._groups.items():
            for name, values in zip(names, zip(*rows, strict=True), strict=True):
                column = columns.get(name)
                if column is None:
                    column = columns[name] = [None] * self.count
                for place, value in zip(places, values, strict=True):
                    column[place] = value
        return columns


def _flatten(value: dict[str, Any]) -> tuple[tuple[Any, ...], list[Value]]:
    """A record's keys, nested, and all its values in the order of the keys."""
    signature: list[Any] = []
    values: list[Any] = []
    for name, item in value.items():
        kind = type(item)
        if kind is dict:
            signature.append((name, tuple(item)))
            values += item.values()
        elif kind is list and name == "data":
            seen: Counter[str] = Counter()
            for one in item:
                seen[one["name"]] += 1
                signature.append(("data", _numbered(one["name"], seen), tuple(one)))
                values += one.values()
        else:
            signature.append(name)
            values.append(_json(item).decode() if name in _LISTS else item)
    return tuple(signature), values


def _numbered(dataset: str, seen: Counter[str]) -> str:
    """One table often is the data of several roles: `flights`, then `flights#2` …"""
    return dataset if seen[dataset] == 1 else f"{dataset}#{seen[dataset]}"


def _columns(signature: tuple[Any, ...]) -> tuple[Keys, list[int] | None]:
    """The names of columns for a record's keys, and which of its values they are (None: all)."""
    names: list[str | None] = []
    for key in signature:
        if isinstance(key, str):
            names.append(key if key in _PLAIN else None)
        elif len(key) == 3:
            _, dataset, fields = key
            names += [f"data.{dataset}.{name}" if name in _DATASET else None for name in fields]
        else:
            section, keys = key
            allowed = _RECORDS.get(section, keys if section in _SECTIONS else ())
            names += [f"{section}.{name}" if name in allowed else None for name in keys]
    chosen = [place for place, name in enumerate(names) if name is not None]
    kept = [name for name in names if name is not None]
    if len(set(kept)) != len(kept):  # a dataset's name made to look like another's numbered one
        first = {name: place for place, name in reversed(list(enumerate(names))) if name}
        chosen, kept = list(first.values()), list(first)
    return (*kept, "path", "blob", "pipeline"), None if len(chosen) == len(names) else chosen
