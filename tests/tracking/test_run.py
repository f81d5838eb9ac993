"""A live run: what is logged is on the branch when it has ended, and misuse raises at once."""

from __future__ import annotations

import json
import math
import subprocess
from pathlib import Path

import pytest

import gitrack
from gitrack.errors import InvalidName, NoRepository, PolicyViolation, UsageError
from gitrack.model.run import Status
from gitrack.store import open_store
from gitrack.tracking.ending import finish


def test_a_whole_run(project, runs, git):
    with gitrack.start_run(
        "xgboost-baseline-20241015",
        name="lr005",
        params={"lr": 0.05, "model": {"depth": 8}},
        tags={"team": "logistics-ml"},
        notes="first try",
    ) as run:
        run.log_param("layers", [1, 2]).log_metric("auc", 0.89).set_tag("team", "other")
        for step in range(3):
            run.log_metrics({"loss": 1 / (step + 1), "bad": float("nan")}, step=step)
        run.log_seeds({"numpy": 42})

    (kept,) = runs()
    assert kept.id == run.id
    assert kept.name == "lr005"
    assert kept.experiment == "xgboost-baseline-20241015"
    assert kept.status is Status.FINISHED
    assert kept.author == "Ada Example <ada@example.com>"
    assert kept.notes == "first try"
    assert kept.params == {"lr": 0.05, "model.depth": 8, "layers": "[1, 2]"}
    assert kept.tags == {"team": "other"}
    assert kept.metrics["auc"] == 0.89
    assert kept.metrics["loss"] == 1 / 3
    assert math.isnan(kept.metrics["bad"])
    assert kept.curves["loss.count"] == 3
    assert (kept.curves["loss.min"], kept.curves["loss.min_step"]) == (1 / 3, 2)
    assert kept.seeds == {"numpy": 42}
    assert kept.code is not None
    assert kept.code.commit == git(project, "rev-parse", "HEAD")
    history = open_store(project).history(run.id)
    assert history is not None
    assert history.steps == [0, 1, 2]
    assert git(project, "log", "-1", "--format=%s", "gitrack").startswith(f"run {run.id[-6:]}: ")
    assert git(project, "status", "--porcelain") == ""
    assert [path.name for path in (project / ".tracking/outbox").iterdir()] == [".gitignore"]


def test_a_body_that_raises_is_a_failed_run_with_its_traceback(project, runs):
    def train() -> None:
        with gitrack.start_run("e") as run:
            run.log_metric("before", 1.0)
            raise ZeroDivisionError("division by zero")

    with pytest.raises(ZeroDivisionError):
        train()

    (kept,) = runs()
    assert kept.status is Status.FAILED
    assert kept.error is not None
    assert "ZeroDivisionError: division by zero" in kept.error
    assert kept.metrics == {"before": 1.0}


def test_an_interrupted_body_is_a_killed_run(project, runs):
    with pytest.raises(KeyboardInterrupt), gitrack.start_run("e"):
        raise KeyboardInterrupt

    assert runs()[0].status is Status.KILLED


@pytest.mark.parametrize(("code", "status"), [(0, Status.FINISHED), (2, Status.FAILED)])
def test_a_body_that_exits(project, runs, code, status):
    with pytest.raises(SystemExit), gitrack.start_run("e"):
        raise SystemExit(code)

    assert runs()[0].status is status


def test_a_param_is_set_once(project):
    with gitrack.start_run("e", params={"lr": 0.1, "nan": math.nan}) as run:
        run.log_params({"lr": 0.1, "nan": math.nan})  # the same again is no change
        with pytest.raises(UsageError, match=r"'lr' is 0.1 already and cannot become 0.2"):
            run.log_param("lr", 0.2)
        assert run.params["lr"] == 0.1


def test_a_run_that_has_ended_takes_nothing_more(project):
    run = gitrack.start_run("e")
    run.end()
    run.end()  # once more does nothing
    for misuse in (
        lambda: run.log_metric("a", 1.0),
        lambda: run.log_metric("a", 1.0, step=3),
        lambda: run.log_param("a", 1),
        lambda: run.set_tag("a", 1),
        lambda: run.set_notes("x"),
        lambda: run.log_text("x", "x.txt"),
        lambda: run.log_artifact("train.py"),
        lambda: run.log_dict({}, "x.json"),
    ):
        with pytest.raises(UsageError, match="has ended"):
            misuse()


