"""`gitrack gc` removes what nobody needs, and nothing else; real git, real DVC, one cache."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import gitrack
from gitrack.artifacts import Cache, cache_of
from gitrack.cli.main import cli
from gitrack.model.named import ArtifactAlias, ArtifactVersion
from gitrack.model.registered import ModelVersion
from gitrack.model.run import Use
from gitrack.store import open_store
from gitrack.store.codec.records import dump_record

NOW = ("--grace", "0")


def command(*arguments: str, exits: int = 0) -> Result:
    result = CliRunner().invoke(cli, ["gc", *arguments])
    assert result.exit_code == exits, f"{result.output}{result.exception!r}"
    return result


def told(*arguments: str) -> dict:
    return json.loads(command(*NOW, *arguments, "--json").stdout)


def failing(*arguments: str) -> str:
    """What stands in the way, as `main` would say it."""
    result = CliRunner().invoke(cli, ["gc", *arguments])
    assert result.exit_code == 1, result.output
    return str(result.exception)


def dvc(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "dvc", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def project(repo: Path, tmp_path: Path, git, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A prepared repository without any remote."""
    monkeypatch.chdir(repo)
    monkeypatch.setenv("DVC_SITE_CACHE_DIR", str(tmp_path / "site"))
    monkeypatch.setenv("DVC_SYSTEM_CONFIG_DIR", str(tmp_path / "system"))
    monkeypatch.setenv("DVC_GLOBAL_CONFIG_DIR", str(tmp_path / "global"))
    assert CliRunner().invoke(cli, ["init"]).exit_code == 0
    git(repo, "add", ".")
    git(repo, "commit", "-q", "-m", "gitrack")
    return repo


@pytest.fixture
def cache(project: Path) -> Cache:
    return cache_of(project, project / ".git")


def logged(
    experiment: str,
    files: dict[str, bytes],
    *,
    kind: str = "model",
    fails: bool = False,
    name: str | None = None,
) -> str:
    """A run that leaves these files; its id."""
    run = gitrack.start_run(experiment, name=name)
    for path, data in files.items():
        run.log_bytes(data, path, kind=kind)
    run.end(status="failed" if fails else "finished")
    return run.id


def md5s(run_id: str) -> list[str]:
    return [str(artifact.md5) for artifact in open_store().run(run_id).artifacts]


def heavy(seed: int) -> bytes:
    return bytes([0, seed]) * 2000


def test_without_rules_every_run_is_kept(project, cache):
    run = logged("exp-a", {"model.bin": heavy(1)}, fails=True)

    assert told("--yes")["leaving"] == []
    assert cache.has(*md5s(run))


def test_a_dry_run_says_what_goes_and_touches_nothing(project, cache, git):
    run = logged("exp-a", {"model.bin": heavy(1)}, fails=True)
    kept = logged("exp-a", {"model.bin": heavy(2)})
    tip = git(project, "rev-parse", "gitrack")

    result = command(*NOW, "--status", "failed")

    assert "would remove 1 artifact of 1 run: 4.0 kB" in result.stdout
    assert run in result.stdout
    assert kept not in result.stdout
    assert "--yes" in result.stderr
    assert cache.has(*md5s(run))
    assert git(project, "rev-parse", "gitrack") == tip


def test_what_the_rules_let_go_is_gone_and_the_rest_works(project, cache, git, tmp_path):
    run = logged("exp-a", {"model.bin": heavy(1), "shared.bin": heavy(3)}, fails=True)
    kept = logged("exp-a", {"model.bin": heavy(2), "again.bin": heavy(3)})
    own, shared = sorted(md5s(run), key=lambda md5: md5 in md5s(kept))

    said = told("--status", "failed", "--yes")

    assert [(gone["run"], gone["path"]) for gone in said["leaving"]] == [(run, "model.bin")]
    assert said["cache"] == {"objects": 1, "bytes": 4000}
    assert said["staying"] == [
        {"run": run, "path": "shared.bin", "why": f"run {kept} needs it"},
    ]
    assert not cache.has(own)
    assert all(map(cache.has, [shared, *md5s(kept)]))
    folder = open_store().find(kept)
    dvc(project, "get", ".", f"{folder}/artifacts/model.bin", "--rev", "gitrack", "-o", "back")
    assert (project / "back").read_bytes() == heavy(2)
    assert open_store().run(run).status == "failed"
    assert told("--status", "failed", "--yes")["leaving"] == []


