"""`gitrack repro` records what DVC did, in every shape that a pipeline may have."""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path

import pytest

from gitrack.model.run import Status
from gitrack.store import open_store
from tests.project.conftest import last, runs, stages, states

CHAIN = """
stages:
  prepare:
    cmd: sed 1d data/raw.csv > data/clean.csv
    deps: [data/raw.csv]
    outs: [data/clean.csv]
  train:
    cmd: cat data/clean.csv params.yaml > model.bin
    deps: [data/clean.csv]
    params: [train.depth]
    outs: [model.bin]
  evaluate:
    cmd: 'echo "{\\"auc\\": 0.9, \\"by\\": {\\"hour\\": 1}}" > metrics.json'
    deps: [model.bin]
    metrics: [metrics.json: {cache: false}]
"""


def write(folder: Path, name: str, text: str) -> None:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text)


@pytest.fixture
def chain(dvc_project: Path) -> Path:
    write(dvc_project, "dvc.yaml", CHAIN)
    write(dvc_project, "params.yaml", "train: {depth: 3}\nunused: 1\n")
    return dvc_project


def test_a_run_has_stages_params_metrics_and_data(chain: Path, type_) -> None:
    type_(chain, "gitrack", "repro", "-E", "chain", "-t", "team=x")

    run = last(chain)
    assert (run.experiment, run.command, run.status) == ("chain", "dvc repro", Status.FINISHED)
    assert run.params == {"train.depth": 3, "unused": 1}
    assert run.metrics == {"auc": 0.9, "by.hour": 1}
    raw, clean = run.data
    assert (raw.name, raw.role, raw.path) == ("raw", "input", "data/raw.csv")
    assert raw.dvc == f"md5:{hashlib.md5((chain / 'data/raw.csv').read_bytes()).hexdigest()}"
    assert (clean.name, clean.role, clean.size) == ("clean", "output", 6)
    model = next(artifact for artifact in run.artifacts if artifact.path == "model.bin")
    assert (model.kind, model.store) == ("model", "dvc")
    assert stages(chain)["train"].params == {"params.yaml": {"train.depth": 3}}
    assert stages(chain)["train"].seconds is not None
    cached = [path for path in (chain / ".dvc/cache/files/md5").rglob("*") if path.is_file()]
    assert len(cached) == 4  # raw, clean, model; metrics for DVC's own cache of runs


def test_what_is_unchanged_is_cached_and_what_is_forced_has_run(chain: Path, type_) -> None:
    everything = ("prepare", "train", "evaluate")
    type_(chain, "gitrack", "repro")
    assert states(chain) == dict.fromkeys(everything, "ran")

    type_(chain, "gitrack", "run", "dvc", "repro")
    assert states(chain) == dict.fromkeys(everything, "cached")
    assert last(chain).metrics == {"auc": 0.9, "by.hour": 1}

    type_(chain, "gitrack", "repro", "--single-item", "--force", "train")
    assert states(chain) == {"train": "ran"}
    assert last(chain).metrics == {}


def test_outputs_from_the_cache_of_earlier_runs_have_not_run(chain: Path, type_) -> None:
    type_(chain, "gitrack", "repro")
    write(chain, "params.yaml", "train: {depth: 4}\n")
    type_(chain, "gitrack", "repro")
    assert states(chain) == {"prepare": "cached", "train": "ran", "evaluate": "ran"}

    write(chain, "params.yaml", "train: {depth: 3}\nunused: 1\n")
    done = type_(chain, "gitrack", "repro")

    assert "Stage 'train' is cached - skipping run" in done.stdout
    assert states(chain)["train"] == "cached"
    assert last(chain).params["train.depth"] == 3


def test_a_stage_that_fails_is_named_and_those_before_it_are_there(chain: Path, type_) -> None:
    write(chain, "dvc.yaml", CHAIN.replace("cat data/clean.csv params.yaml", "echo oh >&2; false"))

    done = type_(chain, "gitrack", "repro", code=255)

    run = last(chain)
    assert run.status is Status.FAILED
    assert states(chain) == {"prepare": "ran", "train": "failed"}
    assert stages(chain)["train"].outs == []
    assert "oh" in str(run.error)
    assert "failed to reproduce 'train'" in str(run.error)
    assert "stage train failed" in done.stderr
    assert run.params["train.depth"] == 3
    assert run.metrics == {}


