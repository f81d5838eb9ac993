"""Tags of promotions, which the real GTO reads."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gitrack.errors import UsageError
from gitrack.model.run import Code
from gitrack.registry.opened import OpenRegistry
from gitrack.registry.promotion.promote import promote, rollback
from gitrack.registry.promotion.releases import push_tags, tag_promotions
from tests.registry.promotion.conftest import run_of

Build = Callable[..., OpenRegistry]
Git = Callable[..., str]

POLICY = """\
models:
  churn:
    releases: {tags: gto, stages: [production]}
    stages:
      staging: {direct: true}
      production: {direct: true, archive_previous: true}
"""


def _gto(repo: Path, *arguments: str) -> Any:
    done = subprocess.run(
        [str(Path(sys.executable).with_name("gto")), *arguments, "--repo", str(repo), "--json"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture
def three(registry: Build, git: Git, repo: Path) -> Callable[..., OpenRegistry]:
    """Three versions, each of code of its own."""

    def build(policy: str = POLICY) -> OpenRegistry:
        runs = {}
        for number in (1, 2, 3):
            (repo / "train.py").write_text(f"print({number})\n")
            git(repo, "commit", "-qam", f"code {number}")
            runs[number] = run_of(number, code=Code(commit=git(repo, "rev-parse", "HEAD")))
        return registry(policy, runs)

    return build


def test_gto_shows_what_is_in_production_and_what_was(three: Build, git: Git, repo: Path):
    opened = three()
    for number in (1, 2):
        promote("churn", number, to="production", why="better", direct=True, where=opened)
    rollback("churn", why="it drifts", direct=True, where=opened)

    assert git(repo, "tag").splitlines() == [
        "churn#production#1",
        "churn#production#2",
        "churn#production#3",
        "churn@v1.0.0",
        "churn@v2.0.0",
    ]
    shown = _gto(repo, "show")
    assert shown["churn"]["stage"] == {"production": "v1.0.0"}
    assert shown["churn"]["version"] == "v2.0.0"
    events = _gto(repo, "history", "churn")
    pairs = [(event["event"], event["version"]) for event in events]
    assert sorted(pairs) == [
        ("assignment", "v1.0.0"),
        ("assignment", "v1.0.0"),
        ("assignment", "v2.0.0"),
        ("registration", "v1.0.0"),
        ("registration", "v2.0.0"),
    ]
    code = opened.store.run(opened.store.find(opened.reader().version("churn", 2).run)).code
    assert code is not None
    assert git(repo, "rev-parse", "churn@v2.0.0^{commit}") == code.commit
    assert "better" in git(repo, "tag", "-l", "--format=%(contents)", "churn#production#2")


def test_a_pull_request_is_tagged_when_it_is_merged(three: Build, git: Git, repo: Path):
    opened = three()
    done = promote("churn", 2, to="production", why="better", release="1.4.0", where=opened)
    assert done.promotion.tag == "churn@v1.4.0"
    assert any("gitrack model tags" in note for note in done.notes)
    assert not tag_promotions(opened).made
    assert git(repo, "tag") == ""

    git(repo, "fetch", "-q", ".", f"{done.branch}:gitrack")
    made = tag_promotions(opened, "churn").made
    assert [tag.tag for tag in made] == ["churn@v1.4.0", "churn#production#1"]
    assert not tag_promotions(opened).made
    assert _gto(repo, "show")["churn"]["stage"] == {"production": "v1.4.0"}


def test_tags_are_pushed_by_name(three: Build, remote: Path, git: Git, repo: Path):
    opened = three()
    git(repo, "tag", "-a", "-m", "mine", "private")
    done = promote("churn", 2, to="production", why="better", direct=True, where=opened)
    assert done.next[1] == "git push origin refs/tags/churn@v2.0.0 'refs/tags/churn#production#1'"
    assert not tag_promotions(opened).made
    git(repo, "tag", "-d", "churn@v2.0.0", "churn#production#1")
    push_tags(opened, tag_promotions(opened).made)
    assert git(remote, "tag").splitlines() == ["churn#production#1", "churn@v2.0.0"]


def test_what_cannot_be_tagged_is_told(registry: Build, git: Git, repo: Path):
    same = Code(commit=git(repo, "rev-parse", "HEAD"))
    runs = {1: run_of(1, code=same), 2: run_of(2, code=same)}
    opened = registry(POLICY, runs)
    promote("churn", 1, to="production", why="first", direct=True, where=opened)
    done = promote("churn", 2, to="production", why="second", direct=True, where=opened)
    assert any("GTO knows one version a commit" in note for note in done.notes)
    lost = promote("churn", 3, to="production", why="third", direct=True, where=opened)
    assert any("this clone lacks the code 333333333333" in note for note in lost.notes)
    assert git(repo, "tag").splitlines() == ["churn#production#1", "churn@v1.0.0"]


def test_a_tag_of_other_code_is_not_moved(three: Build, git: Git, repo: Path):
    opened = three()
    git(repo, "tag", "-a", "-m", "mine", "churn@v1.4.0", "HEAD")
    there = git(repo, "rev-parse", "churn@v1.4.0")
    release = "v1.4.0"
    done = promote(
        "churn", 2, to="production", why="better", release=release, direct=True, where=opened
    )
    assert any("the tag churn@v1.4.0 stands on" in note for note in done.notes)
    assert git(repo, "rev-parse", "churn@v1.4.0") == there


@pytest.mark.parametrize("release", ["1", "v1.2", "v1.2.3; rm", "v01.2.3", "latest", "v1.2.3 "])
def test_a_release_is_a_semantic_version(three: Build, release: str):
    with pytest.raises(UsageError, match=r"write it as v1\.2\.3"):
        promote("churn", 1, to="staging", why="good", release=release, where=three())


def test_a_name_that_gto_would_not_read_is_refused(registry: Build):
    opened = registry(None, name="churn.v2")
    with pytest.raises(UsageError, match="GTO has no names such as"):
        promote("churn.v2", 1, to="staging", why="good", release="v1.0.0", where=opened)