def test_the_rules_narrow_each_other(project):
    failed = [logged("exp-a", {"model.bin": heavy(n)}, fails=True) for n in range(3)]
    other = logged("exp-b", {"model.bin": heavy(9)}, fails=True)
    logged("exp-a", {"model.bin": heavy(8)})

    def gone(*rules: str) -> set[str]:
        return {artifact["run"] for artifact in told(*rules)["leaving"]}

    assert gone("--status", "failed") == {*failed, other}
    assert gone("--status", "failed", "-e", "exp-b*") == {other}
    assert gone("--status", "failed", "--keep-last", "2") == set(failed[:2])
    assert gone("--status", "failed", "--older-than", "1d") == set()
    assert gone(f"id = '{other}'") == {other}
    assert gone("status = failed", "-e", "exp-a", "--older-than", "0") == set(failed)


def test_only_one_kind_of_artifact(project, cache):
    run = gitrack.start_run("exp-a")
    run.log_bytes(heavy(1), "epoch-1.bin", kind="checkpoint")
    run.log_bytes(heavy(2), "model.bin", kind="model")
    run.end()

    said = told("--kind", "checkpoint", "--yes")

    assert [gone["path"] for gone in said["leaving"]] == ["epoch-1.bin"]
    assert [cache.has(md5) for md5 in md5s(run.id)] == [False, True]


def test_young_objects_stay_unless_told_otherwise(project, cache):
    run = logged("exp-a", {"model.bin": heavy(1)}, fails=True)

    said = json.loads(command("--status", "failed", "--yes", "--json").stdout)

    assert said["staying"] == [{"run": run, "path": "model.bin", "why": "it is too young"}]
    assert cache.has(*md5s(run))


def test_a_folder_goes_with_its_files_and_one_shared_file_stays(project, cache, tmp_path):
    folder = tmp_path / "weights"
    folder.mkdir()
    for number in range(3):
        (folder / f"{number}.bin").write_bytes(heavy(number))
    run = gitrack.start_run("exp-a")
    run.log_artifact(folder, "weights")
    run.end(status="failed")
    kept = logged("exp-a", {"one.bin": heavy(1)})

    said = told("--status", "failed", "--yes")

    assert said["cache"]["objects"] == 3
    assert not cache.has(*md5s(run.id))
    assert all(map(cache.has, md5s(kept)))


def test_users_data_in_the_same_cache_is_never_touched(project, cache, git, tmp_path):
    """The same bytes in the workspace, in an old commit, on another branch, in the stash, staged
    and not even added."""
    places = ["now", "old", "branch", "stash", "staged", "untracked"]
    run = logged("exp-a", {f"{n}.bin": heavy(n) for n, _ in enumerate(places)}, fails=True)
    lone = logged("exp-a", {"lone.bin": heavy(99)}, fails=True)
    data = project / "data"
    data.mkdir()

    def add(number: int) -> None:
        (data / f"{places[number]}.bin").write_bytes(heavy(number))
        dvc(project, "add", "-q", f"data/{places[number]}.bin")

    def commit() -> None:
        git(project, "add", "--all", "data")
        git(project, "commit", "-q", "-m", "data")

    add(1)
    commit()
    git(project, "rm", "-q", "--cached", "data/old.bin.dvc")
    (data / "old.bin.dvc").unlink()
    commit()
    git(project, "switch", "-q", "-c", "side")
    add(2)
    commit()
    git(project, "switch", "-q", "main")
    add(3)
    git(project, "add", "data")
    git(project, "stash", "-q")
    add(0)
    commit()
    add(4)
    git(project, "add", "data")
    add(5)

    said = told("--status", "failed", "--yes")

    assert {gone["run"] for gone in said["leaving"]} == {lone}
    assert {left["why"] for left in said["staying"]} == {"your own DVC files refer to it"}
    assert all(map(cache.has, md5s(run)))
    assert not cache.has(*md5s(lone))
    (data / "now.bin").unlink()
    dvc(project, "checkout", "data/now.bin.dvc")
    assert (data / "now.bin").read_bytes() == heavy(0)
    assert "up to date" in dvc(project, "status")