def test_misuse_raises_at_once_and_says_what_to_do(project):
    with gitrack.start_run("e") as run:
        with pytest.raises(UsageError, match="pass a dict"):
            run.log_metrics([1.0])
        with pytest.raises(UsageError, match="does not exist"):
            run.log_artifact("nowhere.bin")
        with pytest.raises(UsageError, match="not a path"):
            run.log_artifact(b"123")
        with pytest.raises(InvalidName):
            run.log_text("x", "../x.txt")
        with pytest.raises(UsageError, match="not bytes"):
            run.log_bytes("text", "x.txt")
        with pytest.raises(UsageError, match="is a dict"):
            run.log_text({"a": 1}, "x.txt")
        with pytest.raises(UsageError, match="not how a run ends"):
            run.end("done")
        with pytest.raises(UsageError, match="not a run id"):
            gitrack.start_run("e", parent="x", nested=True)
    for bad in ("", "..", "a/b", "-x", "a\nb", "x" * 300, "con", "<b>"):
        with pytest.raises(InvalidName):
            gitrack.start_run(bad)


def test_artifacts_are_kept_as_they_were_when_they_were_logged(project, runs):
    plots = project / "plots"
    plots.mkdir()
    (plots / "a.txt").write_text("first")
    (plots / "b.txt").write_text("b")
    with gitrack.start_run("e") as run:
        run.log_artifact("plots/a.txt")
        run.log_artifact(plots / "b.txt", "reports/")
        run.log_artifacts("plots", "all")
        run.log_artifact("plots", "folder")
        (plots / "a.txt").write_text("changed later")
        run.log_text("text", "notes/n.txt").log_dict({"x": [1, 2.5]}, "d.json")
        run.log_dict({"x": [1, 2.5], "z": "no"}, "d.yaml")
        run.log_text("old", "twice.txt").log_text("new", "twice.txt")

    store = open_store(project)
    base = store.find(run.id) + "/artifacts/"
    assert store.read(base + "a.txt") == b"first"
    assert store.read(base + "reports/b.txt") == b"b"
    assert store.read(base + "all/a.txt") == b"first"
    assert store.read(base + "folder/b.txt") == b"b"
    assert store.read(base + "notes/n.txt") == b"text"
    assert json.loads(store.read(base + "d.json")) == {"x": [1, 2.5]}
    assert store.read(base + "d.yaml") == b'x:\n- 1\n- 2.5\nz: "no"\n'
    assert store.read(base + "twice.txt") == b"new"
    (kept,) = runs()
    kinds = {artifact.path: artifact.kind for artifact in kept.artifacts}
    assert kinds["folder"] == "folder"
    assert kinds["d.json"] == "dict"
    assert len(kinds) == 9


def test_a_heavy_artifact_goes_to_dvc(project, runs):
    (project / "model.bin").write_bytes(bytes(range(256)) * 1000)
    with gitrack.start_run("e") as run:
        run.log_artifact("model.bin", kind="model", flavor="xgboost")

    (kept,) = runs()
    (artifact,) = kept.artifacts
    assert (artifact.store, artifact.kind, artifact.size) == ("dvc", "model", 256_000)
    store = open_store(project)
    pointer = store.read(store.find(run.id) + "/artifacts/model.bin.dvc")
    assert artifact.md5 is not None
    assert artifact.md5.encode() in pointer
    assert (project / "model.bin").stat().st_mode & 0o200  # the user's own file stays writable


def test_a_dataset_is_recorded_with_its_profile(project, runs):
    (project / "flights.csv").write_text("a,b\n1,2\n3,4\n")
    with gitrack.start_run("e") as run:
        run.log_dataset("flights.csv", role="train", version="v1")

    (kept,) = runs()
    (data,) = kept.data
    assert (data.name, data.role, data.path, data.version, data.rows) == (
        "flights", "train", "flights.csv", "v1", 2,
    )  # fmt: skip
    paths = [entry.path for entry in open_store(project).files(run.id)]
    assert any("/data/" in path for path in paths)


