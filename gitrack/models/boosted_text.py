"""LightGBM's text of a booster, held against its bounds before LightGBM reads it.

Its reader jumps to where `tree_sizes` says that a tree begins, and its trees are walked without a
look at where they lead: a wrong number ends the process.
"""

from __future__ import annotations

import re
from itertools import pairwise

from gitrack.errors import UnreadableFile

_HINT = "the file was not made by training"
_SIZES = re.compile(r"^tree_sizes=.*\n", re.MULTILINE)
_WHOLE = re.compile(r"-?\d{1,10}\Z", re.ASCII)
_LONGEST_HEAD = 100


def checked(text: str, name: str) -> str:
    """The text as LightGBM may read it: tree after tree. Raises UnreadableFile."""
    text = text.replace("\r\n", "\n")
    if "\r" in text or "\0" in text:
        raise UnreadableFile(name, "has lines that LightGBM reads otherwise", hint=_HINT)
    head, *trees = re.split(r"^Tree=", text, flags=re.MULTILINE)
    top = _fields(head, name)
    width = _number(top, "max_feature_idx", name) + 1
    classes = _number(top, "num_class", name)
    each = _number(top, "num_tree_per_iteration", name)
    if width < 1 or classes < 1 or each < 1 or len(trees) % each:
        raise UnreadableFile(name, "the numbers above its trees do not fit them", hint=_HINT)
    for tree in trees:
        if not _sound(_fields(f"Tree={tree}".partition("\n\n")[0], name), width, name):
            raise UnreadableFile(name, "a tree in it leads out of its bounds", hint=_HINT)
    return _SIZES.sub("", text, count=1)


def _fields(block: str, name: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for line in block.split("\n"):
        key, mark, value = line.partition("=")
        key = key.strip()
        if mark and key in found:
            raise UnreadableFile(name, f"says {key[:_LONGEST_HEAD]} twice", hint=_HINT)
        found[key] = value
    return found


def _number(fields: dict[str, str], key: str, name: str) -> int:
    value = fields.get(key, "")
    if not _WHOLE.match(value):
        raise UnreadableFile(name, f"{key} is {value[:_LONGEST_HEAD]!r}, no number", hint=_HINT)
    return int(value)


def _numbers(fields: dict[str, str], key: str, name: str) -> list[int]:
    words = fields.get(key, "").split()
    for word in words:
        if not _WHOLE.match(word):
            why = f"{key} holds {word[:_LONGEST_HEAD]!r}, no number"
            raise UnreadableFile(name, why, hint=_HINT)
    return [int(word) for word in words]


def _sound(tree: dict[str, str], width: int, name: str) -> bool:
    leaves = _number(tree, "num_leaves", name)
    if leaves < 1 or len(tree.get("leaf_value", "").split()) != leaves:
        return False
    nodes = leaves - 1
    return (
        _branches(tree, nodes, leaves, width, name)
        and _categories(tree, nodes, name)
        and _linear(tree, leaves, width, name)
    )


def _branches(tree: dict[str, str], nodes: int, leaves: int, width: int, name: str) -> bool:
    """Every node but the first, and every leaf, is the child of exactly one."""
    if not nodes:
        return True  # one leaf: nothing is walked
    left, right = (_numbers(tree, f"{side}_child", name) for side in ("left", "right"))
    features = _numbers(tree, "split_feature", name)
    if not len(left) == len(right) == len(features) == nodes:
        return False
    for key in ("threshold", "decision_type"):
        if len(tree.get(key, "").split()) != nodes:
            return False
    if sorted([*left, *right]) != [*range(-leaves, 0), *range(1, nodes)]:
        return False
    if not all(0 <= feature < width for feature in features):
        return False
    reached, todo = 0, [0]
    while todo:
        node = todo.pop()
        reached += 1
        todo += [child for child in (left[node], right[node]) if child > 0]
    return reached == nodes


def _categories(tree: dict[str, str], nodes: int, name: str) -> bool:
    """The threshold of a node of categories is the place of a set of bits."""
    count = _number(tree, "num_cat", name)
    if count < 0:
        return False
    if count:
        bounds = _numbers(tree, "cat_boundaries", name)
        bits = len(tree.get("cat_threshold", "").split())
        if len(bounds) != count + 1 or bounds[0] != 0 or bounds[-1] != bits:
            return False
        if any(later < earlier for earlier, later in pairwise(bounds)):
            return False
    if not nodes:
        return True
    kinds = _numbers(tree, "decision_type", name)
    for kind, threshold in zip(kinds, tree["threshold"].split(), strict=True):
        if kind & 1:
            place = threshold.partition(".")[0]
            if not _WHOLE.match(place) or not 0 <= int(place) < count:
                return False
    return True


def _linear(tree: dict[str, str], leaves: int, width: int, name: str) -> bool:
    if tree.get("is_linear", "0") == "0":
        return True
    counts = _numbers(tree, "num_features", name)
    features = _numbers(tree, "leaf_features", name)
    weights = tree.get("leaf_coeff", "").split()
    return (
        len(counts) == leaves == len(tree.get("leaf_const", "").split())
        and min(counts) >= 0
        and sum(counts) == len(features) == len(weights)
        and all(0 <= feature < width for feature in features)
    )
