"""`pull`: the runs of others, and their heavy files."""

from __future__ import annotations

from pathlib import Path

import pytest

from gitrack.errors import MergeConflict, StoreError
from gitrack.sharing.exchange.choice import Choice
from gitrack.sharing.exchange.pull import pull
from gitrack.sharing.exchange.push import push
from gitrack.store import open_store
from tests.sharing.clones import Clones, fsck, git, objects_in, runs_of

HEAVY = bytes(range(256)) * 1000


@pytest.fixture
def trained(clones: Clones) -> tuple[str, str]:
    """Two pushed runs, each with a heavy file."""
    clone = clones.new("trainer")
    clones.share_objects(clone)
    runs = (
        clones.train(clone, files={"a.bin": HEAVY + b"a"}, experiment="one-20241022"),
        clones.train(clone, files={"b.bin": HEAVY + b"b"}, experiment="two-20241022"),
    )
    assert push(clone).complete
    return runs


@pytest.fixture
def mine(clones: Clones, trained) -> Path:
    clone = clones.new("mine")
    clones.share_objects(clone)
    return clone


def cache(clone: Path) -> set[str]:
    return objects_in(clone / ".git/gitrack/dvc-cache")


def test_a_fresh_clone_reads_before_and_after(clones, trained, mine):
    assert set(runs_of(mine)) == set(trained)

    done = pull(mine)

    assert (done.complete, done.moved, done.runs, done.objects.sent) == (True, True, 2, 2)
    assert set(runs_of(mine)) == set(trained)
    assert cache(mine) == objects_in(clones.objects)
    assert git(mine, "rev-parse", "gitrack") == git(clones.hub, "rev-parse", "gitrack")
    again = pull(mine)
    assert (again.moved, again.objects.sent, again.objects.present) == (False, 0, 2)
    fsck(mine)


@pytest.mark.parametrize("options", [["--single-branch"], ["--depth=1"], ["--filter=blob:none"]])
def test_clones_that_left_something_out(clones, trained, options):
    git(clones.hub, "config", "uploadpack.allowFilter", "true")
    git(clones.hub, "config", "uploadpack.allowAnySHA1InWant", "true")
    clone = clones.new("part", *options)
    clones.share_objects(clone)
    assert pull(clone).complete
    assert set(runs_of(clone)) == set(trained)
    assert len(cache(clone)) == 2
    run = clones.train(clone, files={"c.bin": HEAVY + b"c"})
    assert push(clone).complete
    other = clones.new("other")
    assert set(runs_of(other)) == {*trained, run}


def test_a_bare_clone_pulls_the_branch(clones, trained):
    git(clones.folder, "init", "-q", "--bare", "mirror.git")
    bare = clones.folder / "mirror.git"
    git(bare, "remote", "add", "origin", str(clones.hub))
    done = pull(bare)
    assert (done.moved, done.runs) == (True, 2)
    # it has no settings: where heavy files are is said by the branch, or by nobody
    assert done.complete
    assert set(runs_of(bare)) == set(trained)


def test_the_branch_says_where_heavy_files_are(clones, mine):
    (mine / ".tracking/config.yaml").unlink()
    done = pull(mine)
    assert (done.complete, done.objects.sent) == (True, 2)


def test_nobody_says_where_heavy_files_are(clones):
    lone, other = clones.new("lone"), clones.new("other")
    clones.train(lone, files={"a.bin": HEAVY})
    push(lone)
    done = pull(other)
    assert (done.complete, len(done.objects.elsewhere), cache(other)) == (True, 1, set())


def test_limits(clones, trained, mine):
    assert pull(mine, objects=False).objects.sent == 0
    assert cache(mine) == set()
    assert pull(mine, choice=Choice(experiments=["one-20241022"])).objects.sent == 1
    assert pull(mine, choice=Choice(runs=[trained[0]]), branch=False).objects.present == 1
    assert pull(mine, choice=Choice(since="2100-01")).objects.sent == 0
    assert pull(mine).objects.sent == 1


def test_what_comes_is_checked_and_the_rest_comes_all_the_same(clones, trained, mine):
    broken = str(runs_of(mine)[trained[0]].artifacts[0].md5)
    place = clones.objects / "files/md5" / broken[:2] / broken[2:]
    right = place.read_bytes()
    place.chmod(0o644)
    place.write_bytes(right[:-1] + b"?")

    done = pull(mine)

    assert (done.complete, done.moved, done.objects.sent) == (False, True, 1)
    (failure,) = done.objects.failed
    assert (failure.run, failure.file) == (trained[0], "artifacts/a.bin")
    assert "other bytes" in failure.why
    assert broken not in cache(mine)
    place.write_bytes(right)
    assert pull(mine).objects.sent == 1


def test_a_remote_that_is_gone(clones, mine):
    clones.share_objects(mine, "/nowhere/at/all")
    done = pull(mine)
    assert (done.complete, done.moved, len(done.objects.failed)) == (False, True, 2)


def test_hostile_md5s_lead_nowhere(clones, mine):
    pull(mine)
    store = open_store(mine)
    path = store.find("@last") + "/run.yaml"
    text = store.read(path).decode()
    md5 = next(line for line in text.splitlines() if "md5:" in line)
    store.commit_files(
        {path: text.replace(md5, '  md5: "../../../../../../etc/passwd"').encode()}, "hostile"
    )
    assert pull(mine).objects.present == 1
    assert push(mine).complete


def test_the_code_of_the_runs_of_others_comes(clones, mine):
    other = clones.new("other")
    git(other, "commit", "-q", "--allow-empty", "-m", "never on a branch of the remote")
    code = git(other, "rev-parse", "HEAD")
    clones.train(other)
    push(other)
    pull(mine)
    assert git(mine, "cat-file", "-t", code) == "commit"


def test_a_conflict_touches_nothing(clones, mine):
    path = "registry/churn/aliases/champion.yaml"
    pull(mine)
    other = clones.new("other")
    open_store(other).commit_files({path: b"format: 1\nversion: 1\n"}, "theirs")
    push(other)
    open_store(mine).commit_files({path: b"format: 1\nversion: 2\n"}, "mine")
    tip = git(mine, "rev-parse", "gitrack")

    for exchange in (pull, push):
        with pytest.raises(MergeConflict, match=path):
            exchange(mine)
        assert git(mine, "rev-parse", "gitrack") == tip

    assert pull(mine, prefer="ours").complete
    assert open_store(mine).read(path) == b"format: 1\nversion: 2\n"
    assert push(mine).complete


def test_no_network(clones, mine):
    git(mine, "remote", "set-url", "origin", str(clones.folder / "gone.git"))
    with pytest.raises(StoreError, match="there is no repository"):
        pull(mine)
    assert pull(mine, branch=False).objects.sent == 2
