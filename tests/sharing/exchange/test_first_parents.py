"""What was published once stays on the branch's line of first parents, whoever pushes."""

from __future__ import annotations

from pathlib import Path

from gitrack.sharing.exchange.pull import pull
from gitrack.sharing.exchange.push import push
from gitrack.store.timeline import Timeline
from gitrack.tracking.place import find_place
from tests.sharing.clones import Clones, git

STAGE = "registry/churn/stages/production.yaml"


def line(folder: Path, tip: str) -> list[str]:
    return git(folder, "rev-list", "--first-parent", tip).split()


def test_the_published_line_only_grows(clones: Clones):
    one, other = clones.new("one"), clones.new("other")
    published: list[str] = []
    for number in range(7):
        clone = (one, other)[number % 2]
        clones.train(clone, f"{clone.name}-{number}")
        if number % 3 == 2:
            pull(clone, objects=False)  # united here, and more is tracked before it is pushed
            clones.train(clone, f"{clone.name}-{number}-more")
        push(clone, objects=False)
        tip = git(clones.hub, "rev-parse", "gitrack")
        there = line(clones.hub, tip)
        assert there[0] == tip
        # all former tips, in their order, and nothing has slipped in before the first of them
        assert [commit for commit in there if commit in published] == published[::-1]
        if published:
            before = there[there.index(published[-1]) :]
            assert before == line(clones.hub, published[-1])
        published.append(tip)
    merges = git(clones.hub, "rev-list", "--first-parent", "--merges", "gitrack").split()
    assert len(merges) >= 4
    for merge in merges:
        first, second = git(clones.hub, "rev-parse", f"{merge}^1", f"{merge}^2").split()
        assert first in published
        assert second not in published


def test_a_merge_by_hand_the_wrong_way_round_is_put_right(clones: Clones):
    one, other = clones.new("one"), clones.new("other")
    clones.train(one, "first")
    push(one, objects=False)
    pull(other, objects=False)
    clones.train(one, "theirs")
    push(one, objects=False)
    published = git(clones.hub, "rev-parse", "gitrack")
    clones.train(other, "ours")
    git(other, "fetch", "-q")
    git(other, "worktree", "add", "-q", "../desk", "gitrack")
    git(other.parent / "desk", "merge", "-q", "-m", "merge", "origin/gitrack")
    git(other, "worktree", "remove", "../desk")
    by_hand = git(other, "rev-parse", "gitrack")
    assert published not in line(other, by_hand)

    push(other, objects=False)

    tip = git(clones.hub, "rev-parse", "gitrack")
    assert git(clones.hub, "rev-parse", "gitrack^1", "gitrack^2").split() == [published, by_hand]
    assert git(clones.hub, "rev-parse", "gitrack^{tree}", f"{by_hand}^{{tree}}").split() == [
        *[git(other, "rev-parse", f"{by_hand}^{{tree}}")] * 2
    ]
    push(other, objects=False)
    pull(other, objects=False)
    assert git(clones.hub, "rev-parse", "gitrack") == tip
    assert git(other, "rev-parse", "gitrack") == tip


def test_both_clones_agree_on_what_was_when(clones: Clones):
    """What one promoted takes effect when it is published, for whoever looks."""
    one, other = clones.new("one"), clones.new("other")
    clones.train(one, "first")
    push(one, objects=False)
    pull(other, objects=False)
    branches = [find_place(clone).store().branch for clone in (one, other)]

    branches[1].commit({STAGE: b"format: 1\nversions:\n- 7\n"}, "by hand")
    clones.train(one, "second")
    push(one, objects=False)
    push(other, objects=False)  # unites
    pull(one, objects=False)

    tip = git(clones.hub, "rev-parse", "gitrack")
    for branch in branches:
        (change,) = Timeline(branch).changes("churn")
        assert (change.commit, change.after) == (tip, [7])