def test_old_metrics_of_stages_that_were_not_reached_are_not_of_this_run(
    chain: Path, type_
) -> None:
    type_(chain, "gitrack", "repro")
    write(chain, "dvc.yaml", CHAIN.replace("cat data/clean.csv params.yaml", "false"))

    type_(chain, "gitrack", "repro", code=255)

    assert (chain / "metrics.json").exists()
    assert last(chain).metrics == {}


def test_with_keep_going_the_others_are_recorded(dvc_project: Path, type_) -> None:
    text = "stages:\n  a: {cmd: 'false', outs: [a]}\n  b: {cmd: echo b > b, outs: [b]}\n"
    write(dvc_project, "dvc.yaml", text)

    type_(dvc_project, "gitrack", "repro", "--keep-going", code=255)

    assert states(dvc_project) == {"a": "failed", "b": "ran"}


def test_foreach_matrix_vars_and_frozen_stages(dvc_project: Path, type_) -> None:
    write(
        dvc_project,
        "dvc.yaml",
        """
vars: [settings.yaml]
stages:
  each:
    foreach: [x, y]
    do: {cmd: 'echo ${item}${size} > each-${item}', outs: ['each-${item}']}
  grid:
    matrix: {model: [a, b], depth: [1]}
    cmd: echo ${item.model} > grid-${item.model}-${item.depth}
    outs: ['grid-${item.model}-${item.depth}']
  still: {cmd: date > still, outs: [still], frozen: true}
  always: {cmd: date > always, outs: [always], always_changed: true}
""",
    )
    write(dvc_project, "settings.yaml", "size: 7\nother: 1\n")

    write(dvc_project, "still", "made by hand")
    type_(dvc_project, "gitrack", "repro")
    names = {"each@x", "each@y", "grid@a-1", "grid@b-1", "still", "always"}
    assert set(states(dvc_project)) == names
    assert stages(dvc_project)["each@x"].command == "echo x7 > each-x"
    assert last(dvc_project).params == {"size": 7}

    type_(dvc_project, "gitrack", "repro")
    assert {name for name, state in states(dvc_project).items() if state == "ran"} == {"always"}


def test_sub_folders_and_working_folders(chain: Path, type_) -> None:
    write(
        chain,
        "sub/dvc.yaml",
        "stages:\n  count:\n    wdir: ../work\n    cmd: wc -l < ../model.bin > count.txt\n"
        "    deps: [../model.bin]\n    params: [../sub/own.yaml: [n]]\n    outs: [count.txt]\n",
    )
    write(chain, "sub/own.yaml", "n: 5\n")
    (chain / "work").mkdir()

    type_(chain / "sub", "gitrack", "repro", "--all-pipelines")

    assert states(chain)["sub/dvc.yaml:count"] == "ran"
    count = stages(chain)["sub/dvc.yaml:count"]
    assert [file.path for file in count.deps] == ["model.bin"]
    assert [file.path for file in count.outs] == ["work/count.txt"]
    assert last(chain).params["n"] == 5
    assert "work/count.txt" in {artifact.path for artifact in last(chain).artifacts}


def test_a_dvc_project_in_a_sub_folder_of_the_repository(repo: Path, type_) -> None:
    sub = repo / "sub"
    sub.mkdir()
    type_(sub, "dvc", "init", "-q", "--subdir")
    write(sub, "dvc.yaml", "stages:\n  a:\n    cmd: echo 1 > out.txt\n    outs: [out.txt]\n")

    type_(sub, "gitrack", "repro")

    assert stages(repo)["sub/dvc.yaml:a"].outs[0].path == "sub/out.txt"
    (artifact,) = last(repo).artifacts
    assert artifact.path == "sub/out.txt"


