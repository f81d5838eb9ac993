"""`gitrack site build`, as it is typed."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from gitrack.cli.main import cli
from gitrack.config.gates import MetricGate
from gitrack.config.policy import ModelPolicy, Policy, PrimaryMetric, Stage
from gitrack.errors import UsageError
from gitrack.model.measure import Measure
from gitrack.store import open_store


@pytest.fixture
def project(repo: Path, bundles, monkeypatch) -> Path:
    """A repository with three runs on its branch."""
    (repo / ".tracking").mkdir()
    (repo / ".tracking/config.yaml").write_text("project: flights\nsite: {title: Late flights}\n")
    monkeypatch.chdir(repo)
    open_store().commit_runs(bundles[:3])
    return repo


def build(*arguments: str):
    done = CliRunner().invoke(cli, ["site", "build", *arguments], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done


def test_it_prints_where_the_site_is(project):
    done = build()

    page = project / ".tracking/site/index.html"
    assert done.stdout == f"{page.resolve().as_uri()}\n"
    assert "3 runs in 1 experiment" in done.stderr
    assert "<title>Late flights</title>" in page.read_text()


def test_git_ignores_the_site_in_its_own_place(project, git):
    git(project, "add", ".tracking/config.yaml")
    git(project, "commit", "-q", "-m", "settings")

    build()
    assert git(project, "status", "--porcelain", "-uall") == "?? .tracking/.gitignore"

    (project / ".tracking/.gitignore").unlink()
    shutil.rmtree(project / ".tracking/site")
    (project / ".git/info/exclude").write_text("/.tracking/site/\n")
    build()
    assert git(project, "status", "--porcelain") == ""


def test_it_works_from_a_folder_below(project, monkeypatch):
    (project / "src").mkdir()
    monkeypatch.chdir(project / "src")

    build()

    assert (project / ".tracking/site/index.html").exists()


def test_programs_get_json(project, tmp_path):
    done = build("--output", str(tmp_path / "out"), "--json")

    told = json.loads(done.stdout)
    assert told["runs"] == 3
    assert told["faults"] == []
    assert told["commit"] == open_store().branch.tip()
    assert (tmp_path / "out/index.html").resolve().as_uri() == told["page"]


def test_settings_hide_what_they_name(project):
    (project / ".tracking/config.yaml").write_text(
        "site: {public: true, hide: {params: [n_est*]}}\n"
    )

    build()

    data = b"".join(p.read_bytes() for p in (project / ".tracking/site/data").rglob("*.js"))
    assert b"max_depth" in data
    assert b"n_estimators" not in data
    assert b"Jane Smith" not in data


def test_runs_that_come_while_it_builds_are_for_the_next_one(project, bundles):
    store = open_store()
    pinned = store.at(store.branch.tip())
    late = msgspec.structs.replace(bundles[0].run, id="20270101-000000-aaaaaa")
    store.commit_runs([msgspec.structs.replace(bundles[0], run=late)])

    assert len(list(pinned.all())) == 3
    assert len(list(store.all())) == 4


def test_a_repository_without_runs_has_a_site_too(repo, monkeypatch):
    monkeypatch.chdir(repo)

    build()

    assert "No runs yet" in (repo / ".tracking/site/index.html").read_text()


def test_the_policy_says_which_way_is_better():
    from gitrack.cli.commands.site import goals

    gates = (MetricGate(metric="ece", at_most=0.05), MetricGate(metric="profit", at_least=1.0))
    model = ModelPolicy(
        primary_metric=PrimaryMetric(name="profit"), stages={"staging": Stage(gates=gates)}
    )

    told = goals(Policy(models={"m": model}))

    assert list(told.primary) == [Measure("profit", "maximize")]
    assert told.goal("ece") == "minimize"


def test_a_second_build_reads_no_record_for_its_index_again(project, monkeypatch):
    from gitrack.store.index import scan

    build()

    def never(*_):
        raise AssertionError("scanned again")

    monkeypatch.setattr(scan, "scan", never)
    build()


def test_two_builds_on_two_machines_are_the_same_bytes(project, tmp_path):
    """Another zone, language, order of hashes, mask of files, current folder and output."""
    machines = [
        ("UTC", "C", "1", 0o022, project, "first"),
        ("Pacific/Auckland", "C.UTF-8", "4242", 0o077, tmp_path, "deeper/second site"),
    ]
    built = []
    for zone, language, seed, mask, folder, output in machines:
        environment = {
            **os.environ,
            "TZ": zone,
            "LC_ALL": language,
            "LANG": language,
            "PYTHONHASHSEED": seed,
        }
        program = "from gitrack.cli.main import main; main()"
        at = ["-C", str(project), "site", "build", "--output", str(tmp_path / output)]
        command = [sys.executable, "-c", program, *at]
        subprocess.run(
            command, env=environment, cwd=folder, umask=mask, check=True, capture_output=True
        )
        site = tmp_path / output
        built.append(
            {str(p.relative_to(site)): p.read_bytes() for p in site.rglob("*") if p.is_file()}
        )

    assert built[0].keys() == built[1].keys()
    assert [name for name in built[0] if built[0][name] != built[1][name]] == []


def test_serving_ends_quietly(project):
    environment = {**os.environ, "DISPLAY": "", "WAYLAND_DISPLAY": "", "BROWSER": ""}
    # whoever starts the tests in the background hands down that interrupts are ignored
    program = (
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler);"
        "from gitrack.cli.main import main; main()"
    )
    command = [sys.executable, "-c", program, "site", "serve", "--open"]
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as serving:
        url = serving.stdout.readline().strip()
        with urllib.request.urlopen(url) as answer:
            assert b"Late flights" in answer.read()
        serving.send_signal(signal.SIGINT)
        said = serving.communicate(timeout=30)[1]

    assert serving.returncode == 0
    assert "no browser to open it in" in said
    assert "Traceback" not in said


def test_a_port_that_is_taken_is_said_before_anything_is_built(project):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        done = CliRunner().invoke(cli, ["site", "serve", "--port", port])

    assert isinstance(done.exception, UsageError)
    assert f"port {port}" in str(done.exception)
    assert not (project / ".tracking/site").exists()


def test_a_build_that_fails_is_said_and_the_next_one_is_tried(project, monkeypatch, capsys):
    from gitrack.cli.commands.site import _Project
    from gitrack.cli.site_serving import Renewal

    renew = Renewal(_Project, project / ".tracking/site")
    with monkeypatch.context() as broken:
        broken.setattr(_Project, "tip", lambda _: "a")
        broken.setattr(_Project, "build", lambda *_: (_ for _ in ()).throw(OSError("disk full")))
        renew()
        assert "not built again: disk full" in capsys.readouterr().err
    renew()

    assert "built again: 3 runs" in capsys.readouterr().err


def test_a_site_that_is_served_comes_back_when_somebody_cleans_up(project, capsys):
    from gitrack.cli.commands.site import _Project
    from gitrack.cli.site_serving import Renewal

    site = project / ".tracking/site"
    renew = Renewal(_Project, site)
    renew.first(None)
    renew()
    assert capsys.readouterr().err == ""
    for _ in range(2):
        shutil.rmtree(site)
        renew()
        assert "built again" in capsys.readouterr().err
        assert (site / "index.html").exists()
        renew()
        assert capsys.readouterr().err == ""
