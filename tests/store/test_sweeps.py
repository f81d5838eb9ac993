"""Sweeps on the branch: written, read, and refused where they are not what their place says."""

import pytest

from gitrack.errors import UnreadableFile
from gitrack.model.sweep import Parameter, Sweep, SweepMetric
from gitrack.store.memory import MemoryBranch
from gitrack.store.sweeps import all_sweeps, dump_sweep, load_sweep, path_of


def sweep(**fields):
    return Sweep(
        **{
            "id": "20260910-120000-swp001",
            "method": "bayes",
            "metric": SweepMetric(name="val/auc", goal="maximize"),
            "parameters": {
                "rate": Parameter(distribution="log_uniform_values", min=0.01, max=0.3),
                "depth": Parameter(values=[4, 6, "auto", None]),
            },
            "early_terminate": {"type": "hyperband", "min_iter": 5},
            "runs": ["20260910-120100-aaaaaa"],
            **fields,
        }
    )


def test_a_sweep_comes_back_as_it_was():
    data = dump_sweep(sweep())

    assert load_sweep(path_of(sweep().id), data) == sweep()
    assert data.startswith(b'format: 1\nid: "20260910-120000-swp001"\nmethod: "bayes"\nmetric:\n')


@pytest.mark.parametrize(
    ("distribution", "by_ratios"),
    [("log_uniform_values", True), ("inv_log_uniform", True), ("uniform", False), (None, False)],
)
def test_what_is_drawn_by_ratios_is_known_by_its_distribution(distribution, by_ratios):
    assert Parameter(distribution=distribution, min=0.01, max=1).log is by_ratios


def test_all_are_read_and_what_cannot_be_is_told():
    branch = MemoryBranch()
    other = sweep(id="a-sweep", name="depth")
    branch.commit(
        {
            path_of(sweep().id): dump_sweep(sweep()),
            path_of(other.id): dump_sweep(other),
            "sweeps/copy.yaml": dump_sweep(other),
            "sweeps/odd.yaml": b"id: odd\nmethod: grid\nmetric: {name: auc, goal: upwards}\n",
        },
        "sweeps",
    )

    found = all_sweeps(branch)

    assert [one.id for one in found.sweeps] == ["20260910-120000-swp001", "a-sweep"]
    assert [fault.path for fault in found.faults] == ["sweeps/copy.yaml", "sweeps/odd.yaml"]
    assert "'a-sweep'" in found.faults[0].why
    assert "upwards" in found.faults[1].why


def test_a_branch_without_sweeps_has_none():
    assert all_sweeps(MemoryBranch()).sweeps == ()


def test_a_newer_format_is_not_guessed_at():
    with pytest.raises(UnreadableFile, match="format 2"):
        load_sweep("sweeps/x.yaml", b'format: 2\nid: "x"\n')