def test_a_users_folder_keeps_each_of_its_files(project, cache, git):
    logged("exp-a", {"part.bin": heavy(1)}, fails=True)
    (project / "images").mkdir()
    for number in range(3):
        (project / "images" / f"{number}.bin").write_bytes(heavy(number))
    dvc(project, "add", "-q", "images")
    dvc(project, "remote", "add", "-q", "-d", "team", str(project.parent / "team"))
    dvc(project, "push", "-q")

    assert told("--status", "failed", "--yes")["leaving"] == []
    assert "up to date" in dvc(project, "status")
    assert "up to date" in dvc(project, "pull")


def test_pipelines_worktrees_and_what_only_a_reflog_knows(project, cache, git, tmp_path):
    places = ["lock", "worktree", "reflog", "experiment", "tag"]
    run = logged("exp-a", {f"{n}.bin": heavy(n) for n, _ in enumerate(places)}, fails=True)
    lock, tree, reflog, experiment, tag = sorted(md5s(run))
    (project / "sub").mkdir()
    (project / "sub/dvc.lock").write_text(f"stages:\n  a:\n    outs:\n    - md5: {lock}\n")
    git(project, "worktree", "add", "-q", str(tmp_path / "linked"))
    (tmp_path / "linked/x.dvc").write_text(f"outs:\n- md5: {tree}\n  path: x\n")

    def commit(md5: str) -> None:
        (project / "y.dvc").write_text(f"outs:\n- md5: {md5}\n  path: y\n")
        git(project, "add", "y.dvc")
        git(project, "commit", "-q", "-m", "y")

    commit(reflog)
    git(project, "reset", "-q", "--hard", "HEAD~1")
    commit(experiment)
    git(project, "update-ref", "refs/exps/ab/cdef/exp-1", "HEAD")
    git(project, "reset", "-q", "--hard", "HEAD~1")
    commit(tag)
    git(project, "tag", "v1")
    git(project, "reset", "-q", "--hard", "HEAD~1")
    (project / "sub").mkdir(exist_ok=True)

    assert told("--status", "failed", "--yes")["leaving"] == []
    assert all(map(cache.has, md5s(run)))

    (project / "sub/dvc.lock").unlink()
    (tmp_path / "linked/x.dvc").unlink()
    git(project, "reflog", "expire", "--expire=all", "--all")
    git(project, "tag", "-d", "v1")
    assert {gone["md5"] for gone in told("--status", "failed")["leaving"]} == {
        lock,
        tree,
        reflog,
        tag,
    }


def commit_files(files: dict[str, object]) -> None:
    open_store().commit_files({path: dump_record(it) for path, it in files.items()}, "test")  # type: ignore[arg-type]


def test_registered_models_and_what_they_were_made_of_stay(project, cache):
    data = logged("exp-a", {"data.bin": heavy(1)}, fails=True)
    between = gitrack.start_run("exp-a")
    between.log_bytes(heavy(2), "features.bin")
    between.end(status="failed")
    model = logged("exp-a", {"model.bin": heavy(3)}, fails=True)
    lone = logged("exp-a", {"lone.bin": heavy(4)}, fails=True)
    _add_use(between.id, data, "data.bin")
    _add_use(model, between.id, "features.bin")
    commit_files({"registry/churn/versions/1.yaml": ModelVersion(version=1, run=model)})

    said = told("--status", "failed", "--yes")

    assert [gone["run"] for gone in said["leaving"]] == [lone]
    assert {left["run"]: left["why"] for left in said["staying"]} == {
        model: "churn version 1 is made of it",
        between.id: f"run {model} has read from it",
        data: f"run {between.id} has read from it",
    }
    assert all(cache.has(md5) for run in (data, between.id, model) for md5 in md5s(run))


