"""One walk along the branch's first parents: what each commit did to stages and promotions."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from gitrack.config.stage_name import stage_name
from gitrack.errors import InvalidName, StoreError
from gitrack.model.names import model_name
from gitrack.store.git.repository import Repository
from gitrack.store.git.trees import decode
from gitrack.store.registry.paths import REGISTRY, SUFFIX, taken_apart

_ENDING = SUFFIX.encode()
_NO_FILE = frozenset({b"000000", b"160000", b"040000"})


class StageFile(NamedTuple):
    """The file of a stage after a commit; `blob` is None where it was removed."""

    model: str
    stage: str
    blob: str | None


class Step(NamedTuple):
    """A commit of the line, and what it did. `records` are (model, id, added?) of promotions."""

    commit: str
    time: int
    parent: str | None
    files: list[StageFile]
    records: list[tuple[str, str, bool]]


def walk(repository: Repository, tip: str, known: str | None = None) -> list[Step]:
    """The commits of first parents that lead to `tip`, the oldest first; behind `known` only.

    What the walk gives begins behind `known` if the oldest commit's parent says so: `known` may
    be on no line of first parents any more.
    """
    listed = repository.git_bytes(
        *("log", "--first-parent", "--root", "--no-show-signature"),
        *("--diff-merges=first-parent", "--raw", "-r", "-z", "--no-renames", "--no-abbrev"),
        # sparse: commits that left the registry alone are wanted too, for their times
        *("--sparse", "--no-color", "--no-decorate", "--no-notes", "--no-ext-diff"),
        *("--no-relative", "--ignore-submodules=none", "--format=tformat:@%H %ct %P"),
        *(tip, *([f"^{known}"] if known else []), "--", f":(top,literal){REGISTRY}"),
    )
    steps = _parsed(listed.split(b"\0"))
    steps.reverse()
    for elder, younger in pairwise(steps):
        if younger.parent != elder.commit:
            raise StoreError(
                f"git log gave {elder.commit} before {younger.commit}, which does not follow it",
                hint="type  git fsck",
            )
    return steps


def _parsed(words: Sequence[bytes]) -> list[Step]:
    steps: list[Step] = []
    place, end = 0, len(words)
    while place < end:
        word = words[place].lstrip(b"\n")
        place += 1
        if word.startswith(b"@"):
            commit, time, *parents = word[1:].decode("ascii").split(" ")
            parent = parents[0] if parents and parents[0] else None
            steps.append(Step(commit, int(time or 0), parent, [], []))
        elif word.startswith(b":") and place < end:
            _note(steps[-1], word, words[place])
            place += 1
    return steps


def _note(step: Step, word: bytes, path: bytes) -> None:
    parts = path.split(b"/")
    if len(parts) != 4 or not path.endswith(_ENDING):
        return
    _, model, folder, name = parts
    if folder not in (b"stages", b"promotions") or not _is_model(model):
        return
    stem = decode(name.removesuffix(_ENDING))
    before_mode, after_mode, _before, after, _status = word[1:].split(b" ")
    if folder == b"stages":
        if _is_stage(stem):
            blob = None if after_mode in _NO_FILE else after.decode("ascii")
            step.files.append(StageFile(decode(model), stem, blob))
    elif taken_apart(stem) is not None:
        was, is_ = before_mode not in _NO_FILE, after_mode not in _NO_FILE
        if was != is_:
            step.records.append((decode(model), stem, is_))


@lru_cache(1024)
def _is_model(raw: bytes) -> bool:
    """Whether the registry would read a folder as that of a model."""
    name = decode(raw)
    try:
        return model_name(name) == name
    except InvalidName:
        return False


@lru_cache(1024)
def _is_stage(stem: str) -> bool:
    try:
        return stage_name(stem) == stem
    except InvalidName:
        return False
