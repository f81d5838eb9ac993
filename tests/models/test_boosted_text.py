"""LightGBM's text is held against its bounds: a wrong number would end the process."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gitrack.errors import UnreadableFile
from gitrack.models.flavors.lightgbm import read_booster

lightgbm = pytest.importorskip("lightgbm")
np = pytest.importorskip("numpy")

TEXT = """\
tree
version=v4
num_class=1
num_tree_per_iteration=1
label_index=0
max_feature_idx=1
objective=regression
feature_names=a b
feature_infos=[0:1] [0:1]
tree_sizes=9

Tree=0
num_leaves=3
num_cat=0
split_feature=0 1
split_gain=1 1
threshold=0.5 0.25
decision_type=2 2
left_child=1 -1
right_child=-3 -2
leaf_value=1 2 3
leaf_weight=1 1 1
leaf_count=1 1 1
internal_value=0 0
internal_weight=1 1
internal_count=3 2
is_linear=0
shrinkage=1


end of trees
"""


def written(folder: Path, text: str) -> Path:
    file = folder / "model.txt"
    file.write_text(text)
    return file


def test_sizes_are_not_believed(tmp_path: Path) -> None:
    booster = read_booster(written(tmp_path, TEXT))
    assert booster.predict(np.array([[0.1, 0.1], [0.1, 0.9], [0.9, 0.1]])).tolist() == [1, 2, 3]


@pytest.mark.parametrize("kind", ["binary", "multiclass", "linear", "stump"])
def test_what_was_trained_is_the_same(tmp_path: Path, kind: str) -> None:
    some = np.random.default_rng(0)
    data = some.random((200, 3))
    data[:, 2] = some.integers(0, 30, 200)
    truth = (data[:, 0] * 3).astype(int) if kind == "multiclass" else (data[:, 2] % 3 == 0)
    params = {
        "binary": {"objective": "binary"},
        "multiclass": {"objective": "multiclass", "num_class": 3},
        "linear": {"objective": "regression", "linear_tree": True},
        "stump": {"objective": "binary", "min_data_in_leaf": 1_000},
    }[kind]
    learned = lightgbm.train(
        {**params, "verbose": -1, "num_threads": 1},
        lightgbm.Dataset(data, truth, categorical_feature=[2]),
        3,
    )
    learned.save_model(str(tmp_path / "model.txt"))
    again = read_booster(tmp_path / "model.txt")
    assert np.array_equal(again.predict(data), learned.predict(data))


@pytest.mark.parametrize(
    ("line", "instead"),
    [
        ("left_child=1 -1", "left_child=999999 -1"),
        ("left_child=1 -1", "left_child=0 -1"),
        ("left_child=1 -1", "left_child=1"),
        ("right_child=-3 -2", "right_child=-3000000 -2"),
        ("right_child=-3 -2", "right_child=-3 x"),
        ("split_feature=0 1", "split_feature=0 900000"),
        ("split_feature=0 1", "split_feature=0 -1"),
        ("num_leaves=3", "num_leaves=2000000000"),
        ("num_leaves=3", "num_leaves=3\nnum_leaves=3"),
        ("decision_type=2 2", "decision_type=1 2"),
        ("num_cat=0", "num_cat=1\ncat_boundaries=0 9\ncat_threshold=1"),
        ("is_linear=0", "is_linear=1\nnum_features=1 0 0\nleaf_features=70"),
        ("max_feature_idx=1", "max_feature_idx=-1"),
        ("num_tree_per_iteration=1", "num_tree_per_iteration=0"),
        ("num_class=1", "num_class=\r1"),
    ],
)
def test_what_leads_out_of_bounds_is_refused(tmp_path: Path, line: str, instead: str) -> None:
    changed = re.sub(f"^{re.escape(line)}$", lambda _: instead, TEXT, count=1, flags=re.M)
    assert changed != TEXT
    with pytest.raises(UnreadableFile):
        read_booster(written(tmp_path, changed))


def test_bytes_are_no_text(tmp_path: Path) -> None:
    (tmp_path / "model.txt").write_bytes(b"tree\n\xff\xfe")
    with pytest.raises(UnreadableFile, match="not text"):
        read_booster(tmp_path / "model.txt")