def _add_use(reader: str, maker: str, path: str) -> None:
    import msgspec

    store = open_store()
    folder = store.find(reader)
    record = msgspec.structs.replace(store.run(reader), uses=[Use(run=maker, path=path)])
    commit_files({f"{folder}/run.yaml": record})


def test_names_that_still_point_somewhere_keep_it(project, cache):
    runs = [logged("exp-a", {"flights.bin": heavy(number)}, fails=True) for number in range(3)]
    for number, run in enumerate(runs, 1):
        version = ArtifactVersion(
            name="flights",
            version=number,
            run=run,
            path="flights.bin",
            md5=md5s(run)[0],
            created="2024-10-22T12:00:00.000Z",
        )
        commit_files({f"artifacts/flights/versions/{number}.yaml": version})
    commit_files({"artifacts/flights/aliases/best.yaml": ArtifactAlias(version=1)})

    said = told("--status", "failed", "--yes")

    assert [gone["run"] for gone in said["leaving"]] == [runs[1]]
    assert {left["why"] for left in said["staying"]} == {
        "it is flights:best",
        "it is flights:latest",
    }
    assert [cache.has(*md5s(run)) for run in runs] == [True, False, True]


def test_a_registry_that_cannot_be_read_lets_nothing_go(project, cache):
    run = logged("exp-a", {"model.bin": heavy(1)}, fails=True)
    open_store().commit_files({"registry/churn/versions/1.yaml": b"version: [\n"}, "broken")

    assert "registry/churn/versions/1.yaml" in failing(*NOW, "--status", "failed", "--yes")
    assert cache.has(*md5s(run))


def test_a_run_that_is_being_written_keeps_its_files(project, cache):
    run = logged("exp-a", {"model.bin": heavy(1)}, fails=True)
    with gitrack.start_run("exp-b") as live:
        live.log_bytes(heavy(1), "same.bin")
        said = told("--status", "failed", "--yes")

    assert [left["why"] for left in said["staying"]] == [
        "a run that is not on the branch yet needs it"
    ]
    assert cache.has(*md5s(run))


def test_a_run_that_is_resumed_keeps_what_it_has(project, cache):
    run = logged("exp-a", {"model.bin": heavy(1)}, fails=True)
    with gitrack.start_run(run_id=run):
        said = told("--status", "failed", "--yes")

    assert said["staying"] == [{"run": run, "path": None, "why": "it is being written again"}]
    assert cache.has(*md5s(run))


def test_a_bare_repository(project, git, tmp_path, monkeypatch):
    run = logged("exp-a", {"model.bin": heavy(1)}, fails=True)
    git(tmp_path, "clone", "-q", "--mirror", str(project), "bare.git")
    monkeypatch.chdir(tmp_path / "bare.git")
    own = Cache(tmp_path / "bare.git/gitrack/dvc-cache")
    own.put_bytes(heavy(1))

    command(*NOW, "--status", "failed", "--yes", "--offline")

    assert not own.has(*md5s(run))


def test_what_the_branch_no_longer_has_goes_without_any_rule(project, cache):
    run = logged("exp-a", {"model.bin": heavy(1)})
    (md5,) = md5s(run)
    with gitrack.start_run(run_id=run) as again:
        again.log_bytes(heavy(2), "model.bin")

    said = told("--yes")

    assert [(gone["run"], gone["md5"]) for gone in said["leaving"]] == [(run, md5)]
    assert not cache.has(md5)
    assert cache.has(*md5s(run))


def test_a_shallow_clone_is_refused(project, git, tmp_path, monkeypatch):
    logged("exp-a", {"model.bin": heavy(1)}, fails=True)
    git(tmp_path, "clone", "-q", "--depth", "1", "--no-single-branch", project.as_uri(), "clone")
    monkeypatch.chdir(tmp_path / "clone")

    assert "git fetch --unshallow" in failing("--status", "failed")