def test_tags_can_go_and_notes_be_replaced(project, runs):
    with gitrack.start_run("e", tags={"a": 1, "b": 2}) as run:
        run.delete_tag("a").set_notes("one").set_notes("two")

    (kept,) = runs()
    assert kept.tags == {"b": 2}
    assert kept.notes == "two"


def test_a_run_within_a_run_carries_its_parent(project, runs):
    with gitrack.start_run("e") as outer:
        with pytest.raises(UsageError, match="nested=True"):
            gitrack.start_run("e")
        with gitrack.start_run(nested=True) as inner:
            gitrack.log_metric("x", 1.0)
        gitrack.log_metric("x", 2.0)

    kept = {run.id: run for run in runs()}
    assert kept[inner.id].parent == outer.id
    assert kept[inner.id].experiment == "e"
    assert kept[inner.id].metrics == {"x": 1.0}
    assert kept[outer.id].metrics == {"x": 2.0}


def test_secrets_do_not_reach_the_branch(project, git):
    token = "ghp_" + "Ab1" * 12

    def train() -> None:
        with gitrack.start_run("e", params={"token": token}) as run:
            run.log_text(f"key = {token}\n", "config.txt")
            raise RuntimeError(f"denied for {token}")

    with pytest.raises(RuntimeError):
        train()

    assert token not in git(project, "log", "-p", "gitrack")


def test_a_name_is_made_by_the_policy_when_the_params_are_known(project, runs):
    (project / ".tracking").mkdir()
    (project / ".tracking/policy.yaml").write_text("runs: {name: '{experiment}-lr{lr}'}\n")
    with gitrack.start_run("xgb-base", params={"lr": 0.05}):
        pass
    with gitrack.start_run("xgb-base") as later:
        later.log_param("lr", 0.1)
    with gitrack.start_run("xgb-base") as never:
        pass

    assert [run.name for run in runs()] != []
    names = {run.id: run.name for run in runs()}
    assert "xgb-base-lr005" in names.values()
    assert names[later.id] == "xgb-base-lr01"
    assert names[never.id].count("-") == 2  # a readable one that was made up


def test_a_policy_that_refuses_does_so_before_the_training(project, runs):
    (project / ".tracking").mkdir()
    policy = "experiments: {name: '{model}-{date}'}\ntags: {required: [team]}\n"
    (project / ".tracking/policy.yaml").write_text(policy + "on_violation: refuse\n")
    with pytest.raises(PolicyViolation, match="xgb-20241015"):
        gitrack.start_run("XGB_20241015", tags={"team": "x"})
    with pytest.raises(PolicyViolation, match="team"):
        gitrack.start_run("xgb-20241015")
    assert not list((project / ".tracking").glob("outbox/2*"))


def test_a_policy_that_warns_says_it_once(project, runs, caplog):
    (project / ".tracking").mkdir()
    (project / ".tracking/policy.yaml").write_text("tags: {required: [team]}\n")
    for _ in range(2):
        with gitrack.start_run("e"):
            pass

    assert len(runs()) == 2
    assert [r.getMessage() for r in caplog.records if "team" in r.getMessage()].__len__() == 1


def test_the_code_of_a_run_stays_reachable(project, git):
    with gitrack.start_run("e"):
        pass

    head = git(project, "rev-parse", "HEAD")
    assert git(project, "rev-parse", f"refs/gitrack/code/{head}") == head


def test_code_that_a_remote_has_needs_no_ref(project, git, tmp_path):
    git(tmp_path, "init", "-q", "--bare", "remote.git")
    git(project, "remote", "add", "origin", str(tmp_path / "remote.git"))
    git(project, "push", "-q", "origin", "HEAD:main")
    with gitrack.start_run("e"):
        pass

    assert git(project, "for-each-ref", "refs/gitrack") == ""


# trouble never ends a training


