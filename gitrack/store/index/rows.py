"""Records to columns: what of a run can be listed, filtered and sorted by.

Names are `id`, `name`, `experiment`, `status`, … and, with the section in front, `params.x`,
`metrics.x`, `curves.x.min`, `tags.x`, `code.commit`, `environment.python`, `seeds.x`,
`data.<name>.version`; `path` is the run's folder, `blob` the id of its record, `pipeline` that of
its `pipeline.yaml`. `artifacts` and `uses` hold those lists as JSON, for who follows bytes from
run to run.
"""

from __future__ import annotations

from collections import Counter
from itertools import chain
from operator import itemgetter
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
#: A column that not one row in so many has is filled value by value.
_RARE = 8

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
        """Column by column, each from the groups that have it, put in order in one go."""
        parts: dict[str, list[tuple[int, tuple[Value, ...]]]] = {}
        for number, (names, (_, rows)) in enumerate(self._groups.items()):
            for name, values in zip(names, zip(*rows, strict=True), strict=True):
                parts.setdefault(name, []).append((number, values))
        places = [places for places, _ in self._groups.values()]
        columns: dict[str, list[Value]] = {}
        order: tuple[tuple[int, ...], itemgetter[Any]] | None = None
        # columns of the same groups share their order; it is kept no longer than they need it
        for name in sorted(parts, key=lambda name: [number for number, _ in parts[name]]):
            groups = tuple(number for number, _ in parts[name])
            if sum(len(places[number]) for number in groups) * _RARE < self.count:
                column = columns[name] = [None] * self.count
                for number, values in parts[name]:
                    for row, value in zip(places[number], values, strict=True):
                        column[row] = value
                continue
            if order is None or order[0] != groups:
                order = groups, self._order([places[number] for number in groups])
            flat = [*chain.from_iterable(values for _, values in parts[name]), None]
            columns[name] = list(order[1](flat))
        return columns

    def _order(self, places: list[list[int]]) -> itemgetter[Any]:
        """Takes every row's value from those of some groups, one group behind the other.

        A row that is in none of them takes what lies behind the last.
        """
        taken = [sum(map(len, places))] * self.count
        for at, row in enumerate(chain.from_iterable(places)):
            taken[row] = at
        return itemgetter(*taken)


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
            allowed = keys if section in _SECTIONS else _RECORDS.get(section, ())
            every = allowed is keys  # thousands of them are not to be looked for among themselves
            names += [f"{section}.{name}" if every or name in allowed else None for name in keys]
    chosen = [place for place, name in enumerate(names) if name is not None]
    kept = [name for name in names if name is not None]
    if len(set(kept)) != len(kept):  # a dataset's name made to look like another's numbered one
        first = {name: place for place, name in reversed(list(enumerate(names))) if name}
        chosen, kept = list(first.values()), list(first)
    return (*kept, "path", "blob", "pipeline"), None if len(chosen) == len(names) else chosen
