"""The history of a model: by whom, by which request, and when it took effect."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import gitrack
from gitrack.errors import NotFound, UsageError
from gitrack.model.promotion import Promotion
from gitrack.model.registered import ModelVersion
from gitrack.registry.history import HistoryEntry, model_history, request_of
from gitrack.registry.opened import open_registry
from gitrack.registry.past import asked_about, stage_at
from gitrack.store.codec.records import dump_record
from tests.store.timeline.maker import record_path, stage_file

BEGIN = datetime(2026, 5, 1, 12, tzinfo=UTC)
RUN = "20241022-143012-7k3f9q"


class Desk:
    """Somebody who promotes by plain git, in a worktree of the tracking branch."""

    def __init__(self, repo: Path, git: Callable[..., str]) -> None:
        self.repo, self.folder = repo, repo.parent / "desk"
        git(repo, "worktree", "add", "-q", "--detach", str(self.folder))
        self.now = BEGIN
        self.git("checkout", "-q", "--orphan", "gitrack")
        self.git("rm", "-rfq", ".")
        for number in (1, 2, 3, 4):
            version = ModelVersion(version=number, run=RUN)
            self.write({f"registry/churn/versions/{number}.yaml": dump_record(version)})
        self.commit("begin")

    def git(self, *words: str, author: str = "Ada Example <ada@example.com>") -> str:
        name, _, email = author.removesuffix(">").partition(" <")
        moment = f"{int(self.now.timestamp())} +0200"
        done = subprocess.run(
            ["git", "-C", str(self.folder), *words],
            capture_output=True,
            text=True,
            check=False,
            env={
                **os.environ,
                **{f"GIT_{who}_NAME": name for who in ("AUTHOR", "COMMITTER")},
                **{f"GIT_{who}_EMAIL": email for who in ("AUTHOR", "COMMITTER")},
                **{f"GIT_{who}_DATE": moment for who in ("AUTHOR", "COMMITTER")},
            },
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def days(self, number: float = 1) -> None:
        self.now += timedelta(days=number)

    def write(self, files: dict[str, bytes]) -> None:
        for path, data in files.items():
            (self.folder / path).parent.mkdir(parents=True, exist_ok=True)
            (self.folder / path).write_bytes(data)

    def commit(self, message: str, author: str = "Ada Example <ada@example.com>") -> str:
        self.git("add", "-A")
        self.git("commit", "-q", "-m", message, author=author)
        return self.git("rev-parse", "HEAD")

    def promote(
        self,
        version: int,
        before: list[int],
        message: str = "promote",
        by: str = "Ada Example <ada@example.com>",
        kind: str = "promotion",
    ) -> tuple[str, str]:
        """(promotion, commit)"""
        id = f"{self.now:%Y%m%dT%H%M%SZ}-v{version}-production"
        record = Promotion(
            model="churn",
            version=version,
            run=RUN,
            kind=kind,  # type: ignore[arg-type]  # one of the two
            source="staging",
            to="production",
            at=f"{self.now:%Y-%m-%dT%H:%M:%S.000Z}",
            by=by,
            why=f"v{version} is\nbetter",
            expected=before,
            archived=before,
            base="0" * 40,
            record="0" * 64,
        )
        files = {
            "registry/churn/stages/production.yaml": stage_file([version]),
            record_path("churn", id): dump_record(record),
        }
        self.write(files)
        return id, self.commit(message, by)


@pytest.fixture
def desk(repo: Path, git: Callable[..., str]) -> Desk:
    return Desk(repo, git)


def history(desk: Desk) -> list[HistoryEntry]:
    desk.git("checkout", "-q", "--detach")
    return model_history(open_registry(desk.repo), "churn")


def test_the_whole_story(desk: Desk):
    """Directly, by a merged request, by a squash, its revert, a rollback, and by hand."""
    first, direct = desk.promote(1, [])
    desk.git("checkout", "-q", "-b", "side")
    desk.days()
    second, written = desk.promote(2, [1], by="Grace Example <grace@example.com>")
    desk.git("checkout", "-q", "gitrack")
    desk.days(2)
    message = (
        "Merge pull request #12 from acme/promote/churn-v2-production\n\nPromote v2\n\n"
        "Reviewed-by: Linus <linus@example.com>\nApproved-by: Joan\n <joan@example.com>\n"
        "Reviewed-by: Linus <linus@example.com>\nSigned-off-by: Nobody <n@example.com>"
    )
    maintainer = "Maintainer <maintainer@example.com>"
    desk.git("merge", "-q", "--no-ff", "side", "-m", message, author=maintainer)
    merge, merged = desk.git("rev-parse", "HEAD"), desk.now
    desk.days()
    text = "Promote v3 (#13)\n\nReviewed-by: not here\n\nAcked-by: Joan <joan@example.com>\n"
    third, squash = desk.promote(3, [2], text, "Grace Example <grace@example.com>")
    desk.days()
    desk.git("revert", "--no-edit", squash)
    undone = desk.git("rev-parse", "HEAD")
    desk.days()
    desk.git("revert", "--no-edit", "-m", "1", merge)
    undone_merge = desk.git("rev-parse", "HEAD")
    desk.days()
    fourth, back = desk.promote(4, [1], kind="rollback")
    desk.days()
    desk.write({"registry/churn/stages/production.yaml": stage_file([2])})
    by_hand = desk.commit("quick fix")

    found = history(desk)
    assert [(one.kind, one.commit, one.before, one.after, one.remark) for one in found] == [
        ("promotion", direct, [], [1], None),
        ("promotion", merge, [1], [2], None),
        ("promotion", squash, [2], [3], None),
        ("revert", undone, [3], [2], None),
        ("revert", undone_merge, [2], [1], None),
        ("rollback", back, [1], [4], None),
        ("by hand", by_hand, [4], [2], "changed without a record"),
    ]
    assert [one.promotion or one.reverts for one in found] == [
        *(first, second, third, third, second, fourth, None)
    ]
    assert [one.version for one in found] == [1, 2, 3, 2, 1, 4, 2]
    assert [one.request for one in found] == [None, "#12", "#13", None, None, None, None]
    assert [one.merge for one in found] == [False, True, False, False, False, False, False]
    request, squashed = found[1], found[2]
    assert request.when == merged
    assert request.author == request.by == "Grace Example <grace@example.com>"
    assert request.merged_by == maintainer
    assert request.approvers == ["Linus <linus@example.com>", "Joan <joan@example.com>"]
    assert request.why == "v2 is\nbetter"
    assert (request.left, request.archived, request.source) == ([1], [1], "staging")
    assert squashed.approvers == ["Joan <joan@example.com>"]
    assert written not in {one.commit for one in found}


def test_a_revert_that_is_reverted_comes_again(desk: Desk):
    desk.promote(1, [])
    desk.days()
    id, commit = desk.promote(2, [1])
    desk.days()
    desk.git("revert", "--no-edit", commit)
    desk.days()
    desk.git("revert", "--no-edit", "HEAD")
    found = history(desk)
    assert [(one.kind, one.promotion or one.reverts) for one in found[1:]] == [
        *(("promotion", id), ("revert", id), ("promotion", id))
    ]
    assert [one.remark for one in found] == [
        *(None, None, None, "made again: its revert was reverted")
    ]


def test_the_way_back_to_one_that_was_kept_beside_another(desk: Desk):
    desk.promote(1, [])
    desk.days()
    desk.write({"registry/churn/stages/production.yaml": stage_file([1, 2])})
    desk.git("add", "-A")
    desk.git("commit", "-q", "-m", "both")
    desk.days()
    id, commit = desk.promote(1, [1, 2], kind="rollback")
    desk.git("revert", "--no-edit", commit)
    _, _, back, undone = history(desk)
    assert (back.kind, back.promotion, back.remark) == ("rollback", id, None)
    assert (back.before, back.after, back.left) == ([1, 2], [1], [2])
    assert (undone.kind, undone.reverts, undone.after) == ("revert", id, [1, 2])
    assert undone.remark is None


def test_two_in_one_merge_the_last_one_counts(desk: Desk):
    desk.promote(1, [])
    desk.git("checkout", "-q", "-b", "side")
    desk.days()
    overtaken, _ = desk.promote(2, [1])
    desk.days()
    last, _ = desk.promote(3, [2])
    desk.git("checkout", "-q", "gitrack")
    desk.days()
    desk.git("merge", "-q", "--no-ff", "side", "-m", "merge origin/gitrack")
    first, second, third = history(desk)
    assert (second.promotion, second.changes) == (overtaken, [])
    assert second.remark == f"overtaken in the same merge by {last}"
    assert (third.promotion, third.before, third.after) == (last, [1], [3])
    assert first.when < second.when == third.when


def test_what_is_broken_is_told(desk: Desk):
    desk.promote(1, [])
    desk.days()
    id, _ = desk.promote(2, [1])
    desk.write({record_path("churn", id): b"why: [\n"})
    desk.commit("spoil")
    desk.days()
    desk.write({"registry/churn/stages/production.yaml": b"versions: &a [1]\n"})
    desk.commit("spoil")
    desk.days()
    desk.write({"registry/churn/stages/production.yaml": stage_file([1])})
    desk.commit("mend")
    desk.days()
    (desk.folder / record_path("churn", id)).unlink()
    desk.commit("half a revert")
    desk.days()
    other = "registry/churn/promotions/20260510T000000Z-v3-staging.yaml"
    desk.write({other: b"why: [\n"})
    desk.commit("a record alone")
    found = history(desk)
    assert (found[1].version, found[1].why, found[1].remark) == (2, "v2 is\nbetter", None)
    assert (found[2].kind, found[2].after) == ("by hand", [])
    assert (found[2].remark or "").startswith("the file of a stage cannot be read: production:")
    assert (found[4].kind, found[4].reverts) == ("revert", id)
    assert found[4].remark == "its record was taken away, and its stage left as it was"
    assert (found[5].version, found[5].stage) == (3, "staging")
    assert found[5].remark == "a record without a change of its stage"

    desk.git("checkout", "-q", "gitrack")
    desk.git("reset", "-q", "--hard", "HEAD~2")
    spoiled = history(desk)[1]
    assert (spoiled.why, spoiled.remark) == (
        *("v2 is\nbetter", "its record was changed since, and cannot be read"),
    )


def test_by_the_api(desk: Desk, monkeypatch: pytest.MonkeyPatch):
    desk.promote(1, [])
    desk.days()
    desk.promote(2, [1])
    monkeypatch.chdir(desk.repo)
    assert [one.version for one in gitrack.model_history("churn")] == [1, 2]
    assert len(gitrack.model_history("churn", stage="production")) == 2
    assert gitrack.model_history("churn", stage="staging") == []
    first = f"{BEGIN:%Y-%m-%d}"
    assert gitrack.model_version("churn", "production", at=first).version == 1
    assert gitrack.model_version("churn", "production", at=BEGIN.date()).version == 1
    assert gitrack.model_version("churn", "production", at=BEGIN).version == 1
    assert gitrack.model_version("churn", "production", at="now").version == 2
    tip = desk.git("rev-parse", "HEAD~1")
    assert gitrack.model_version("churn", "production", at=tip).version == 1
    with pytest.raises(NotFound, match="was not there on 2020-01-01 23:59:59 UTC"):
        gitrack.model_version("churn", "production", at="2020-01-01")
    with pytest.raises(UsageError, match="'soon' is no date"):
        gitrack.model_version("churn", "production", at="soon")
    with pytest.raises(NotFound, match="no registered model 'churm'"):
        gitrack.model_history("churm")


def test_a_day_counts_to_its_end(desk: Desk):
    desk.promote(1, [])
    desk.days(0.2)
    desk.promote(2, [1])
    desk.days(0.1)
    desk.promote(3, [2])
    desk.days(3)
    desk.promote(4, [3])
    opened = open_registry(desk.repo)
    found = stage_at(opened, "churn", "Production", "2026-05-01")
    assert found.versions == [3]
    assert [one.after for one in found.during] == [[1], [2], [3]]
    assert found.since is not None
    assert found.since.after == [3]
    assert found.until is not None
    assert found.until.after == [4]
    later = stage_at(opened, "churn", "production", "2026-05-02")
    assert (later.versions, later.during, later.since) == ([3], [], found.since)
    month = stage_at(opened, "churn", "production", "2026-05")
    assert (month.versions, len(month.during), month.until) == ([4], 4, None)
    exactly = stage_at(opened, "churn", "production", "2026-05-01 16:48")
    assert (exactly.versions, exactly.during) == ([2], [])
    before = stage_at(opened, "churn", "production", "2026-04-01")
    assert (before.versions, before.commit, before.since) == ([], None, None)
    with pytest.raises(NotFound, match=r"ever stood in 'prodution'.*did you mean 'production'"):
        stage_at(opened, "churn", "prodution", "2026-05-02")
    with pytest.raises(NotFound, match=r"model 'churm'.*did you mean 'churn'"):
        stage_at(opened, "churm", "production", "2026-05-02")


@pytest.mark.parametrize(
    ("text", "when"),
    [
        ("2026-05-22", "2026-05-22T23:59:59.999000+00:00"),
        ("2024-02", "2024-02-29T23:59:59.999000+00:00"),
        ("2026-05-22 14:30", "2026-05-22T14:30:00+00:00"),
        ("2026-05-22T14:30:05.5+02:00", "2026-05-22T12:30:05.500000+00:00"),
    ],
)
def test_dates(text: str, when: str):
    assert asked_about(text).when.isoformat() == when


@pytest.mark.parametrize("text", ["", "2026-13-01", "2026-02-30", "9999-12", "tomorrow", "7"])
def test_what_is_no_date(text: str):
    with pytest.raises(UsageError, match="is no date"):
        asked_about(text)


@pytest.mark.parametrize(
    ("message", "request_"),
    [
        ("Merge pull request #12 from acme/promote/x\n\ntitle", "#12"),
        ("Promote churn v7 (#13)\n\n* a (#1)", "#13"),
        ('Revert "Promote churn v7 (#13)" (#14)', "#14"),
        ("Merge branch 'x' into 'gitrack'\n\nt\n\nSee merge request a/b/c!15", "a/b/c!15"),
        ("Mend issue (#9)\n\nSee merge request a!21", "a!21"),
        ("Squash (#22)\n\nSee merge request a!1\n\nof old", "#22"),
        ("Merge branch 'x'\n\nSee merge request a!23\n\nReviewed-by: J <j@x>", "a!23"),
        ("Merge pull request 'Promote' (#16) from me/x into gitrack", "#16"),
        ("Merged PR 17: Promote", "#17"),
        ("Merged in promote/x (pull request #18)", "#18"),
        ("model churn v7: promoted to production", None),
        ("see (#19) for more", None),
        ("title\n\nSee merge request ../../x y!20", None),
    ],
)
def test_requests_by_the_words_of_their_merges(message: str, request_: str | None):
    assert request_of(message) == request_


def test_yesterday_is_a_day() -> None:
    day = (datetime.now(UTC) - timedelta(days=1)).date()
    assert asked_about("yesterday") == asked_about(day.isoformat())
    assert asked_about("Today").begin == asked_about("yesterday").begin + timedelta(days=1)
