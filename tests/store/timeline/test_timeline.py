"""Stages through time: from clones that lack something, with a cache that is damaged."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from gitrack.errors import NotFound
from gitrack.store.git.branch import GitBranch
from gitrack.store.git.repository import Repository
from gitrack.store.timeline import CutHistory, StageChange, Timeline
from tests.store.timeline.maker import BEGIN, Made, record_path, stage_file

Git = Callable[..., str]
PRODUCTION = "registry/churn/stages/production.yaml"


def day(number: float) -> datetime:
    return BEGIN + timedelta(days=number)


class Small:
    """A straight history: on day N, version N came to production by a promotion."""

    def __init__(self, folder: Path, days: int = 30, hash: str = "sha1") -> None:
        os.environ["GIT_DEFAULT_HASH"] = hash
        try:
            made = Made(folder)
        finally:
            del os.environ["GIT_DEFAULT_HASH"]
        marks = [made.commit([], {"format.yaml": b"format: 1\n"}, BEGIN)]
        for number in range(1, days + 1):
            changes = {
                PRODUCTION: stage_file([number]),
                record_path("churn", f"202501{number:02}T000000Z-v{number}-production"): b"x",
            }
            marks.append(made.commit([marks[-1]], changes, day(number)))
        ids = made.finish()
        self.folder = folder
        self.commits = [ids[mark] for mark in marks]
        self.branch = GitBranch(Repository.discover(folder))
        self.stand(self.commits[-1])

    def stand(self, commit: str) -> None:
        self.branch.repository.git("update-ref", "refs/heads/gitrack", commit)


@pytest.fixture
def small(tmp_path: Path) -> Small:
    return Small(tmp_path / "small")


def production(timeline: Timeline, when: datetime) -> list[int]:
    return timeline.at("churn", "production", when)


def test_moments_and_their_borders(small: Small):
    timeline = Timeline(small.branch)
    assert production(timeline, BEGIN - timedelta(days=1)) == []
    assert production(timeline, day(1) - timedelta(seconds=1)) == []
    assert production(timeline, day(1)) == [1]
    assert production(timeline, day(1.99)) == [1]
    assert production(timeline, day(2).replace(tzinfo=None)) == [2]
    west = timezone(timedelta(hours=-8))
    assert production(timeline, datetime(2025, 1, 2, 15, 59, tzinfo=west)) == [1]
    assert production(timeline, datetime(2025, 1, 2, 16, 0, tzinfo=west)) == [2]
    assert timeline.commit_at(day(5.5)) == small.commits[5]
    assert timeline.began == BEGIN
    assert timeline.cut is None
    with pytest.raises(NotFound, match="gitrack was not there on 2024-12-31"):
        timeline.commit_at(BEGIN - timedelta(seconds=1))
    assert timeline.at("nobody", "production", day(3)) == []
    assert timeline.models() == ["churn"]
    assert timeline.changes("churn")[2] == StageChange(
        when=day(3),
        commit=small.commits[3],
        model="churn",
        stage="production",
        before=[2],
        after=[3],
        promotion="20250103T000000Z-v3-production",
    )


def test_an_empty_branch(repo: Path):
    timeline = Timeline(GitBranch(Repository.discover(repo)))
    assert timeline.changes("churn") == []
    assert production(timeline, day(1)) == []
    with pytest.raises(NotFound, match="nothing is on it"):
        timeline.commit_at(day(1))


def test_a_past_commit_knows_nothing_of_what_came_later(small: Small):
    now = datetime.now(UTC)
    assert production(Timeline(small.branch), now) == [30]
    assert production(Timeline(small.branch, at=small.commits[7]), now) == [7]
    assert production(Timeline(small.branch), now) == [30]


@pytest.mark.parametrize("year", [2099, 9999])
def test_a_clock_that_ran_ahead_hides_nothing(tmp_path: Path, git: Git, year: int):
    made = Made(tmp_path / "ahead")
    before = made.commit([], {PRODUCTION: stage_file([1])}, day(1))
    wrong = made.commit([before], {PRODUCTION: stage_file([2])}, datetime(year, 1, 1, tzinfo=UTC))
    after = made.commit([wrong], {PRODUCTION: stage_file([3])}, day(5))
    ids = made.finish()
    git(tmp_path / "ahead", "update-ref", "refs/heads/gitrack", ids[after])
    timeline = Timeline(GitBranch(Repository.discover(tmp_path / "ahead")))
    assert [change.when for change in timeline.changes("churn")] == [day(1), day(1), day(5)]
    assert production(timeline, day(1)) == [2]
    assert production(timeline, day(6)) == [3]


def test_a_clock_that_is_some_minutes_ahead(tmp_path: Path, git: Git):
    made = Made(tmp_path / "ahead")
    now = datetime.now(UTC)
    one = made.commit([], {PRODUCTION: stage_file([1])}, now + timedelta(minutes=4))
    two = made.commit([one], {PRODUCTION: stage_file([2])}, now - timedelta(minutes=4))
    ids = made.finish()
    git(tmp_path / "ahead", "update-ref", "refs/heads/gitrack", ids[two])
    timeline = Timeline(GitBranch(Repository.discover(tmp_path / "ahead")))
    assert production(timeline, datetime.now(UTC)) == [2]
    assert production(timeline, now - timedelta(minutes=2)) == []


@pytest.mark.parametrize(
    ("file", "why"),
    [
        (b"versions:\n- 99999999999999999999999999\n", "is no number of a version"),
        (b"versions:\n- 0\n", "0 is no number"),
        (b"versions:\n- -1\n", "-1 is no number"),
        (b'versions:\n- "7"\n', "versions"),
        (b"versions: 7\n", "versions"),
        (b"a: &a [x]\nb: *a\n", "anchor"),
        (b"\xff\xfe\x00", ""),
        (b'"\\ud800": 1\n', ""),
        (b"format: 2\nversions: []\n", "format 2 is unknown"),
        (b"", "is empty"),
    ],
)
def test_a_hostile_stage_is_a_fault_that_is_kept(tmp_path: Path, git: Git, file: bytes, why: str):
    made = Made(tmp_path / "hostile")
    mark = made.commit([], {PRODUCTION: stage_file([1])}, day(1))
    mark = made.commit([mark], {PRODUCTION: file}, day(2))
    mark = made.commit([mark], {PRODUCTION: stage_file([1])}, day(3))
    ids = made.finish()
    git(tmp_path / "hostile", "update-ref", "refs/heads/gitrack", ids[mark])
    branch = GitBranch(Repository.discover(tmp_path / "hostile"))
    for _ in range(2):
        timeline = Timeline(branch)
        changes = timeline.changes("churn")
        assert [change.after for change in changes] == [[1], [], [1]]
        assert why in (changes[1].fault or "")
        assert production(timeline, day(2)) == []


@pytest.mark.parametrize("hash", ["sha1", "sha256"])
def test_either_hash(tmp_path: Path, hash: str):
    small = Small(tmp_path / hash, 20, hash)
    for _ in range(2):
        assert production(Timeline(small.branch), day(9.5)) == [9]
        assert Timeline(small.branch).commit_at(day(9.5)) == small.commits[9]


def test_settings_that_change_what_git_log_prints(small: Small, git: Git):
    for setting in (
        *("log.showSignature true", "log.showRoot false", "log.diffMerges off", "log.follow true"),
        *("log.decorate full", "log.date human", "diff.renames copies", "color.ui always"),
        *("diff.external /bin/false", "diff.relative true", "core.quotePath false"),
        *("diff.noprefix true", "log.abbrevCommit true", "core.abbrev 4", "format.pretty fuller"),
        *("diff.submodule log", "notes.displayRef *", "log.mailmap true"),
    ):
        git(small.folder, "config", *setting.split(" "))
    timeline = Timeline(small.branch)
    assert [change.after for change in timeline.changes("churn")] == [[n] for n in range(1, 31)]


def test_names_that_no_registry_reads_are_no_events(tmp_path: Path, git: Git):
    made = Made(tmp_path / "odd")
    good = "registry/churn/stages/production.yaml"
    odd = {
        f"registry/{name}": stage_file([9])
        for name in (
            *("churn/stages/Production.yaml", "churn/stages/.yaml", "churn/stages/a b.yaml"),
            *("churn/stages/deep/production.yaml", "churn/stages/production.yml", "stages.yaml"),
            *("con/stages/production.yaml", ".x/stages/production.yaml", "churn/stage"),
            "churn/stages/v7.yaml",
        )
    }
    mark = made.commit([], {**odd, good: stage_file([1])}, day(1))
    ids = made.finish()
    git(tmp_path / "odd", "update-ref", "refs/heads/gitrack", ids[mark])
    timeline = Timeline(GitBranch(Repository.discover(tmp_path / "odd")))
    assert timeline.models() == ["churn"]
    assert [(one.stage, one.after) for one in timeline.changes("churn")] == [("production", [1])]


# -- clones that lack something ---------------------------------------------------------------


@pytest.fixture
def shallow(small: Small, tmp_path: Path, git: Git) -> GitBranch:
    """A clone of the last eleven commits."""
    place = f"file://{small.folder}"
    git(tmp_path, "clone", "-q", "--depth=11", "--branch=gitrack", place, "shallow")
    return GitBranch(Repository.discover(tmp_path / "shallow"))


def test_a_shallow_clone_answers_what_it_can(shallow: GitBranch, small: Small, git: Git):
    for _ in range(2):  # the second time from the cache
        timeline = Timeline(shallow)
        assert timeline.cut == day(20)
        assert production(timeline, day(20)) == [20]
        assert production(timeline, day(25.5)) == [25]
        # what stood at the cut was there before, and is no change
        assert [one.after[0] for one in timeline.changes("churn")] == [*range(21, 31)]
        assert timeline.changes("churn")[0].before == [20]
        assert [one.promotion[8:] for one in timeline.records("churn")][:1] == [
            "T000000Z-v21-production"
        ]
        with pytest.raises(CutHistory, match="begins on 2025-01-21 00:00:00 UTC") as told:
            production(timeline, day(19))
        assert told.value.hint == (
            "type  git fetch --shallow-since=2024-11-21 origin gitrack , "
            "or  git fetch --unshallow origin gitrack  for all of it"
        )
        for when in (day(3), datetime(1, 1, 1, tzinfo=UTC)):
            with pytest.raises(CutHistory):
                timeline.commit_at(when)

    there = shallow.repository.worktree
    git(there, "fetch", "-q", f"--shallow-since={day(11.5):%Y-%m-%dT%H:%MZ}", "origin", "gitrack")
    timeline = Timeline(shallow)
    assert timeline.cut == day(12)
    assert production(timeline, day(19)) == [19]

    git(there, "fetch", "-q", "--unshallow", "origin", "gitrack")
    timeline = Timeline(GitBranch(Repository.discover(shallow.repository.worktree)))
    assert timeline.cut is None
    assert production(timeline, day(3.5)) == [3]
    assert len(timeline.changes("churn")) == 30


def test_a_clone_without_contents_fetches_those_of_stages(small: Small, tmp_path: Path, git: Git):
    git(small.folder, "config", "uploadpack.allowFilter", "true")
    git(small.folder, "config", "uploadpack.allowAnySHA1InWant", "true")
    place = f"file://{small.folder}"
    git(tmp_path, "clone", "-q", "--no-checkout", "--filter=blob:none", place, "partial")
    branch = GitBranch(Repository.discover(tmp_path / "partial"))
    assert production(Timeline(branch), day(12)) == [12]

    git(tmp_path, "clone", "-q", "--no-checkout", "--filter=blob:none", place, "alone")
    git(tmp_path / "alone", "remote", "set-url", "origin", str(tmp_path / "gone"))
    branch = GitBranch(Repository.discover(tmp_path / "alone"))
    change = Timeline(branch).changes("churn")[-1]
    assert change.after == []
    assert "does not give it" in (change.fault or "")
    # which is no answer to be kept
    git(tmp_path / "alone", "remote", "set-url", "origin", place)
    assert production(Timeline(branch), day(12)) == [12]


# -- the cache ----------------------------------------------------------------------------------


@pytest.fixture
def kept(small: Small) -> Iterator[Path]:
    Timeline(small.branch).models()
    (file,) = (small.folder / ".git/gitrack/cache").glob("timeline-*")
    yield file
    assert production(Timeline(small.branch), day(12.5)) == [12]
    assert len(Timeline(small.branch).changes("churn")) == 30


def _silent(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("git was asked")

    monkeypatch.setattr("gitrack.store.timeline.timeline.walk", refuse)


def test_what_is_kept_is_enough(small: Small, kept: Path, monkeypatch: pytest.MonkeyPatch):
    with monkeypatch.context() as patch:
        _silent(patch)
        assert production(Timeline(small.branch), day(12)) == [12]
        small.stand(small.commits[10])
        assert production(Timeline(small.branch), datetime.now(UTC)) == [10]
    small.stand(small.commits[-1])


def test_every_damaged_byte_is_found(small: Small, kept: Path, monkeypatch: pytest.MonkeyPatch):
    whole = kept.read_bytes()
    walks = []
    from gitrack.store.timeline import timeline, walk

    monkeypatch.setattr(timeline, "walk", lambda *words: walks.append(words) or walk.walk(*words))
    damages = [whole[:-1], whole[: len(whole) // 2], b"", b"\0" * 50, whole + b"x"]
    for place in range(0, len(whole), max(1, len(whole) // 12)):
        damages.append(whole[:place] + bytes([whole[place] ^ 0x55]) + whole[place + 1 :])
    for number, damaged in enumerate(damages):
        kept.write_bytes(damaged)
        assert production(Timeline(small.branch), day(12)) == [12]
        assert len(walks) == number + 1
        assert kept.read_bytes() == whole


def test_a_branch_that_was_rewritten(small: Small, git: Git):
    Timeline(small.branch).models()
    made = git(
        small.folder, "commit-tree", f"{small.commits[3]}^{{tree}}", "-p", small.commits[4], "-mx"
    )
    small.stand(made)
    assert production(Timeline(small.branch), day(4.5)) == [4]
    assert production(Timeline(small.branch), datetime.now(UTC)) == [3]
    assert len(Timeline(small.branch).changes("churn")) == 5
    # what was kept of the other line is gone, commits and all
    git(small.folder, "update-ref", "-d", "refs/made/all")
    git(small.folder, "reflog", "expire", "--expire=now", "--all")
    git(small.folder, "gc", "-q", "--prune=now")
    git(small.folder, "cat-file", "-e", small.commits[4])
    with pytest.raises(AssertionError):
        git(small.folder, "cat-file", "-e", small.commits[5])
    assert len(Timeline(small.branch).changes("churn")) == 5


def test_no_place_for_a_cache(small: Small, tmp_path: Path):
    (tmp_path / "file").write_text("in the way")
    timeline = Timeline(small.branch, tmp_path / "file" / "cache")
    assert production(timeline, day(12)) == [12]


def _ask(folder: str, ready: object) -> None:
    branch = GitBranch(Repository.discover(folder))
    for number in range(1, 31):
        Timeline(branch).models()
        if production(Timeline(branch), day(number)) != [number]:
            os._exit(1)


def test_many_processes_at_once(small: Small):
    context = multiprocessing.get_context("spawn")
    asking = [context.Process(target=_ask, args=(str(small.folder), None)) for _ in range(4)]
    for process in asking:
        process.start()
    cache = small.folder / ".git/gitrack/cache"
    for _ in range(200):
        for file in cache.glob("timeline-*"):
            file.unlink(missing_ok=True)
    for process in asking:
        process.join()
    assert [process.exitcode for process in asking] == [0] * 4
    assert not list(cache.glob(".tmp-*"))


def test_a_bare_repository_and_a_second_worktree(small: Small, tmp_path: Path, git: Git):
    git(tmp_path, "clone", "-q", "--bare", f"file://{small.folder}", "bare.git")
    for _ in range(2):
        bare = GitBranch(Repository.discover(tmp_path / "bare.git"))
        assert production(Timeline(bare), day(7)) == [7]
    git(small.folder, "worktree", "add", "-q", "--detach", str(tmp_path / "second"), "gitrack")
    (tmp_path / "second" / "deep").mkdir()
    second = GitBranch(Repository.discover(tmp_path / "second" / "deep"))
    assert production(Timeline(second), day(7)) == [7]
    (kept,) = (small.folder / ".git/gitrack/cache").glob("timeline-*")
    assert kept.is_file()


def test_a_branch_that_is_only_on_the_remote(small: Small, tmp_path: Path, git: Git):
    git(tmp_path, "clone", "-q", f"file://{small.folder}", "fresh")
    branch = GitBranch(Repository.discover(tmp_path / "fresh"))
    assert branch.local_and_remote()[0] is None
    assert production(Timeline(branch), day(7)) == [7]
