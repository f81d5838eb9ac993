"""Some rows of a column are what the whole column says of them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gitrack.model.run import Run, RunBundle
from gitrack.store.index.segment import Segment, pack
from gitrack.store.memory import MemoryBranch
from gitrack.store.runs import RunStore

columns = st.one_of(
    st.lists(st.one_of(st.none(), st.floats(allow_nan=False)), min_size=1, max_size=12),
    st.lists(st.one_of(st.none(), st.integers(-(1 << 70), 1 << 70)), min_size=1, max_size=12),
    st.lists(st.one_of(st.none(), st.sampled_from(["a", "b"])), min_size=1, max_size=12),
    st.lists(st.one_of(st.none(), st.text(max_size=3), st.booleans()), min_size=1, max_size=12),
)


@given(columns, st.data())
def test_cells_of_a_segment(values, data):
    segment = Segment(pack(len(values), {"x": values}))
    rows = data.draw(st.lists(st.integers(0, len(values) - 1), max_size=8))

    whole = segment.column("x")

    assert segment.cells("x", rows) == [whole[row] for row in rows]
    assert segment.cells("y", rows) == [None] * len(rows)


def a_run(day: int, experiment: str = "e", **params: object) -> RunBundle:
    stamp = f"202410{day:02}-120000-00000{day % 10}"
    return RunBundle(
        run=Run(
            id=stamp,
            name=f"run {day}",
            experiment=experiment,
            started=f"2024-10-{day:02}T12:00:00.000Z",
            params={"day": day, **params},  # type: ignore[dict-item]  # scalars
        )
    )


def test_cells_of_a_table_whose_runs_came_in_any_order(tmp_path):
    branch = MemoryBranch()
    for days in ([3, 4], [1], [9], [2, 5]):
        RunStore(branch, tmp_path).commit_runs([a_run(day, only=str(day)) for day in days])
        RunStore(branch, tmp_path).table()

    table = RunStore(branch, tmp_path).table()

    assert table.cells("params.day", [5, 0, 2]) == [9, 1, 3]
    assert table.cells("params.only", [1, 4]) == ["2", "5"]
    assert table.cells("params.nowhere", [1]) == [None]


def test_cells_after_a_run_was_written_again(tmp_path):
    branch = MemoryBranch()
    RunStore(branch, tmp_path).commit_runs([a_run(1), a_run(2)])
    RunStore(branch, tmp_path).table()
    RunStore(branch, tmp_path).commit_runs([a_run(1, more="x")])

    table = RunStore(branch, tmp_path).table()

    assert table.cells("params.more", [0, 1]) == ["x", None]
