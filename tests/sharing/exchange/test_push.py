"""`push`: heavy files first, then the branch that points to them."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from gitrack.artifacts.remote import RemoteObjects, Unreachable
from gitrack.errors import NotFound, StoreError, UsageError
from gitrack.sharing.exchange.choice import Choice
from gitrack.sharing.exchange.push import push
from gitrack.store import open_store
from gitrack.store.git.exchange import Exchange
from tests.sharing.clones import EXPERIMENT, Clones, fsck, git, objects_in, runs_of

HEAVY = bytes(range(256)) * 1000


@pytest.fixture
def mine(clones: Clones) -> Path:
    """A clone whose heavy files have a remote, as one at a URL."""
    clone = clones.new("mine")
    clones.share_objects(clone)
    return clone


def pushed_tip(clones: Clones) -> str:
    return git(clones.hub, "rev-parse", "gitrack")


def md5(clone: Path, run: str) -> str:
    return str(runs_of(clone)[run].artifacts[0].md5)


def test_the_branch_and_what_it_needs(clones, mine):
    run = clones.train(mine, files={"model.bin": HEAVY})

    done = push(mine)

    assert done.complete
    assert (done.pushed, done.runs, done.objects.sent, done.objects.bytes) == (True, 1, 1, 256_000)
    assert objects_in(clones.objects) == {md5(mine, run)}
    assert pushed_tip(clones) == done.commit == open_store(mine).branch.tip()
    again = push(mine)
    assert (again.complete, again.pushed, again.objects.sent) == (True, False, 0)


def test_plain_dvc_is_told_where_they_are(clones, mine):
    run = clones.train(mine, files={"model.bin": HEAVY})
    push(mine)
    store = open_store(mine)
    day = store.find(run).rpartition("/")[0]
    for path in (f"{day}/.dvc/config", ".dvc/config"):
        assert str(clones.objects).encode() in store.read(path)
    assert "heavy files are on their remote" in git(mine, "log", "gitrack", "--format=%s")


def test_a_day_is_told_when_all_of_it_was_sent(clones, mine):
    first = clones.train(mine, name="first", files={"a.bin": HEAVY + b"a"})
    clones.train(mine, name="second", files={"b.bin": HEAVY + b"b"})
    store = open_store(mine)
    day = store.find(first).rpartition("/")[0]
    push(mine, choice=Choice(runs=["first"]))
    assert ".dvc/" not in store.branch.children(day)
    push(mine)
    assert ".dvc/" in store.branch.children(day)


def test_a_push_that_died_before_it_told_the_branch(clones, mine, monkeypatch):
    clones.train(mine, files={"model.bin": HEAVY})

    def die(*arguments, **options):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("gitrack.store.runs.RunStore.commit_files", die)
        with pytest.raises(KeyboardInterrupt):
            push(mine)
    assert push(mine).complete
    assert str(clones.objects).encode() in open_store(mine).read(".dvc/config")


def test_a_run_without_heavy_files_needs_no_remote_of_them(clones):
    clone = clones.new("light")
    clones.train(clone)
    done = push(clone)
    assert (done.complete, done.pushed, done.runs) == (True, True, 1)
    assert done.objects.only_here == []


def test_without_an_artifact_remote_the_branch_goes_and_files_are_named(clones):
    clone = clones.new("lone")
    run = clones.train(clone, files={"model.bin": HEAVY})
    done = push(clone)
    assert (done.complete, done.pushed) == (True, True)
    assert [(file.run, file.path) for file in done.objects.only_here] == [(run, "model.bin")]
    clones.share_objects(clone)
    assert push(clone).objects.sent == 1
    assert objects_in(clones.objects) == {md5(clone, run)}
    day = open_store(clone).find(run).rpartition("/")[0]
    assert ".dvc/" in open_store(clone).branch.children(day)


def test_a_remote_that_is_down_holds_the_branch_back(clones, mine, monkeypatch):
    clones.train(mine, files={"model.bin": HEAVY})

    def refuse(self, *arguments, **options):
        raise Unreachable("it is down")

    with monkeypatch.context() as down:
        down.setattr(RemoteObjects, "upload", refuse)
        down.setattr(RemoteObjects, "present", refuse)
        done = push(mine)
        assert not done.complete
        assert [failure.why for failure in done.objects.failed] == ["it is down"]
        assert done.held_back == "it points to 1 heavy file that could not be sent"
        assert git(clones.hub, "branch", "--list", "gitrack") == ""
        without = push(mine, objects=False)
        assert (without.pushed, without.complete) == (True, True)

    # what is on the git remote already is sent all the same, and holds nothing back
    after = push(mine)
    assert (after.complete, after.objects.sent) == (True, 1)


def test_one_object_that_fails_does_not_hinder_the_others(clones, mine, monkeypatch):
    first = clones.train(mine, files={"a.bin": HEAVY + b"a"})
    clones.train(mine, files={"b.bin": HEAVY + b"b"})
    clones.train(mine, files={"c.bin": HEAVY + b"c"})
    broken = md5(mine, first)
    upload = RemoteObjects.upload

    def sometimes(self, one, source):
        if one == broken:
            raise Unreachable("no answer")
        return upload(self, one, source)

    with monkeypatch.context() as broken_remote:
        broken_remote.setattr(RemoteObjects, "upload", sometimes)
        done = push(mine)
    assert (done.complete, done.pushed, done.objects.sent) == (False, False, 2)
    assert done.objects.failed[0].run == first
    assert done.objects.failed[0].file == "artifacts/a.bin"
    assert push(mine).objects.sent == 1


def test_what_is_lost_is_told_once_and_holds_nothing_back(clones, mine):
    lost = clones.train(mine, files={"a.bin": HEAVY + b"a"})
    clones.train(mine, files={"b.bin": HEAVY + b"b"})
    name = md5(mine, lost)
    (mine / ".git/gitrack/dvc-cache/files/md5" / name[:2] / name[2:]).unlink()

    done = push(mine)

    assert (done.complete, done.pushed, done.objects.sent) == (False, True, 1)
    assert [failure.run for failure in done.objects.lost] == [lost]
    assert push(mine).complete


def test_files_of_folders_go_too(clones, mine, tmp_path):
    from tests.sharing.clones import standing_in

    folder = tmp_path / "checkpoints"
    folder.mkdir()
    for number in range(3):
        (folder / f"{number}.bin").write_bytes(HEAVY + bytes([number]))
    import gitrack

    clones.share_objects(mine, str(clones.folder / "elsewhere"))
    with standing_in(mine), gitrack.start_run(EXPERIMENT) as run:
        run.log_artifact(folder)
    clones.share_objects(mine)
    done = push(mine)
    assert (done.objects.sent, len(objects_in(clones.objects))) == (4, 4)


@pytest.mark.parametrize("jobs", [1, 2, None])
def test_many_objects_all_arrive(clones, mine, jobs):
    for number in range(3):
        files = {f"{n}.bin": HEAVY + bytes([number, n]) for n in range(40)}
        clones.train(mine, name=f"{number}", files=files)
    assert push(mine, jobs=jobs).objects.sent == 120
    assert len(objects_in(clones.objects)) == 120


def test_verify_looks_again(clones, mine):
    clones.train(mine, files={"model.bin": HEAVY})
    push(mine)
    shutil.rmtree(clones.objects)
    assert push(mine).objects.sent == 0
    assert push(mine, verify=True).objects.sent == 1
    assert push(mine, verify=True).objects.present == 1


def test_the_memory_of_what_was_sent_can_be_lost_or_torn(clones, mine):
    clones.train(mine, files={"model.bin": HEAVY})
    push(mine)
    (note,) = (mine / ".git/gitrack/cache").glob("sent-*.txt")
    note.write_bytes(note.read_bytes()[:-20] + b"\xff\xfe")
    clones.train(mine, name="second", files={"model.bin": HEAVY + b"2"})
    assert push(mine).objects.sent == 1
    note.write_text("something else\n")
    done = push(mine)
    assert (done.complete, done.objects.present) == (True, 2)


def test_limits_are_about_heavy_files(clones, mine):
    old = clones.train(mine, name="old", files={"a.bin": HEAVY + b"a"}, experiment="one-20241022")
    new = clones.train(mine, name="new", files={"b.bin": HEAVY + b"b"}, experiment="two-20241022")

    assert push(mine, choice=Choice(experiments=["two-20241022"])).runs == 2
    assert objects_in(clones.objects) == {md5(mine, new)}
    assert push(mine, choice=Choice(since="2100-01-01")).objects.sent == 0
    assert push(mine, choice=Choice(runs=[new])).objects.sent == 0
    assert push(mine, choice=Choice(registered=True)).objects.sent == 0
    open_store(mine).commit_files(
        {"registry/churn/versions/1.yaml": f'format: 1\nversion: 1\nrun: "{old}"\n'.encode()},
        "model churn v1",
    )
    assert push(mine, choice=Choice(registered=True, since="1d")).objects.sent == 1
    assert objects_in(clones.objects) == {md5(mine, new), md5(mine, old)}


def test_limits_that_make_no_sense(clones, mine):
    clones.train(mine)
    with pytest.raises(UsageError, match="neither a date nor a span"):
        push(mine, choice=Choice(since="yesterday-ish"))
    with pytest.raises(NotFound, match="shared-runs"):
        push(mine, choice=Choice(experiments=["shared-runs-20241023"]))
    with pytest.raises(NotFound):
        push(mine, choice=Choice(runs=["nosuchrun"]))


def test_others_were_first(clones, mine):
    clones.train(mine, files={"a.bin": HEAVY + b"a"})
    push(mine)
    other = clones.new("other")
    clones.share_objects(other)
    theirs = clones.train(other, name="theirs", files={"b.bin": HEAVY + b"b"})
    ours = clones.train(mine, name="ours", files={"c.bin": HEAVY + b"c"})
    push(other)

    done = push(mine)

    assert (done.complete, done.united, done.runs) == (True, 1, 1)
    assert {theirs, ours} <= runs_of(mine).keys()
    assert pushed_tip(clones) == done.commit
    for folder in (mine, clones.hub):
        fsck(folder)
    # the heavy file of the other clone is not ours to send, and not missed
    assert push(mine, verify=True).complete


def test_others_push_between_our_look_and_our_push(clones, mine, monkeypatch):
    ours = {clones.train(mine, name="ours")}
    theirs = set()
    others = [clones.new(f"other{number}") for number in range(2)]
    for number, other in enumerate(others):
        theirs.add(clones.train(other, name=f"theirs{number}"))
    send = Exchange.push

    def late(exchange: Exchange, *arguments: Any) -> Any:
        if exchange.repository.worktree == mine.resolve() and others:
            push(others.pop())  # as it happens when many push at once
        return send(exchange, *arguments)

    monkeypatch.setattr(Exchange, "push", late)
    done = push(mine)

    assert (done.complete, done.pushed, done.united, others) == (True, True, 2, [])
    assert runs_of(mine).keys() == ours | theirs
    assert pushed_tip(clones) == done.commit


def test_a_clone_that_only_reads_has_nothing_to_push(clones, mine):
    clones.train(mine)
    push(mine)
    reader = clones.new("reader")
    done = push(reader)
    assert (done.complete, done.pushed, done.commit) == (True, False, None)


def test_only_behind_is_left_as_it_is(clones, mine):
    clones.train(mine)
    push(mine)
    other = clones.new("other")
    clones.train(other)
    push(other)
    tip = open_store(mine).branch.tip()
    done = push(mine)
    assert (done.behind, done.pushed, open_store(mine).branch.tip()) == (1, False, tip)


def test_the_code_of_runs_goes_along(clones, mine):
    git(mine, "commit", "-q", "--allow-empty", "-m", "to be squashed")
    code = git(mine, "rev-parse", "HEAD")
    clones.train(mine)
    assert push(mine).code == 1
    assert git(clones.hub, "for-each-ref", "--format=%(refname)", "refs/gitrack") == (
        f"refs/gitrack/code/{code}"
    )
    assert push(mine).code == 0


def test_a_checked_out_branch_is_refused_before_anything_is_united(clones, mine):
    clones.train(mine)
    push(mine)
    other = clones.new("other")
    clones.train(other)
    push(other)
    clones.train(mine)
    git(mine, "worktree", "add", "-q", "../stands", "gitrack")
    with pytest.raises(StoreError, match="is checked out"):
        push(mine)