def test_runs_on_the_remote_that_are_not_here_come_first(project, git, tmp_path, monkeypatch):
    git(tmp_path, "init", "-q", "--bare", "hub.git")
    git(project, "remote", "add", "origin", str(tmp_path / "hub.git"))
    logged("exp-a", {"model.bin": heavy(1)}, fails=True)
    git(project, "push", "-q", "origin", "main", "gitrack")
    git(tmp_path, "clone", "-q", str(tmp_path / "hub.git"), "clone")
    monkeypatch.chdir(tmp_path / "clone")
    logged("exp-b", {})
    git(tmp_path / "clone", "push", "-q", "origin", "gitrack")
    monkeypatch.chdir(project)

    assert "gitrack pull" in failing("--status", "failed")
    command("--status", "failed", "--offline")
    git(project, "fetch", "-q", "origin")
    assert "gitrack pull" in failing("--status", "failed", "--offline")

    git(project, "remote", "set-url", "origin", str(tmp_path / "gone.git"))
    assert "--offline" in failing("--status", "failed")


def test_the_remote_is_emptied_too_and_the_branch_says_so(project, git, tmp_path):
    store = tmp_path / "store"
    (project / ".tracking/config.yaml").write_text(f"artifacts: {{remote: '{store}'}}\n")
    assert CliRunner().invoke(cli, ["init"]).exit_code == 0
    folder = tmp_path / "weights"
    folder.mkdir()
    (folder / "a.bin").write_bytes(heavy(5))
    run = gitrack.start_run("exp-a")
    run.log_bytes(heavy(1), "model.bin")
    run.log_artifact(folder, "weights")
    run.end(status="failed")
    kept = logged("exp-a", {"model.bin": heavy(2)})
    assert len([path for path in store.rglob("*") if path.is_file()]) == 4

    said = told("--status", "failed", "--remote", "--yes")

    assert said["remote"]["objects"] == said["cache"]["objects"] == 3
    (left,) = [path for path in store.rglob("*") if path.is_file()]
    assert left.parent.name + left.name == md5s(kept)[0]
    assert "gc: 2 artifacts collected (failed)" in git(
        project, "log", "-1", "--format=%s", "gitrack"
    )

    from gitrack.store.collected import why_gone

    branch = open_store().branch
    assert "'gitrack gc' removed it on 20" in str(why_gone(branch, run.id, md5s(run.id)[0]))
    assert why_gone(branch, kept, md5s(kept)[0]) is None


def test_the_cache_alone_is_emptied_without_a_word_on_the_branch(project, git, tmp_path, cache):
    store = tmp_path / "store"
    (project / ".tracking/config.yaml").write_text(f"artifacts: {{remote: '{store}'}}\n")
    assert CliRunner().invoke(cli, ["init"]).exit_code == 0
    run = logged("exp-a", {"model.bin": heavy(1)}, fails=True)
    tip = git(project, "rev-parse", "gitrack")

    told("--status", "failed", "--yes")

    assert not cache.has(*md5s(run))
    assert git(project, "rev-parse", "gitrack") == tip
    folder = open_store().find(run)
    dvc(project, "get", ".", f"{folder}/artifacts/model.bin", "--rev", "gitrack", "-o", "back")
    assert (project / "back").read_bytes() == heavy(1)


def test_a_remote_that_dvc_uses_too_is_refused(project, tmp_path):
    store = tmp_path / "store"
    (project / ".tracking/config.yaml").write_text(f"artifacts: {{remote: '{store}/gitrack'}}\n")
    assert CliRunner().invoke(cli, ["init"]).exit_code == 0
    dvc(project, "remote", "add", "-d", "team", str(store))

    assert "DVC's remote team" in failing("--remote")
    assert CliRunner().invoke(cli, ["gc", "--remote", "--offline"]).exit_code != 0


def test_a_cache_that_others_may_use_is_refused(project, tmp_path):
    dvc(project, "cache", "dir", str(tmp_path / "everybody"))
    run = logged("exp-a", {"model.bin": heavy(1)}, fails=True)

    assert "--shared-cache" in failing("--status", "failed")
    assert [gone["run"] for gone in told("--status", "failed", "--shared-cache")["leaving"]] == [
        run
    ]


