"""A pull request that was green, or that nobody checked, is merged all the same: the audit sees."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from gitrack.registry.audit.looking import audit
from gitrack.registry.opened import open_registry
from tests.registry.check.pulls import Pulls, new_run, proof_file

EVIDENCE = """\
models:
  churn:
    stages:
      staging:
        gates:
        - {evidence: shadow}
"""
TWO_WAYS = """\
models:
  churn:
    stages:
      staging: {}
      production: {from: [staging]}
      canary: {from: [staging]}
"""


def found(pulls: Pulls) -> set[str]:
    """The kinds of what an audit finds, but for the dates of the versions of `pulls`."""
    told = audit(where=open_registry(pulls.folder), note=False).findings
    return {each.kind for each in told} - {"back-dated"}


def merge(pulls: Pulls, head: str, *, tree: str | None = None) -> None:
    """What a host does, which asks nobody again."""
    tree = tree or pulls.git("merge-tree", "--write-tree", pulls.base, head)
    pulls.base = pulls.commit(tree, [pulls.base, head], message="merge")
    pulls.git("update-ref", "refs/heads/gitrack", pulls.base)


def test_evidence_against_it_came_after_the_check(make_pulls: Callable[..., Pulls]) -> None:
    pulls = make_pulls(EVIDENCE)
    pulls.advance(proof_file(2, "shadow"))
    head = pulls.promotion(2, "staging")
    pulls.passes(head)
    pulls.advance(proof_file(2, "shadow", name="shadow-2", passed=False))
    assert found(pulls) == set()
    merge(pulls, head)
    assert found(pulls) == {"merged-against-evidence"}


def test_a_version_goes_two_ways_at_once(make_pulls: Callable[..., Pulls]) -> None:
    pulls = make_pulls(TWO_WAYS)
    pulls.promote(2, "staging")
    one, other = pulls.promotion(2, "production"), pulls.promotion(2, "canary")
    for head in (one, other):
        pulls.passes(head)
    merge(pulls, one)
    assert found(pulls) == set()
    assert not pulls.check(other).passed
    merge(pulls, other)
    assert found(pulls) == {"merged-blindly"}


def test_a_merge_that_takes_back_what_both_sides_have(pulls: Pulls) -> None:
    before = pulls.tree(pulls.base)
    pulls.promote(2, "staging")
    head = pulls.pull(new_run(4))
    assert found(pulls) == set()
    merge(pulls, head, tree=before)
    assert "stage-edited" in found(pulls)


@pytest.mark.parametrize("date", ["2099-01-01T00:00:00Z", "@99999999999999 +0000"])
def test_a_commit_that_is_dated_in_the_future(
    pulls: Pulls, monkeypatch: pytest.MonkeyPatch, date: str
) -> None:
    with monkeypatch.context() as patched:
        patched.setenv("GIT_COMMITTER_DATE", date)
        head = pulls.pull({"registry/churn/aliases/seen.yaml": "version: 1\n"})
    pulls.git("update-ref", "refs/heads/gitrack", head)
    pulls.base = head
    pulls.promote(2, "staging")
    told = audit(where=open_registry(pulls.folder), note=False)
    assert "clock-ahead" in {each.kind for each in told.findings}
    (promotion,) = told.promotions
    assert (promotion.effective or "")[:4] != "2099"
    assert len(promotion.effective or "") == 24