def test_metrics_of_two_files_with_one_name_are_told_apart(dvc_project: Path, type_) -> None:
    write(
        dvc_project,
        "dvc.yaml",
        "metrics: [top.json]\nparams: [a.yaml]\nstages:\n  s:\n"
        "    cmd: cp in.json m.json\n    deps: [in.json]\n    params: [lr]\n"
        "    metrics: [m.json: {cache: false}]\n",
    )
    write(dvc_project, "in.json", '{"auc": 1, "f1": 2}')
    write(dvc_project, "top.json", '{"auc": 3}')
    write(dvc_project, "params.yaml", "lr: 0.1\n")
    write(dvc_project, "a.yaml", "lr: 0.2\nlayers: [1, 2]\n")

    type_(dvc_project, "gitrack", "repro")

    run = last(dvc_project)
    assert run.metrics == {"m.json:auc": 1, "top.json:auc": 3, "f1": 2}
    assert run.params == {"lr": 0.1, "a.yaml:lr": 0.2, "layers": "[1, 2]"}


def test_plots_and_models_that_dvc_yaml_declares(dvc_project: Path, type_) -> None:
    write(
        dvc_project,
        "dvc.yaml",
        "artifacts: {best: {path: weights, type: model}}\nplots: [seen.csv]\nstages:\n  s:\n"
        "    cmd: mkdir -p weights curves && echo w > weights/w && echo 1 > curves/a.csv\n"
        "    outs: [weights]\n    plots: [curves]\n"
        "  t: {cmd: cat weights/w > t, deps: [weights], outs: [t]}\n",
    )
    write(dvc_project, "seen.csv", "a,b\n1,2\n")

    type_(dvc_project, "gitrack", "repro")

    kinds = {artifact.path: artifact.kind for artifact in last(dvc_project).artifacts}
    assert kinds == {"weights": "model", "curves": "plot", "seen.csv": "plot", "t": "file"}


def test_scripts_of_stages_join_the_one_run(chain: Path, type_) -> None:
    for name in ("one", "two"):
        write(
            chain,
            f"{name}.py",
            f"import gitrack\nwith gitrack.start_run('named', params={{'{name}': 1}}) as run:\n"
            f"    run.log_metric('loss_{name}', 0.5, step=1)\nopen('{name}.out', 'w').write('x')\n",
        )
    write(
        chain,
        "dvc.yaml",
        "stages:\n"
        "  one: {cmd: python one.py, deps: [one.py], outs: [one.out]}\n"
        "  two: {cmd: python two.py, deps: [two.py, one.out], outs: [two.out]}\n",
    )

    type_(chain, "gitrack", "repro")

    (run,) = runs(chain)
    assert run.experiment == "named"
    assert run.params == {"one": 1, "two": 1, "train.depth": 3, "unused": 1}
    assert run.curves["loss_one.count"] == run.curves["loss_two.count"] == 1
    assert [data.name for data in run.data if data.role == "input"] == []  # code is no data


def test_the_index_and_head_are_left_alone(chain: Path, type_, git) -> None:
    git(chain, "add", "-A")
    git(chain, "commit", "-q", "-m", "pipeline")
    index, head = (chain / ".git/index").read_bytes(), git(chain, "rev-parse", "HEAD")

    type_(chain, "gitrack", "repro")

    assert (chain / ".git/index").read_bytes() == index
    assert git(chain, "rev-parse", "HEAD") == head
    assert git(chain, "stash", "list") == ""


def test_dry_help_and_usage_are_no_runs(chain: Path, type_, tmp_path: Path) -> None:
    done = type_(chain, "gitrack", "repro", "--dry", "prepare")
    assert "> sed 1d data/raw.csv" in done.stdout
    type_(chain, "gitrack", "repro", "--no-such-option", code=254)
    type_(chain, "gitrack", "run", "dvc", "repro", "--help")

    assert not (chain / "model.bin").exists()
    assert open_store(chain).branch.tip() is None
    assert not list((chain / ".tracking/outbox").glob("2*"))


def test_outside_of_a_dvc_project_dvc_says_so(repo: Path, type_) -> None:
    done = type_(repo, "gitrack", "repro", code=253)

    assert "not inside of a DVC repository" in done.stderr
    assert open_store(repo).branch.tip() is None


