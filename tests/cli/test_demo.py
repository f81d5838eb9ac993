"""`gitrack demo`: a project of its own that its user may go on with."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import gitrack

Demo = Callable[..., "subprocess.CompletedProcess[str]"]


def _demo(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "gitrack.cli.main", "demo", *map(str, arguments)],
        # tests run side by side: threads that wait must not spin
        env={**os.environ, "OMP_WAIT_POLICY": "passive", **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_folder_with_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("years of work")

    done = _demo(tmp_path)

    assert done.returncode == 2
    assert f"error: {tmp_path} is not empty, and not a demo of gitrack" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_a_repository_of_somebody_is_refused(repo: Path, git: Callable[..., str]) -> None:
    done = _demo(repo)

    assert done.returncode == 2
    assert git(repo, "status", "--short") == ""


def test_one_run_of_the_demo_and_then_another(
    tmp_path: Path, git: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "a folder" / "démo"

    first = _demo(folder, "--runs", "1", GIT_DIR=str(tmp_path / "elsewhere.git"))

    assert first.returncode == 0, first.stderr
    assert "[1/1] python train.py --experiment xgboost-baseline" in first.stderr
    assert (folder / ".tracking/site/index.html").as_uri() in first.stdout
    next_lines = first.stdout.partition("Next:\n")[2].splitlines()
    typed = [line for line in next_lines if line.split()[:2] != ["gitrack", "site"]][:-1]
    played = subprocess.run(["sh", "-ec", "\n".join(typed)], capture_output=True, check=False)
    assert played.returncode == 0, played.stderr
    assert git(folder, "status", "--short") == ""
    assert git(folder, "log", "--format=%an", "-1") == "Ada Example"
    (run,) = _runs(folder)
    assert run["experiment"].startswith("xgboost-baseline-")
    assert run["params"]["learning_rate"] == 0.1
    assert {"team", "use_case", "hypothesis", "data_version", "feature_set"} <= set(run["tags"])
    assert set(_METRICS) <= set(run["metrics"])
    assert 0.55 < run["metrics"]["test_auc_roc"] < 0.75
    assert run["curves"]["val_logloss.count"] > 20
    assert run["code"]["dirty"] is False
    assert run["code"]["commit"] == git(folder, "rev-parse", "HEAD")
    assert [data["role"] for data in run["data"]] == ["train", "validation", "test"]
    for data in run["data"]:  # what the run saw is what the commit points to
        pointer = (folder / f"{data['path']}.dvc").read_text()
        assert data["dvc"].removeprefix("md5:") in pointer
    kinds = {artifact["path"]: artifact["kind"] for artifact in run["artifacts"]}
    assert kinds["model"] == "model"
    assert any("gitrack lineage late-flights:latest" in line for line in typed)
    with monkeypatch.context() as there:
        there.chdir(folder)
        model = gitrack.load_model("@last/model", as_function=True)
    assert model.flavor == "xgboost"
    assert "distance: long" in str(model.signature.inputs)
    assert kinds["roc.png"] == kinds["calibration.png"] == "figure"

    (folder / "notes.txt").write_text("mine\n")
    again = _demo(folder, "--runs", "1", "--quiet")

    assert again.returncode == 0, again.stderr
    assert again.stdout.strip() == str(folder / ".tracking/site/index.html")
    assert len(_runs(folder)) == 2
    assert git(folder, "status", "--short") == "?? notes.txt"
    assert git(folder, "rev-list", "--count", "HEAD") == "2"


_METRICS = [
    "test_auc_roc",
    "test_pr_auc",
    "test_f1",
    "test_precision",
    "test_recall",
    "calibration_ece",
    "inference_latency_p99_ms",
]


def _runs(folder: Path) -> list[dict]:
    import msgspec

    from gitrack.store import open_store

    return [json.loads(msgspec.json.encode(run)) for _, run in open_store(folder).all()]


def test_where_git_knows_nobody_the_demo_is_its_own_author(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, git: Callable[..., str]
) -> None:
    from gitrack.cli.commands import demo

    empty = tmp_path / "gitconfig"
    empty.write_text("")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(empty))
    folder = tmp_path / "demo"

    demo._make_project(folder)

    assert git(folder, "log", "--format=%an <%ae>") == "gitrack demo <demo@gitrack.invalid>"
    assert empty.read_text() == ""


def test_a_library_that_is_missing_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from gitrack.cli.commands import demo
    from gitrack.errors import MissingExtra

    monkeypatch.setitem(demo._NEEDED, "no_such_library", "no-such-library")

    with pytest.raises(MissingExtra, match=r"no-such-library.*pip install 'gitrack-ml\[demo\]'"):
        demo._check_libraries()


def test_the_plan_has_eight_runs_or_more_in_three_experiments() -> None:
    from gitrack.cli.commands import demo
    from gitrack.config.shipped import shipped

    plan = demo._plan(shipped("examples/flights"))
    experiments = {arguments[arguments.index("--experiment") + 1] for arguments in plan}

    assert len(plan) >= 8
    assert experiments == {"xgboost-baseline", "xgboost-weather-features", "sklearn-comparison"}


def test_no_feature_knows_what_happens_after_departure_but_one_set_says_so() -> None:
    source = (Path(__file__).resolve().parents[2] / "examples/flights/features.py").read_text()
    names: dict = {}
    exec(compile(source, "features.py", "exec"), names)

    after = {"dep_time", "dep_delay", "arr_time", "arr_delay", "air_time", "late"}
    leaking = {name for name, columns in names["FEATURE_SETS"].items() if after & set(columns)}

    assert leaking == {"after-departure"}


@pytest.mark.slow
def test_the_whole_demo(tmp_path: Path, git: Callable[..., str]) -> None:
    folder = tmp_path / "demo"

    done = _demo(folder)

    assert done.returncode == 0, done.stderr
    runs = _runs(folder)
    assert len(runs) == 9
    assert len({run["experiment"] for run in runs}) == 3
    assert git(folder, "status", "--short") == ""
    log = git(folder, "log", "--format=%s", "gitrack").splitlines()
    assert sum(line.startswith("run ") for line in log) == 9
    best = {}
    for run in runs:
        key = run["tags"]["feature_set"]
        best[key] = max(best.get(key, 0), run["metrics"]["test_auc_roc"])
    assert best["schedule-weather"] > best["schedule"] + 0.02
