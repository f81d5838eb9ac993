"""Runs on a branch: committed, found, read; whatever else lies there is named and passed over."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from gitrack.errors import (
    Ambiguous,
    ConfigError,
    InvalidName,
    NoRepository,
    NotFound,
    UnreadableFile,
    UsageError,
)
from gitrack.model.history import History, Point
from gitrack.model.run import Code, Fault, Run, RunBundle, Status
from gitrack.store import layout, open_store
from gitrack.store.git.branch import GitBranch
from gitrack.store.git.repository import Repository
from gitrack.store.memory import MemoryBranch
from gitrack.store.runs import RunStore

Git = Callable[..., str]


def a_run(tail: str = "7k3f9q", second: int = 12, **fields: object) -> Run:
    given = {
        "id": f"20241022-1430{second:02}-{tail}",
        "name": f"name-{tail}",
        "experiment": "weather",
        "status": Status.FINISHED,
        "started": f"2024-10-22T14:30:{second:02}.120Z",
        "metrics": {"train_auc": 0.99, "test_auc_roc": 0.892, "zeta": 1.0},
        **fields,
    }
    return Run(**given)  # type: ignore[arg-type]


def bundle(run: Run, **files: bytes) -> RunBundle:
    return RunBundle(run=run, files={name.replace("__", "."): data for name, data in files.items()})


FOLDER = "runs/weather/2024-10/22/20241022-143012-7k3f9q"


@pytest.fixture(params=["memory", "git"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> RunStore:
    if request.param == "memory":
        return RunStore(MemoryBranch(), tmp_path / "cache")
    repo: Path = request.getfixturevalue("repo")
    return RunStore(GitBranch(Repository.discover(repo)), tmp_path / "cache")


# -- committing -----------------------------------------------------------------------------


def test_a_run_is_one_commit_with_a_line_for_people(repo: Path, git: Git):
    store = open_store(repo)
    store.commit_runs([bundle(a_run(code=Code(commit="a3f8b2c1")))])

    assert git(repo, "log", "--format=%B", "gitrack") == (
        "run 7k3f9q: finished (test_auc_roc=0.892)\n\n"
        "Run: 20241022-143012-7k3f9q\nExperiment: weather\nCode-Commit: a3f8b2c1"
    )
    assert git(repo, "status", "--porcelain") == ""


def test_the_policy_decides_which_metric_is_shown(repo: Path, git: Git):
    store = open_store(repo)
    store.commit_runs([bundle(a_run())], primary_metric="zeta")
    assert "finished (zeta=1)" in git(repo, "log", "-1", "--format=%s", "gitrack")


def test_hostile_names_do_not_add_trailers(repo: Path, git: Git):
    run = a_run(metrics={"a\n\nRun: evil": 1.0})
    open_store(repo).commit_runs([bundle(run)])
    trailers = git(repo, "log", "-1", "--format=%(trailers:key=Run,valueonly)", "gitrack")
    assert trailers == run.id


def test_the_first_commit_explains_the_branch(repo: Path, git: Git):
    (repo / ".tracking").mkdir()
    (repo / ".tracking/config.yaml").write_text("project: delays\nbranch: experiments\n")
    store = open_store(repo)
    store.commit_runs(
        [bundle(a_run())],
        first_files={".dvc/config": b"[core]\n"},
        day_files={".dvc/config": b"[x]\n"},
    )

    assert git(repo, "ls-tree", "-r", "--name-only", "experiments").splitlines() == [
        ".dvc/config",
        "README.md",
        "format.yaml",
        "runs/weather/2024-10/22/.dvc/config",
        f"{FOLDER}/run.yaml",
    ]
    assert yaml.safe_load(store.read("format.yaml")) == {"format": 1, "project": "delays"}
    assert store.table().faults == []


def test_later_commits_leave_first_and_day_files_alone(store: RunStore):
    store.commit_runs(
        [bundle(a_run())], first_files={"x.txt": b"1"}, day_files={".dvc/config": b"1"}
    )
    store.commit_runs(
        [bundle(a_run("aaaaaa"))], first_files={"x.txt": b"2"}, day_files={".dvc/config": b"2"}
    )
    assert store.read("x.txt") == b"1"
    assert store.read("runs/weather/2024-10/22/.dvc/config") == b"1"


def test_a_run_that_comes_again_replaces_its_folder(store: RunStore):
    store.commit_runs([bundle(a_run(name="old"), history__tsv=b"a", output__txt=b"b")])
    store.commit_runs([bundle(a_run(name="new"), output__txt=b"c")])

    assert [entry.path for entry in store.files("@last")] == [
        f"{FOLDER}/output.txt",
        f"{FOLDER}/run.yaml",
    ]
    assert store.table().column("name") == ["new"]


def test_a_full_day_goes_on_in_another_folder(store: RunStore, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(layout, "DAY_FULL", 3)
    tails = ["000001", "000002", "000003", "000004", "000005", "000006", "000007", "000008"]
    store.commit_runs([bundle(a_run(tail)) for tail in tails[:4]])
    for tail in tails[4:]:
        store.commit_runs([bundle(a_run(tail))])

    days = store.branch.children("runs/weather/2024-10")
    assert sorted(days) == ["22-2/", "22-3/", "22/"]
    assert store.table().rows == 8
    assert store.table().faults == []

    store.commit_runs([bundle(a_run("000005", name="again"))])
    assert store.table().rows == 8
    assert store.run("again").id.endswith("000005")
    assert "/22-2/" in store.find("again")


def test_many_runs_can_be_one_commit(repo: Path, git: Git):
    runs = [a_run(f"00000{n}") for n in range(1, 4)]
    open_store(repo).commit_runs([bundle(run) for run in runs])
    assert git(repo, "rev-list", "--count", "gitrack") == "1"
    body = git(repo, "log", "-1", "--format=%B", "gitrack")
    assert body.startswith("3 runs: 000001, 000002, 000003\n")
    assert body.count("Run: ") == 3


def test_misuse_is_refused(store: RunStore):
    with pytest.raises(UsageError):
        store.commit_runs([])
    with pytest.raises(InvalidName):
        store.commit_runs([bundle(a_run(), run__yaml=b"")])
    with pytest.raises(InvalidName):
        store.commit_runs([RunBundle(run=a_run(), files={"../x": b""})])
    with pytest.raises(InvalidName):
        store.commit_runs([bundle(a_run(experiment="../../x"))])
    with pytest.raises(InvalidName):
        store.commit_runs([bundle(a_run("../../"))])
    assert store.branch.tip() is None


# -- finding and reading --------------------------------------------------------------------


@pytest.fixture
def three(store: RunStore) -> RunStore:
    history = History.of([Point(n, n / 2, "loss", 1 / (n + 1)) for n in range(5)])
    store.commit_runs(
        [
            RunBundle(run=a_run("aaaaaa", 10), files={"history.tsv": history.to_tsv().encode()}),
            bundle(a_run("bbbbbb", 11, name="twin")),
            bundle(a_run("bbcccc", 12, name="twin")),
        ]
    )
    return store


@pytest.mark.parametrize(
    ("reference", "tail"),
    [
        ("20241022-143010-aaaaaa", "aaaaaa"),
        ("aaaaaa", "aaaaaa"),
        ("aaa", "aaaaaa"),
        ("bbc", "bbcccc"),
        ("20241022-143011", "bbbbbb"),
        ("name-aaaaaa", "aaaaaa"),
        ("@last", "bbcccc"),
        ("@last~2", "aaaaaa"),
        ("runs/weather/2024-10/22/20241022-143010-aaaaaa", "aaaaaa"),
        ("runs/weather/2024-10/22/20241022-143010-aaaaaa/run.yaml", "aaaaaa"),
    ],
)
def test_a_run_is_found_however_it_is_named(three: RunStore, reference: str, tail: str):
    assert three.find(reference).endswith(tail)
    assert three.run(reference).id.endswith(tail)


def test_the_last_run_is_the_one_that_started_last(store: RunStore):
    store.commit_runs(
        [
            bundle(a_run("zzzzzz", started="2024-10-22T14:30:12.100Z")),
            bundle(a_run("000000", started="2024-10-22T14:30:12.200Z")),
        ]
    )
    assert store.find("@last").endswith("000000")


def test_what_may_be_several_runs_is_asked_back(three: RunStore):
    with pytest.raises(Ambiguous, match="'twin' may be 2 runs: 20241022-143011-bbbbbb") as caught:
        three.find("twin")
    assert caught.value.hint
    with pytest.raises(Ambiguous):
        three.find("20241022")


@pytest.mark.parametrize("reference", ["name-aaaaab", "@last~3", "aa", "nothing at all", "../x"])
def test_what_is_not_there_is_said_with_a_hint(three: RunStore, reference: str):
    with pytest.raises(NotFound) as caught:
        three.find(reference)
    assert caught.value.hint


def test_near_names_are_offered(three: RunStore):
    with pytest.raises(NotFound, match="did you mean name-aaaaaa"):
        three.find("name-aaaaab")


def test_nothing_tracked_yet_is_said(store: RunStore):
    with pytest.raises(NotFound, match="none was tracked yet"):
        store.find("@last")


def test_histories_are_read(three: RunStore):
    history = three.history("aaaaaa")
    assert history is not None
    assert history.columns["loss"][:2] == [1.0, 0.5]
    assert three.history("bbbbbb") is None


def test_all_gives_every_run(three: RunStore):
    found = list(three.all())
    assert [path for path, _ in found] == three.table().column("path")
    assert all(isinstance(run, Run) for _, run in found)


# -- opening --------------------------------------------------------------------------------


def test_outside_of_a_repository_there_is_no_store(tmp_path: Path):
    with pytest.raises(NoRepository):
        open_store(tmp_path)


def test_a_sub_folder_opens_the_same_store(repo: Path):
    (repo / "deep/er").mkdir(parents=True)
    open_store(repo).commit_runs([bundle(a_run())])
    assert open_store(repo / "deep/er").table().rows == 1


def test_broken_settings_are_named(repo: Path):
    (repo / ".tracking").mkdir()
    (repo / ".tracking/config.yaml").write_text("branch: [\n")
    with pytest.raises(ConfigError, match=r"config\.yaml"):
        open_store(repo)


def test_settings_of_a_folder_around_the_repository_are_not_ours(repo: Path):
    (repo.parent / ".tracking").mkdir()
    (repo.parent / ".tracking/config.yaml").write_text("branch: other\n")
    assert open_store(repo).branch.name == "gitrack"


# -- bad input ------------------------------------------------------------------------------

BOMB = b'a: &a ["x"]\n' + b"".join(
    b"%c: &%c [*%c,*%c,*%c,*%c,*%c,*%c,*%c,*%c]\n" % (n + 1, n + 1, *[n] * 8)
    for n in range(97, 121)
)
GOOD = a_run("888888")


def hostile(text: bytes) -> dict[str, bytes | None]:
    return {f"{FOLDER}/run.yaml": text}


def record(run_id: bytes) -> dict[str, bytes | None]:
    return hostile(b"id: %b\nname: a\nexperiment: weather\nstarted: x\n" % run_id)


BAD = {
    "not UTF-8": (hostile(b"id: \xff\n"), "not UTF-8"),
    "unknown format": (hostile(b"format: 99\n"), "format 99 is unknown"),
    "wrong types": (hostile(b"id: 7\nname: []\n"), "line 1: id: expected `str`, got `int`"),
    "duplicate keys": (hostile(b"id: a\nid: b\n"), "stands here a second time"),
    "alias bomb": (hostile(BOMB), "an anchor (&a) is not allowed"),
    "huge document": (hostile(b"a: [" + b"1," * 25_000_000 + b"1]"), "too many for a record"),
    "python object": (hostile(b"!!python/object/apply:os.system ['true']\n"), "a tag"),
    "deep nesting": (hostile(b"[" * 100_000), "nested deeper"),
    "empty": (hostile(b""), "is empty"),
    "binary": (hostile(bytes(range(256))), "not UTF-8"),
    "another's id": (record(b"20241022-143012-000000"), "its folder is"),
    "not an id": (record(b"../../x"), "is not a run id"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_record_is_named_and_all_others_show(store: RunStore, case: str):
    changes, why = BAD[case]
    store.commit_runs([bundle(GOOD)])
    store.table()
    store.branch.commit(changes, "bad")

    for table in (store.table(), RunStore(store.branch).table()):
        assert table.column("id") == [GOOD.id]
        (fault,) = table.faults
        assert fault.path == f"{FOLDER}/run.yaml"
        assert why in fault.why
    (_, good), (path, bad) = store.all()
    assert isinstance(good, Run)
    assert isinstance(bad, Fault)
    assert path == bad.path
    with pytest.raises(UnreadableFile):
        store.run(FOLDER)

    store.commit_runs([bundle(a_run())])
    assert store.table().faults == []
    assert store.table().rows == 2


STRAYS = [
    ({"runs/notes.txt": b""}, "runs/notes.txt", "a file lies where"),
    ({"runs/weather/notes.txt": b""}, "runs/weather/notes.txt", "a file lies where"),
    ({FOLDER: b""}, FOLDER, "a file lies where a run's folder should be"),
    ({f"{FOLDER}/history.tsv": b""}, FOLDER, "run.yaml is missing"),
    ({f"{FOLDER}/run.yaml/x": b""}, FOLDER, "run.yaml is missing"),
    (
        {"runs/weather/2024-10/22/latest/run.yaml": b""},
        "runs/weather/2024-10/22/latest",
        "'latest' is not a run id",
    ),
    (
        {FOLDER.replace("/22/", "/23/") + "/run.yaml": b""},
        FOLDER.replace("/22/", "/23/") + "/run.yaml",
        "does not belong into the folder 2024-10/23",
    ),
]


@pytest.mark.parametrize(("changes", "path", "why"), STRAYS)
def test_strays_are_named_and_all_runs_show(
    store: RunStore, changes: dict[str, bytes | None], path: str, why: str
):
    store.commit_runs([bundle(GOOD)])
    store.table()
    store.branch.commit(changes, "stray")

    for table in (store.table(), RunStore(store.branch).table()):
        assert table.column("id") == [GOOD.id]
        assert [fault.path for fault in table.faults] == [path]
        assert why in table.faults[0].why

    store.branch.commit(dict.fromkeys(changes), "mended")
    assert store.table().faults == []


def test_unknown_folders_at_the_top_are_left_alone(store: RunStore):
    store.commit_runs([bundle(GOOD)])
    store.branch.commit({"later/thing.yaml": b"x: 1\n"}, "of a later version")
    assert store.table().faults == []
    assert store.table().rows == 1


def test_a_branch_of_a_later_format_says_so(store: RunStore):
    store.commit_runs([bundle(GOOD)])
    store.table()
    store.branch.commit({"format.yaml": b"format: 2\n"}, "of a later version")
    for table in (store.table(), RunStore(store.branch).table()):
        assert table.rows == 1
        assert [fault.path for fault in table.faults] == ["format.yaml"]
        assert "format 2 is unknown" in table.faults[0].why
    store.branch.commit({"format.yaml": b"format: 1\nproject: 'x'\n"}, "mended")
    assert store.table().faults == []


def test_paths_that_climb_out_are_named(repo: Path, git: Git):
    """No gitrack writes such trees; a hostile remote may."""
    store = open_store(repo)
    store.commit_runs([bundle(GOOD)])
    blob = git(repo, "hash-object", "-w", "--stdin", stdin="evil")
    tree = git(repo, "mktree", stdin=f"100644 blob {blob}\trun.yaml\n")
    for name in (GOOD.id, "22", "2024-10", ".."):
        tree = git(repo, "mktree", stdin=f"040000 tree {tree}\t{name}\n")
    good = git(repo, "rev-parse", "gitrack:runs/weather")
    runs = git(repo, "mktree", stdin=f"040000 tree {tree}\tx\n040000 tree {good}\tweather\n")
    root = git(repo, "mktree", stdin=f"040000 tree {runs}\truns\n")
    commit = git(repo, "commit-tree", root, "-p", "gitrack", "-m", "evil")
    git(repo, "update-ref", "refs/heads/gitrack", commit)

    table = open_store(repo).table()

    assert table.column("id") == [GOOD.id]
    assert ["climbs out" in fault.why for fault in table.faults] == [True]


def test_links_and_submodules_are_no_records(repo: Path, git: Git):
    store = open_store(repo)
    store.commit_runs([bundle(GOOD)])
    link = git(repo, "hash-object", "-w", "--stdin", stdin="/etc/passwd")
    commit = git(repo, "rev-parse", "gitrack")
    index = {"GIT_INDEX_FILE": str(repo / "own-index")}

    def with_index(*arguments: str) -> str:
        done = subprocess.run(
            ["git", "-C", str(repo), *arguments],
            env={**os.environ, **index},
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.strip()

    with_index("read-tree", "gitrack")
    with_index("update-index", "--add", "--cacheinfo", f"120000,{link},{FOLDER}/run.yaml")
    sub = FOLDER.replace("7k3f9q", "999999")
    with_index("update-index", "--add", "--cacheinfo", f"160000,{commit},{sub}")
    tree = with_index("write-tree")
    new = git(repo, "commit-tree", tree, "-p", commit, "-m", "links")
    git(repo, "update-ref", "refs/heads/gitrack", new)

    for table in (store.table(), open_store(repo).table()):
        assert table.column("id") == [GOOD.id]
        assert f"{FOLDER}/run.yaml" in [fault.path for fault in table.faults]


NAMES = ['"quoted"', "line\nbreak", "<script>alert(1)</script>", "x" * 300, "🚀", "שלום", "-rf"]


@pytest.mark.parametrize("name", NAMES)
def test_odd_names_of_runs_params_and_tags_are_kept_harmlessly(store: RunStore, name: str):
    run = a_run(name=name, params={name: name}, tags={name: 1}, metrics={name: 1.0})
    store.commit_runs([bundle(run)])
    assert store.run(run.id) == run
    assert store.find(name) == FOLDER
    assert RunStore(store.branch).table().column(f"params.{name}") == [name]