def test_without_a_pipeline_there_is_no_run(dvc_project: Path, type_) -> None:
    done = type_(dvc_project, "gitrack", "repro", code=1)

    assert "there is no dvc.yaml in" in done.stderr
    assert "gitrack run -- COMMAND" in done.stderr
    assert open_store(dvc_project).branch.tip() is None


def test_a_broken_dvc_yaml_is_a_failed_run_in_the_words_of_dvc(chain: Path, type_) -> None:
    write(chain, "dvc.yaml", "stages: {a: [}")

    done = type_(chain, "gitrack", "repro", code=255)

    assert "dvc.yaml" in done.stderr
    assert last(chain).status is Status.FAILED
    assert "dvc.yaml" in str(last(chain).error)


def test_without_dvc_it_is_said_what_to_install(repo: Path, type_) -> None:
    """Python without its site-packages but for ours: DVC is not there."""
    code = (
        "import importlib.util as u; usual = u.find_spec\n"
        "u.find_spec = lambda name, *a: None if name == 'dvc' else usual(name, *a)\n"
        "import sys; sys.argv = ['gitrack', 'repro']\n"
        "from gitrack.cli.main import main; main()\n"
    )

    done = type_(repo, sys.executable, "-c", code, code=2)

    assert "needs dvc, which is not installed" in done.stderr
    assert "gitrack-ml[dvc]" in done.stderr


def test_secrets_in_commands_do_not_reach_the_branch(dvc_project: Path, type_) -> None:
    token = "ghp_16C7e42F292c6912E7710c838347Ae178B4a"
    write(dvc_project, "dvc.yaml", f"stages: {{s: {{cmd: 'echo --token {token} > /dev/null'}}}}\n")

    type_(dvc_project, "gitrack", "repro")

    assert "redacted" in str(stages(dvc_project)["s"].command)


def test_json_is_the_only_thing_on_stdout(chain: Path, type_) -> None:
    done = type_(chain, "gitrack", "repro", "--json")

    assert json.loads(done.stdout)["run"] == last(chain).id
    assert "Running stage 'train'" in done.stderr


def test_a_folder_that_is_called_like_dvc_is_not_taken_for_it(chain: Path, type_) -> None:
    write(chain, "dvc/__init__.py", "raise SystemExit('not this one')\n")

    type_(chain, "gitrack", "repro")

    assert len(states(chain)) == 3


# what strangers may have put there


#: content → what is said of it, and the metrics that it leaves
METRICS = {
    '{"a": 0.5, "note": "good"}': ("holds note", {"a": 0.5}),
    '{"b": NaN, "c": Infinity}': ("", {"b": "nan", "c": "inf"}),
    '{"d": 0.5, "list": [1, 2], "none": null}': ("", {"d": 0.5}),
    "[1, 2]": ("", {}),
    "0.25": ("", {"m4": 0.25}),
    "{broken": ("m5.json cannot be read as metrics", {}),
    '{"' + "x" * 300 + '": 1, "e": 1}': ("has 300 characters", {"e": 1}),
    '{"a\\u0007b": 1, "f": 1}': ("holds U+0007", {"f": 1}),
    '{"g": ' + "9" * 40 + "}": ("", {"g": 1e40}),
    '{"flag": true}': ("", {"flag": 1}),
    '{"\\u001b[31mred": "text"}': ("\\x1b[31mred", {}),
    '{"deep": ' * 30 + "1" + "}" * 30: ("no number", {}),
}


def test_metrics_of_every_kind_leave_a_run(dvc_project: Path, type_) -> None:
    files = [f"m{number}.json" for number in range(len(METRICS))]
    for file, content in zip(files, METRICS, strict=True):
        write(dvc_project, file, content)
    text = f"metrics: {json.dumps(files)}\nstages: {{s: {{cmd: echo ok}}}}\n"
    write(dvc_project, "dvc.yaml", text)

    done = type_(dvc_project, "gitrack", "repro")

    run = last(dvc_project)
    assert run.status is Status.FINISHED
    expected: dict[str, object] = {}
    for said, metrics in METRICS.values():
        assert said in done.stderr
        expected |= metrics
    shown = {
        name: str(value) if value != value or value == float("inf") else value
        for name, value in run.metrics.items()
    }
    assert shown == expected


