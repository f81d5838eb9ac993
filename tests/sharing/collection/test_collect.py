"""Collections and the clones around them: what one removes, another neither misses nor loses."""

from __future__ import annotations

import json
import multiprocessing
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

import gitrack
from gitrack.artifacts import cache_of
from gitrack.artifacts.guard import collecting, relying
from gitrack.artifacts.remote import RemoteObjects
from gitrack.artifacts.removal import RemoteShelf
from gitrack.cli.main import cli
from gitrack.errors import ArtifactError
from gitrack.model.run import Run, RunBundle, Status
from gitrack.sharing.collection.letting_go import Rules
from gitrack.sharing.exchange.pull import pull
from gitrack.sharing.exchange.push import push
from gitrack.store.memory import MemoryBranch
from gitrack.store.runs import RunStore
from tests.s3 import Bucket
from tests.sharing.clones import Clones, git, objects_in, runs_of, standing_in

OLD, KEPT = "old-runs-20241022", "kept-runs-20241022"


def gc(clone: Path, *arguments: str) -> dict:
    with standing_in(clone):
        done = CliRunner().invoke(cli, ["gc", "--grace", "0", "--json", *arguments])
    assert done.exit_code == 0, f"{done.output}{done.exception!r}"
    return json.loads(done.stdout)


def heavy(seed: int) -> bytes:
    return bytes([0, seed]) * 2000


def md5_of(clone: Path, run: str) -> str:
    (artifact,) = runs_of(clone)[run].artifacts
    return str(artifact.md5)


@pytest.fixture
def pair(clones: Clones) -> tuple[Path, Path]:
    """Two clones that share their heavy files."""
    made = clones.new("a"), clones.new("b")
    for clone in made:
        clones.share_objects(clone)
    return made


def test_what_one_clone_collects_the_other_does_not_miss(clones, pair):
    a, b = pair
    old = clones.train(a, experiment=OLD, files={"model.bin": heavy(1)})
    kept = clones.train(a, experiment=KEPT, files={"model.bin": heavy(2)})
    assert push(a).complete
    gone = gc(a, "-e", OLD, "--remote", "--yes")
    assert [artifact["last"] for artifact in gone["leaving"]] == [True]
    assert push(a).complete

    pulled = pull(b)

    assert pulled.complete
    assert objects_in(clones.objects) == {md5_of(b, kept)}
    assert objects_in(b / ".git/gitrack/dvc-cache") == {md5_of(b, kept)}
    assert set(runs_of(b)) == {old, kept}
    assert push(b).complete


def test_the_same_bytes_come_back_with_another_run(clones, pair):
    """A clone remembers what it has sent, and another may have removed it since."""
    a, b = pair
    clones.train(b, experiment=OLD, files={"model.bin": heavy(1)})
    assert push(b).objects.sent == 1
    assert pull(a).complete
    gc(a, "-e", OLD, "--remote", "--yes")
    assert push(a).complete
    assert pull(b).complete
    again = clones.train(b, experiment=KEPT, files={"model.bin": heavy(1)})

    assert push(b).complete

    assert objects_in(clones.objects) == {md5_of(b, again)}
    assert pull(a).complete
    with standing_in(a):
        assert cache_of(a, a / ".git").has(md5_of(a, again))


def test_the_only_copy_is_said_to_be_the_last(clones, pair):
    a, _ = pair
    sent = clones.train(a, experiment=OLD, files={"model.bin": heavy(1)})
    assert push(a).complete
    unsent = clones.train(a, experiment=OLD, files={"model.bin": heavy(2)})

    gone = gc(a, "-e", OLD, "--yes")

    assert {artifact["run"]: artifact["last"] for artifact in gone["leaving"]} == {
        sent: False,
        unsent: True,
    }
    done = push(a)
    assert (done.complete, done.pushed) == (True, True)
    assert objects_in(clones.objects) == {md5_of(a, sent)}


def test_a_run_that_another_clone_has_not_pushed_can_still_be_sent(clones, pair):
    a, b = pair
    clones.train(a, experiment=OLD, files={"model.bin": heavy(1)})
    assert push(a).complete
    mine = clones.train(b, experiment=KEPT, files={"model.bin": heavy(1)})

    gc(a, "-e", OLD, "--remote", "--yes")
    assert push(a).complete

    assert push(b).complete
    assert objects_in(clones.objects) == {md5_of(b, mine)}


def test_whoever_asks_for_what_was_collected_is_told(clones, pair):
    a, _ = pair
    old = clones.train(a, experiment=OLD, files={"model.bin": heavy(1)})
    assert push(a).complete
    gc(a, "-e", OLD, "--remote", "--yes")

    from gitrack.retrieval.obtain import obtain
    from gitrack.retrieval.resolve import locate
    from gitrack.store import open_store

    with standing_in(a):
        store = open_store()
        located = locate(store, f"runs:/{old}/model.bin")
        with pytest.raises(ArtifactError, match=r"'gitrack gc' removed it on 20\d\d-\d\d-\d\d by"):
            obtain(store, store.branch.repository, located, a / "back")
    assert not (a / "back").exists()


