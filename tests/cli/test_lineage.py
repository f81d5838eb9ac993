"""`gitrack lineage` answers where something comes from, what became of it, and which models."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gitrack.cli.main import cli
from gitrack.errors import MissingExtra, NotFound
from gitrack.store import open_store
from tests.analysis.lineage_world import filled, rid

Lineage = Callable[..., Result]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository that the tests of this module only read."""
    import subprocess

    folder = tmp_path_factory.mktemp("world")
    subprocess.run(["git", "init", "-q", folder], check=True)
    for name, value in (("user.name", "Ada"), ("user.email", "ada@example.com")):
        subprocess.run(["git", "-C", folder, "config", name, value], check=True)
    filled(open_store(folder))
    return folder


@pytest.fixture
def lineage(world: Path, monkeypatch: pytest.MonkeyPatch) -> Lineage:
    monkeypatch.chdir(world)

    def run(*arguments: str) -> Result:
        result = CliRunner().invoke(cli, ["lineage", *arguments])
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return run


def test_a_model_in_production_is_followed_to_its_raw_data(lineage):
    assert lineage("churn@production").stdout == (
        "registered model churn v3  in production  @champion\n"
        "comes from\n"
        "└─ artifact deep/model  model\n"
        "   └─ run 000004  stacked  2024-10-22\n"
        "      ├─ code 04c0dec0  main\n"
        "      └─ artifact model  xgboost model  (weights.bin of it)\n"
        "         └─ run 000002  by-bytes  2024-10-22\n"
        "            ├─ data clean  md5 bbbbbbbb  as train, test\n"
        "            │  └─ artifact clean.parquet\n"
        "            │     └─ run 000001  clean  2024-10-22\n"
        "            │        ├─ data flights@v1.3  data/flights.csv  md5 aaaaaaaa"
        "  1,000 rows  as train\n"
        "            │        └─ code 01c0dec0  main\n"
        "            └─ code 02c0dec0  main\n"
    )


def test_up_and_down_and_depth_ask_for_less(lineage):
    both = lineage("by-bytes").stdout
    assert "comes from" in both
    assert "became" in both
    assert "became" not in lineage("by-bytes", "--up").stdout
    assert "comes from" not in lineage("by-bytes", "--down").stdout
    assert lineage("by-bytes", "--up", "--down").stdout == both
    assert lineage("by-bytes", "--up", "--depth", "1").stdout.count("─ ") == 2


def test_which_models_in_production_were_trained_on_a_version_of_data(lineage):
    found = lineage("data:flights@v1.3", "--stage", "production")

    models = [line for line in found.stdout.splitlines() if not line.startswith(" ")]
    assert models == [
        "registered model churn v2  in production",
        "registered model churn v3  in production  @champion",
        "registered model piped v1  in production",
    ]
    assert "  from data flights@v1.3  data/flights.csv  md5 aaaaaaaa  1,000 rows  as train" in (
        found.stdout.splitlines()
    )
    assert found.stderr == ("3 registered versions in production depend on data:flights@v1.3\n")
    assert lineage("data:flights@v1.4", "--stage", "production").stderr == (
        "1 registered version in production depends on data:flights@v1.4\n"
    )
    assert lineage("data:flights@v1.4", "--stage", "staging").stderr == (
        "no registered versions in staging depend on data:flights@v1.4\n"
    )
    assert "churn v1  in staging" in lineage("data:flights@v1.3", "--models").stdout


def test_impact_as_json(lineage):
    found = json.loads(lineage("data:flights@v1.3", "--stage", "production", "--json").stdout)

    assert [(one["model"], one["version"], one["run"]) for one in found] == [
        ("churn", 2, rid(3)),
        ("churn", 3, rid(4)),
        ("piped", 1, rid(6)),
    ]
    assert found[0]["way"][-1]["kind"] == "registered"
    assert found[0]["stages"] == ["production"]


def test_json_is_the_graph_and_the_same_every_time(lineage):
    text = lineage("flights", "--json").stdout

    found = json.loads(text)
    assert len(found["subjects"]) == 2
    ids = {node["id"] for node in found["nodes"]}
    assert all(edge["source"] in ids and edge["target"] in ids for edge in found["edges"])
    assert text == lineage("flights", "--json").stdout


def test_pictures_and_events(lineage):
    assert lineage("@last", "--dot").stdout.startswith("digraph lineage {\n")
    assert lineage("@last", "--mermaid").stdout.startswith("flowchart LR\n")
    events = lineage("@last", "--openlineage").stdout.splitlines()
    assert [json.loads(event)["job"]["name"] for event in events[1::2]] == [
        "delay-20241022.fit",
        "delay-20241022.prepare",
        "delay-20241022",
    ]


def test_events_need_their_library(lineage, monkeypatch):
    for name in list(sys.modules):
        if name.startswith("openlineage"):
            monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.setitem(sys.modules, "openlineage.client.serde", None)

    with pytest.raises(MissingExtra, match=r"gitrack-ml\[lineage\]"):
        lineage("@last", "--openlineage")


@pytest.mark.parametrize(
    "arguments",
    [
        ("--json", "--dot"),
        ("--models", "--up"),
        ("--stage", "production", "--mermaid"),
        ("--depth", "0"),
    ],
)
def test_questions_that_exclude_each_other_are_wrong_usage(lineage, arguments):
    assert lineage("@last", *arguments).exit_code == 2


def test_what_is_not_there(lineage):
    with pytest.raises(NotFound, match="did you mean churn"):
        lineage("churm@production")


def test_what_cannot_be_read_is_told_at_the_end(lineage, world):
    store = open_store(world)
    good = store.branch.read("registry/churn/stages/production.yaml")
    store.commit_files({"registry/churn/stages/production.yaml": b"versions: \x1b[31m\n"}, "break")
    try:
        found = lineage("churn@3")
    finally:
        store.commit_files({"registry/churn/stages/production.yaml": good}, "mend")

    assert found.exit_code == 0
    assert "registered model churn v3  @champion" in found.stdout
    assert found.stderr.startswith("unreadable: registry/churn/stages/production.yaml: ")
    assert "\x1b" not in found.stderr


def test_names_are_completed(world, monkeypatch):
    from gitrack.cli.commands.lineage import _complete, command

    monkeypatch.chdir(world)
    context, parameter = None, command.params[0]

    assert _complete(context, parameter, "churn@p") == ["churn@production"]
    assert _complete(context, parameter, "data:fl") == [
        "data:flights",
        "data:flights@v1.3",
        "data:flights@v1.4",
    ]
    assert "by-bytes" in _complete(context, parameter, "by-")
    monkeypatch.chdir("/")
    assert _complete(context, parameter, "churn") == []
