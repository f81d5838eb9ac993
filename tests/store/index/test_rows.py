"""Records of many shapes, gathered to columns."""

from __future__ import annotations

import random

from gitrack.store.index.rows import Rows, _columns

_ID = "20240101-120000-{:06d}"


def test_every_row_has_its_own_values_however_many_shapes_there_are() -> None:
    chance = random.Random(5)
    rows = Rows()
    expected: list[dict[str, int]] = []
    for number in range(300):
        # some that nearly all have, some that few have, one that a single row has
        chosen = {f"p{k}": number * 10 + k for k in range(5) if chance.random() < 0.9}
        chosen |= {f"rare{k}": number for k in range(3) if chance.random() < 0.02}
        if number == 150:
            chosen["alone"] = 1
        lines = "".join(f"  {name}: {value}\n" for name, value in sorted(chosen.items()))
        id = _ID.format(number)
        record = f'format: 1\nid: "{id}"\nname: "a"\nexperiment: "e"\nstatus: "finished"\n'
        record += 'started: "2024-01-01T12:00:00.000Z"\n'
        record += f"params:\n{lines}" if lines else ""
        rows.add(f"runs/e/2024-01/01/{id}/run.yaml", "0" * 40, record.encode())
        expected.append(chosen)

    columns = rows.columns()

    assert not rows.faults
    assert rows.count == len(expected)
    assert columns["id"] == [_ID.format(number) for number in range(300)]
    for name in sorted({name for chosen in expected for name in chosen}):
        assert columns[f"params.{name}"] == [chosen.get(name) for chosen in expected]


class _Counted(str):
    """A name that counts how often it is compared."""

    compared = 0

    def __eq__(self, other: object) -> bool:
        _Counted.compared += 1
        return str.__eq__(self, other)

    __hash__ = str.__hash__


def test_thousands_of_names_are_not_looked_for_among_each_other() -> None:
    names = [_Counted(f"p{number}") for number in range(3000)]
    columns, chosen = _columns((("params", tuple(names)),))
    assert columns == (*(f"params.{name}" for name in names), "path", "blob", "pipeline")
    assert chosen is None
    assert _Counted.compared <= 10 * len(names)