def test_huge_metrics_and_binary_params_are_said_and_left_out(dvc_project: Path, type_) -> None:
    huge = json.dumps({f"m{number}": number for number in range(400_000)})
    write(dvc_project, "huge.json", huge)
    (dvc_project / "p.toml").write_bytes(b"\x89PNG\0\xff" * 50)
    text = "metrics: [huge.json, good.json]\nparams: [p.toml]\nstages: {s: {cmd: echo ok}}\n"
    write(dvc_project, "dvc.yaml", text)
    write(dvc_project, "good.json", '{"auc": 1}')

    done = type_(dvc_project, "gitrack", "repro")

    assert "huge.json is not read as metrics" in done.stderr
    assert "p.toml cannot be read as params" in done.stderr
    assert last(dvc_project).metrics == {"auc": 1}


def test_a_params_file_that_dvc_cannot_read_is_a_failed_run(chain: Path, type_) -> None:
    (chain / "params.yaml").write_bytes(b"\x00\xff\xfe" * 50)

    done = type_(chain, "gitrack", "repro", code=255)

    assert done.stderr.count("is not valid utf-8") == 1
    assert "params.yaml" in str(last(chain).error)


def test_more_values_than_people_could_read_are_cut(dvc_project: Path, type_) -> None:
    write(dvc_project, "m.json", json.dumps({f"m{number}": number for number in range(6_000)}))
    write(dvc_project, "dvc.yaml", "metrics: [m.json]\nstages: {s: {cmd: echo ok}}\n")

    done = type_(dvc_project, "gitrack", "repro")

    assert len(last(dvc_project).metrics) == 5_000
    assert "only the first 5000 values" in done.stderr


def test_paths_that_lead_out_are_not_followed(dvc_project: Path, type_, tmp_path: Path) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_text("x,y\n1,2\n")
    (dvc_project / "link.csv").symlink_to(secret)
    (dvc_project / "folder").symlink_to(tmp_path)
    write(
        dvc_project,
        "dvc.yaml",
        "plots: [link.csv, ../secret.csv, folder/secret.csv]\nmetrics: [../secret.json]\n"
        "stages: {s: {cmd: echo ok > out, outs: [out]}}\n",
    )

    done = type_(dvc_project, "gitrack", "repro", code=None)

    assert [artifact.path for artifact in last(dvc_project).artifacts] in (["out"], [])
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("leads out of the project") >= 2


def test_a_hostile_lock_is_refused_by_dvc_and_the_run_says_so(chain: Path, type_) -> None:
    write(chain, "dvc.lock", "schema: '2.0'\nstages: {train: {cmd: x, outs: [{path: ../../x}]}}\n")

    type_(chain, "gitrack", "repro", code=None)

    assert last(chain).status in (Status.FAILED, Status.FINISHED)
    assert not any(".." in artifact.path for artifact in last(chain).artifacts)


def test_links_of_dvc_into_its_cache_are_no_way_out(chain: Path, type_) -> None:
    type_(chain, "dvc", "config", "cache.type", "symlink")
    write(
        chain,
        "dvc.yaml",
        CHAIN.replace("metrics: [metrics.json: {cache: false}]", "plots: [metrics.json]"),
    )

    type_(chain, "gitrack", "repro")

    assert (chain / "metrics.json").is_symlink()
    kinds = {artifact.path: artifact.store for artifact in last(chain).artifacts}
    assert kinds == {"metrics.json": "git", "model.bin": "dvc"}


def test_a_wrapper_that_is_killed_leaves_a_run_all_the_same(chain: Path, type_) -> None:
    write(chain, "dvc.yaml", "stages: {s: {cmd: kill -KILL $(cat pid)}}\n")
    script = "echo $$ > pid; exec gitrack repro -E killed"

    type_(chain, "bash", "-c", script, code=None)
    type_(chain, "gitrack", "sync")

    assert last(chain).status is Status.KILLED
    assert last(chain).experiment == "killed"
