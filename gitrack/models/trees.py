"""Trees of scikit-learn and XGBoost held against their bounds: both walk them without looking."""

from __future__ import annotations

import operator
from typing import Any

import msgspec

from gitrack.errors import UnreadableFile
from gitrack.models import graph

_TREE = ("sklearn.tree._tree", "Tree")
_PREDICTOR = ("sklearn.ensemble._hist_gradient_boosting.predictor", "TreePredictor")
_BOOSTER = ("xgboost.core", "Booster")


class _Tree(msgspec.Struct):
    left_children: list[int]
    right_children: list[int]
    split_indices: list[int]


class _Trees(msgspec.Struct):
    trees: list[_Tree] = []


class _Kind(msgspec.Struct):
    """`gbtree` holds its trees itself, `dart` as a `gbtree`, and `gblinear` has none."""

    model: _Trees | None = None
    gbtree: _Kind | None = None


class _Size(msgspec.Struct):
    num_feature: str


class _Learner(msgspec.Struct):
    gradient_booster: _Kind
    learner_model_param: _Size


class _Saved(msgspec.Struct):
    learner: _Learner


def check(model: object, name: str) -> None:
    """Raise UnreadableFile for a tree that would lead out of its own memory."""
    for value, around in graph.parts(model):
        kind = (type(value).__module__, type(value).__name__)
        if kind == _TREE:
            tree: Any = value
            sound = _sound_tree(tree, around)
        elif kind == _PREDICTOR:
            predictor: Any = value
            sound = _sound_predictor(predictor, around)
        elif kind == _BOOSTER:
            booster: Any = value
            sound = _sound_booster(booster)
        else:
            continue
        if not sound:
            raise UnreadableFile(
                name,
                "a tree in it leads out of its bounds",
                hint="the file was not made by training",
            )


def _sound_tree(tree: Any, around: tuple[object, ...]) -> bool:
    import numpy as np

    count = int(tree.node_count)
    left, right = np.asarray(tree.children_left), np.asarray(tree.children_right)
    inner = left != -1
    places = np.arange(count)
    if count < 1 or len(left) != count or (right[~inner] != -1).any():
        return False
    for children in (left[inner], right[inner]):  # a child comes after its parent: no cycles
        if (children <= places[inner]).any() or (children >= count).any():
            return False
    features = np.asarray(tree.feature)[inner]
    widths = [_width(owner) for owner in around if _walks_alone(owner)]
    widths += [_width(around[-1]) if around else None, int(tree.n_features)]
    known = [width for width in widths if width is not None]
    return not len(features) or bool(features.min() >= 0 and features.max() < min(known))


def _walks_alone(owner: object) -> bool:
    """Gradient boosting goes down its trees itself, with rows that only it has looked at."""
    return type(owner).__module__ == "sklearn.ensemble._gb"


def _sound_predictor(predictor: Any, around: tuple[object, ...]) -> bool:
    import numpy as np

    nodes = np.asarray(predictor.nodes)
    needed = {"left", "right", "feature_idx", "is_leaf", "is_categorical", "bitset_idx"}
    if nodes.ndim != 1 or not len(nodes) or not needed <= set(nodes.dtype.names or ()):
        return False
    inner = nodes[nodes["is_leaf"] == 0]
    places = np.arange(len(nodes))[nodes["is_leaf"] == 0]
    for children in (inner["left"].astype(np.int64), inner["right"].astype(np.int64)):
        if (children <= places).any() or (children >= len(nodes)).any():
            return False
    sets = [
        np.asarray(predictor.raw_left_cat_bitsets),
        np.asarray(predictor.binned_left_cat_bitsets),
    ]
    chosen = inner[inner["is_categorical"] != 0]["bitset_idx"]
    if len(chosen) and int(chosen.max()) >= min(map(len, sets)):
        return False
    width = next((w for w in map(_width, reversed(around)) if w is not None), None)
    return not len(inner) or width is None or int(inner["feature_idx"].max()) < width


def _width(owner: object) -> int | None:
    width = vars(owner).get("n_features_in_")
    return None if width is None else operator.index(width)


def _sound_booster(booster: Any) -> bool:
    """As XGBoost has understood it, whatever the file says."""
    import numpy as np

    try:
        learner = msgspec.json.decode(booster.save_raw("json"), type=_Saved).learner
    except msgspec.MsgspecError:
        return False
    kind = learner.gradient_booster.gbtree or learner.gradient_booster
    width = int(learner.learner_model_param.num_feature)
    for tree in (kind.model or _Trees()).trees:
        left, right = np.asarray(tree.left_children), np.asarray(tree.right_children)
        inner = left != -1
        children = np.concatenate([left[inner], right[inner]])
        if not len(left) == len(right) == len(tree.split_indices) > 0:
            return False
        if not len(children):
            continue
        if children.min() < 1 or children.max() >= len(left):
            return False
        if len(np.unique(children)) != len(children):  # two ways to a node may be a cycle
            return False
        features = np.asarray(tree.split_indices)[inner]
        if features.min() < 0 or features.max() >= width:
            return False
    return True