def test_a_folder_that_stays_and_whose_list_is_lost_stops_it(project, cache, tmp_path):
    folder = tmp_path / "weights"
    folder.mkdir()
    (folder / "a.bin").write_bytes(heavy(5))
    with gitrack.start_run("exp-a") as kept:
        kept.log_artifact(folder, "weights")
    run = logged("exp-a", {"a.bin": heavy(5)}, fails=True)
    cache.path(md5s(kept.id)[0]).unlink()

    assert kept.id in failing(*NOW, "--status", "failed", "--yes")
    assert cache.has(*md5s(run))
    assert told("--status", "failed", "--despite-lost")["leaving"] != []


def test_while_dvc_works_nothing_goes(project, cache):
    run = logged("exp-a", {"model.bin": heavy(1)}, fails=True)
    (project / ".dvc/tmp").mkdir(exist_ok=True)
    holder = {"x": {"write": {"pid": os.getpid(), "cmd": "dvc repro"}}}
    (project / ".dvc/tmp/rwlock").write_text(json.dumps(holder))

    assert "dvc repro" in failing(*NOW, "--status", "failed", "--yes")
    assert cache.has(*md5s(run))


def test_without_dvc_it_only_shows(project, cache, monkeypatch):
    run = logged("exp-a", {"model.bin": heavy(1)}, fails=True)
    monkeypatch.setitem(sys.modules, "dvc.lock", None)

    assert len(told("--status", "failed")["leaving"]) == 1
    assert "gitrack-ml[dvc]" in failing(*NOW, "--status", "failed", "--yes")
    assert cache.has(*md5s(run))


@pytest.mark.parametrize(
    "wrong",
    [("--older-than", "soon"), ("--status", "running"), ("--keep-last", "-1"), ("--remote",)],
)
def test_wrong_usage(project, wrong):
    result = subprocess.run(
        [sys.executable, "-m", "gitrack.cli.main", "gc", *wrong], capture_output=True, check=False
    )
    assert result.returncode == 2


def test_an_interrupted_collection_is_taken_up_again(project, cache, monkeypatch, tmp_path):
    from gitrack.artifacts.removal import CacheShelf

    folder = tmp_path / "weights"
    folder.mkdir()
    for number in range(3):
        (folder / f"{number}.bin").write_bytes(heavy(number))
    run = gitrack.start_run("exp-a")
    run.log_artifact(folder, "weights")
    run.end(status="failed")
    whole = CacheShelf.remove

    def cut_short(self: CacheShelf, objects: list[str]) -> None:
        whole(self, sorted(md5 for md5 in objects if not md5.endswith(".dir"))[:2])
        raise KeyboardInterrupt

    monkeypatch.setattr(CacheShelf, "remove", cut_short)
    CliRunner().invoke(cli, ["gc", *NOW, "--status", "failed", "--yes"])
    monkeypatch.setattr(CacheShelf, "remove", whole)

    assert told("--status", "failed", "--yes")["cache"]["objects"] == 2
    assert [path for path in cache.folder.rglob("*") if path.is_file()] == []


def test_a_run_shows_what_it_has_lost(project):
    run = logged("exp-a", {"model.bin": heavy(1)}, fails=True)
    kept = logged("exp-a", {"model.bin": heavy(2)})
    told("--status", "failed", "--yes")

    shown = CliRunner().invoke(cli, ["show", run]).stdout
    assert "in DVC, removed by gitrack gc" in shown
    assert "removed" not in CliRunner().invoke(cli, ["show", kept]).stdout


def test_a_remote_that_does_not_answer_can_be_left_alone(project, cache, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "nobody")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "nothing")
    config = project / ".tracking/config.yaml"
    config.write_text("artifacts: {remote: 's3://bucket/nowhere'}\n")
    run = logged("exp-a", {"model.bin": heavy(1)}, fails=True)

    assert "--offline" in failing(*NOW, "--status", "failed", "--yes")
    assert cache.has(*md5s(run))
    (gone,) = told("--status", "failed", "--offline", "--yes")["leaving"]
    assert gone["last"]