def test_while_objects_are_collected_no_run_is_committed(clones):
    """The end of a run waits, so that it does not rely on what is just being removed."""
    a = clones.new("a")
    order: list[str] = []
    with standing_in(a):
        run = gitrack.start_run(KEPT)
        run.log_bytes(heavy(1), "model.bin")
        context = multiprocessing.get_context("spawn")
        held, let_go = context.Event(), context.Event()
        other = context.Process(target=_collect_until, args=(a / ".git", held, let_go))
        other.start()
        assert held.wait(60)
        ending = threading.Thread(target=lambda: (run.end(), order.append("ended")))
        ending.start()
        ending.join(0.5)  # it would have ended by now
        order.append("collected")
        let_go.set()
        ending.join(60)
        other.join(60)

    assert order == ["collected", "ended"]
    assert run.id in runs_of(a)


def _collect_until(common: Path, held, let_go) -> None:
    with collecting(common):
        held.set()
        let_go.wait(60)


def test_runs_that_end_at_once_do_not_wait_for_each_other(tmp_path):
    with relying(tmp_path), relying(tmp_path):
        pass


# -- rules ---------------------------------------------------------------------------------


def a_store() -> RunStore:
    """Six runs of two experiments, one a day."""
    store = RunStore(MemoryBranch("gitrack"))
    statuses = [Status.FINISHED, Status.FAILED, Status.KILLED] * 2
    bundles = [
        RunBundle(
            run=Run(
                id=f"2024102{day}-143012-7k3f9{day}",
                name=f"n{day}",
                experiment="one" if day < 3 else "two",
                status=status,
                started=f"2024-10-2{day}T14:30:12.000Z",
                ended=f"2024-10-2{day}T15:30:12.000Z",
            )
        )
        for day, status in enumerate(statuses)
    ]
    store.commit_runs(bundles)
    return store


@pytest.mark.parametrize(
    ("rules", "let_go"),
    [
        (Rules(), []),
        (Rules(older_than=86_400.0), [0, 1, 2, 3, 4, 5]),
        (Rules(older_than=1e12), []),
        (Rules(statuses=frozenset({"failed", "killed"})), [1, 2, 4, 5]),
        (Rules(experiments=("t*",)), [3, 4, 5]),
        (Rules(experiments=("T*",)), []),
        (Rules(keep_last=1), [0, 1, 3, 4]),
        (Rules(keep_last=0), [0, 1, 2, 3, 4, 5]),
        (Rules(keep_last=5), []),
        (Rules(keep_last=2, statuses=frozenset({"failed"})), []),
        (Rules(kinds=frozenset({"checkpoint"})), [0, 1, 2, 3, 4, 5]),
    ],
)
def test_rules(rules, let_go):
    assert rules.rows(a_store().table()) == let_go


def test_a_filter_alone_is_a_rule():
    assert Rules().rows(a_store().table(), [4, 2]) == [2, 4]


# -- S3 ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def bucket() -> Iterator[Bucket]:
    made = Bucket()
    yield made
    made.close()


def test_a_bucket_is_emptied_lists_first_and_taken_up_again_after_a_fault(bucket, tmp_path):
    remote = RemoteObjects("s3://bucket/project", bucket.settings)
    names = [f"{number:032x}" for number in range(6)] + ["f" * 32 + ".dir"]
    for md5 in names:
        bucket.put(f"project/files/md5/{md5[:2]}/{md5[2:]}", b"12345")
    shelf = RemoteShelf(remote)
    there = shelf.look([*names, "a" * 32])
    assert {about.size for about in there.values()} == {5}
    assert all(about.age is not None and -60 < about.age < 60 for about in there.values())
    assert set(there) == set(names)

    bucket.fault = lambda method, path: "500" if method == "DELETE" and "0005" in path else None
    with pytest.raises(ArtifactError, match="s3://bucket/project cannot be used"):
        shelf.remove(names)
    left = set(shelf.look(names))
    assert names[5] in left
    assert names[6] not in left

    bucket.fault = lambda method, path: None
    shelf.remove(names)
    assert shelf.look(names) == {}


def test_git_is_left_as_it_was(clones, pair):
    a, _ = pair
    clones.train(a, experiment=OLD, files={"model.bin": heavy(1)})
    before = git(a, "status", "--porcelain"), git(a, "stash", "list"), git(a, "rev-parse", "HEAD")

    gc(a, "-e", OLD, "--yes")

    after = git(a, "status", "--porcelain"), git(a, "stash", "list"), git(a, "rev-parse", "HEAD")
    assert after == before