def test_without_an_identity_the_run_waits_and_says_what_to_type(
    project, runs, monkeypatch, caplog, git
):
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    with gitrack.start_run("e") as run:
        run.log_metric("x", 1.0)

    assert "git config" in caplog.text
    assert "gitrack sync" in caplog.text
    assert (project / ".tracking/outbox" / run.id).is_dir()


def test_whatever_goes_wrong_at_the_end_the_run_waits(project, monkeypatch, caplog):
    def broken(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(finish, "commit_bundle", broken)
    with gitrack.start_run("e") as run:
        run.log_metric("x", 1.0)

    assert "No space left on device" in caplog.text
    assert (project / ".tracking/outbox" / run.id).is_dir()


def test_outside_any_repository_runs_wait_in_the_users_folder(tmp_path, monkeypatch, caplog):
    monkeypatch.chdir(tmp_path)
    with gitrack.start_run("e") as run:
        run.log_metric("x", 1.0)

    assert "gitrack sync --into REPO" in caplog.text
    assert run.folder is not None
    assert run.folder.is_dir()
    assert not run.folder.is_relative_to(tmp_path / ".tracking")
    with pytest.raises(NoRepository):
        run.place.store()


def test_where_the_project_cannot_be_written_another_folder_takes_the_run(project, runs, caplog):
    (project / ".tracking").mkdir()
    (project / ".tracking/outbox").write_text("a file where a folder should be")
    with gitrack.start_run("e") as run:
        run.log_metric("x", 1.0).log_text("kept", "a.txt")

    assert "cannot write to" in caplog.text
    assert runs()[0].metrics == {"x": 1.0}
    assert run.folder is not None
    assert not run.folder.exists()


def test_where_nothing_can_be_written_the_run_is_kept_in_memory(project, runs, monkeypatch, caplog):
    monkeypatch.setattr("gitrack.tracking.outbox._make", _refuse)
    with gitrack.start_run("e", params={"lr": 0.1}) as run:
        run.log_metric("x", 1.0, step=3)
        run.log_text("lost", "a.txt")

    assert "kept in memory" in caplog.text
    assert "a.txt is not kept" in caplog.text
    (kept,) = runs()
    assert kept.params == {"lr": 0.1}
    assert kept.metrics == {"x": 1.0}


def _refuse(place: Path, run_id: str) -> Path:
    raise PermissionError(13, "Permission denied")


def test_the_users_checkout_is_as_it_was(project, git):
    """Staged, unstaged, stashed, and a hook that fails; started from a sub-folder."""
    (project / "train.py").write_text("stashed\n")
    git(project, "stash")
    (project / "new.py").write_text("staged\n")
    git(project, "add", "new.py")
    (project / "train.py").write_text("unstaged\n")
    (project / "sub").mkdir()
    (project / "sub" / "script.py").write_text(
        "import gitrack\nwith gitrack.start_run('e') as run: run.log_metric('x', 1.0)\n"
    )
    for hook in ("pre-commit", "commit-msg", "post-commit", "pre-push", "post-checkout"):
        path = project / ".git/hooks" / hook
        path.parent.mkdir(exist_ok=True)
        path.write_text("#!/bin/sh\nexit 1\n")
        path.chmod(0o755)

    def state() -> list[str]:
        asked = (["status", "--porcelain"], ["stash", "list"], ["diff"], ["diff", "--cached"])
        texts = [git(project, *line) for line in (*asked, ["reflog"], ["branch"])]
        texts[-1] = texts[-1].replace("  gitrack\n", "")
        index = (project / ".git/index").read_bytes().hex()
        return [*texts, index, (project / ".git/HEAD").read_text()]

    before = state()
    import sys

    done = subprocess.run(
        [sys.executable, "script.py"],
        cwd=project / "sub",
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.returncode == 0
    after = state()
    assert [line for line in after[5].splitlines() if "gitrack" not in line] == before[
        5
    ].splitlines()
    after[5] = before[5]
    assert after == before
    (kept,) = (run for _, run in open_store(project).all())
    assert kept.code.subfolder == "sub"
    assert kept.code.dirty is True
