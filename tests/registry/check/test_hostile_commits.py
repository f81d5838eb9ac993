"""Commits that would do harm on the way, whatever the last one of the pull request holds."""

from __future__ import annotations

import re

import msgspec
import pytest

from gitrack.registry.check.findings import Level
from gitrack.store.codec.records import dump_run
from tests.registry.check.pulls import Pulls, folder_of, run_of, stage_file, version_file


def promoted(pulls: Pulls, on: str, **also: bytes | str | None) -> str:
    """A promotion as it should be, on top of another commit."""
    planned = pulls.planned(2, "staging")
    return pulls.pull({**planned.changes, **also}, on=on, message=planned.message)


def rewritten(pulls: Pulls, commit: str, pattern: str, by: str) -> str:
    """The same commit with other lines."""
    raw = pulls.git("cat-file", "commit", commit)
    changed = re.sub(pattern, lambda _: by, raw, count=1, flags=re.M)
    assert changed != raw
    asked = ("hash-object", "-t", "commit", "-w", "--stdin", "--literally")
    return pulls.git(*asked, stdin=f"{changed}\n".encode())


def test_a_stage_for_one_commit(pulls: Pulls) -> None:
    first = pulls.pull(stage_file("production", [1]))
    head = promoted(pulls, first, **{"registry/churn/stages/production.yaml": None})
    pulls.refused(head, "history", "changes who stands in production of churn", "squash")


def test_another_version_in_the_promoted_stage_for_one_commit(pulls: Pulls) -> None:
    first = pulls.pull(stage_file("staging", [1]))
    pulls.refused(promoted(pulls, first), "history", "changes who stands in staging")


def test_the_run_of_a_version_for_one_commit(pulls: Pulls) -> None:
    path = "registry/churn/versions/2.yaml"
    first = pulls.pull(version_file(2, 1))
    head = promoted(pulls, first, **{path: pulls.opened.branch.read(path)})
    pulls.refused(head, "history", "changes what was recorded before")


def test_a_metric_for_one_commit_below_a_label_that_stays(pulls: Pulls) -> None:
    path = f"{folder_of(1)}/run.yaml"
    first = pulls.pull({path: dump_run(msgspec.structs.replace(run_of(1), metrics={"auc": 0.99}))})
    tagged = dump_run(msgspec.structs.replace(run_of(1), tags={"team": "risk", "seen": "yes"}))
    pulls.refused(pulls.pull({path: tagged}, on=first), "history", "changes what was recorded")


def test_words_about_a_version_may_change_twice(pulls: Pulls) -> None:
    path = "registry/churn/versions/2.yaml"
    before = pulls.opened.branch.read(path).decode()
    first = pulls.pull({path: before + "description: good\n"})
    pulls.passes(pulls.pull({path: before + "description: better\n"}, on=first))


def test_a_commit_that_follows_none(pulls: Pulls) -> None:
    root = pulls.commit(pulls.tree(pulls.pull({".github/workflows/x.yml": "on: push"})), [])
    for parents in ([root, pulls.base], [pulls.base, root]):
        merged = pulls.commit(pulls.tree(pulls.base), parents)
        pulls.refused(promoted(pulls, merged), "unrelated", "follows no other")


def test_a_base_that_was_merged_from_the_side(pulls: Pulls) -> None:
    aside = pulls.pull({})
    pulls.promote(1, "staging")
    merged = pulls.commit(pulls.tree(pulls.base), [aside, pulls.base])
    checked = pulls.passes(pulls.promotion(1, "production", at=pulls.base))
    assert not [each for each in checked.findings if each.rule == "line"]
    planned = pulls.planned(1, "production")
    checked = pulls.passes(pulls.pull(planned.changes, on=merged, message=planned.message))
    (told,) = [each for each in checked.findings if each.rule == "line"]
    assert told.level is Level.WARNING
    assert "fast-forwarded" in told.says
    assert "--no-ff" in (told.do or "")


@pytest.mark.parametrize("date", ["2099-01-01T00:00:00Z", "@99999999999999 +0000"])
def test_a_commit_from_the_future(pulls: Pulls, monkeypatch: pytest.MonkeyPatch, date: str) -> None:
    monkeypatch.setenv("GIT_COMMITTER_DATE", date)
    pulls.refused(promoted(pulls, pulls.base), "future", "still to come")


def test_more_commits_than_anybody_looks_at(pulls: Pulls) -> None:
    lines = [
        f"commit refs/heads/many\ncommitter A <a@b> {1_767_000_000 + n} +0000\ndata 1\nx\n"
        + (f"from {pulls.base}\n" if n == 0 else "")
        for n in range(1_001)
    ]
    pulls.git("fast-import", "--quiet", stdin="".join(lines).encode())
    checked = pulls.refused(pulls.git("rev-parse", "many"), "history", "more than the 1,000")
    assert len(checked.findings) == 1


@pytest.mark.parametrize("tail", [" \n" * 300_000 + "A: b", "Approved-by: x <y@z>\n" * 10_000])
def test_a_message_that_nobody_reads(pulls: Pulls, tail: str) -> None:
    head = rewritten(pulls, promoted(pulls, pulls.base), r"\Z", f"\n\n{tail}")
    pulls.refused(head, "too-big", "the message of the commit")


@pytest.mark.parametrize(
    ("pattern", "line"),
    [
        ("^author .*$", "author Ada <ada@example.com>"),
        ("^author .*$", "author Ada <ada@example.com> 99999999999999999999 +0000"),
        ("^author .*$", "author A <ada@example.com> 5 +0000\nauthor M <m@example.com> 5 +0000"),
        ("^committer .*$", "committer Ada <ada@example.com> never +0000"),
    ],
)
def test_a_commit_by_nobody_or_two(pulls: Pulls, pattern: str, line: str) -> None:
    head = rewritten(pulls, promoted(pulls, pulls.base), pattern, line)
    pulls.refused(head, "malformed", "say once")


# -- trees ----------------------------------------------------------------------------------


def spread(pulls: Pulls, leaf: bytes, *, wide: int, deep: int) -> str:
    """A commit with one small tree in another, each many times."""
    tree = pulls.git("mktree", stdin=leaf)
    for _ in range(deep):
        rows = "".join(f"040000 tree {tree}\ta{n}\n" for n in range(wide))
        tree = pulls.git("mktree", stdin=rows.encode())
    rows = pulls.git("ls-tree", pulls.base) + f"\n040000 tree {tree}\tzz\n"
    return pulls.commit(pulls.git("mktree", stdin=rows.encode()), [pulls.base])


def test_folders_without_end_and_without_any_file(pulls: Pulls) -> None:
    pulls.refused(spread(pulls, b"", wide=10, deep=20), "malformed", "is empty")


def test_folders_without_end_and_one_file_far_below(
    pulls: Pulls, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gitrack.registry.check.changes._MOST_COMPARED", 1_000)
    blob = pulls.git("hash-object", "-w", "--stdin", stdin=b"x")
    head = spread(pulls, f"100644 blob {blob}\tx\n".encode(), wide=2, deep=30)
    pulls.refused(head, "malformed", "files and folders in all")
