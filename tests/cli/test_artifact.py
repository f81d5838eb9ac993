"""`gitrack artifact`: listed, fetched, added, opened and pointed at from the command line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

import gitrack
from gitrack.cli.artifact_lists import Listing
from gitrack.cli.completing import artifacts, named
from gitrack.cli.main import cli
from gitrack.errors import ArtifactError, InvalidName, NotFound, StoreError, UsageError
from gitrack.model.display import width
from gitrack.store import open_store
from gitrack.store.named import NamedArtifacts
from gitrack.tracking import active, notice, start
from gitrack.tracking.place import find_place

HEAVY = bytes(range(256)) * 800
Artifact = Callable[..., Result]


@pytest.fixture
def artifact(repo: Path, monkeypatch: pytest.MonkeyPatch) -> Artifact:
    monkeypatch.chdir(repo)
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    notice.forget()
    active._stack.set(())
    Path("d.bin").write_bytes(HEAVY)

    def run(*arguments: str) -> Result:
        result = CliRunner().invoke(cli, ["artifact", *arguments])
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return run


def known() -> NamedArtifacts:
    return NamedArtifacts(open_store().branch)


def test_an_empty_branch_lists_nothing_and_says_what_to_type(artifact):
    done = artifact("ls")

    assert done.stdout == ""
    assert "no artifact has a name yet" in done.stderr
    assert "gitrack artifact add FILE NAME" in done.stderr
    assert json.loads(artifact("ls", "--json").stdout) == {"items": [], "faults": []}


def test_what_is_added_is_listed_and_fetched(artifact, tmp_path):
    done = artifact("add", "d.bin", "flights", "--alias", "raw", "--description", "as measured")

    assert done.stdout == "flights:v1\n"
    assert "next: gitrack artifact get flights:v1" in done.stderr
    assert artifact("ls").stdout.splitlines()[1].split()[:3] == ["flights", "1", "v1"]
    line = artifact("ls", "flights").stdout.splitlines()[1]
    assert "latest, raw" in line
    assert "as measured" in line
    done = artifact("get", "flights:raw", "--output", str(tmp_path / "new" / "f.bin"))
    assert Path(done.stdout.strip()).read_bytes() == HEAVY
    assert "204.8 kB from run" in done.stderr


def test_the_same_contents_are_that_version_already(artifact):
    artifact("add", "d.bin", "flights")

    done = json.loads(artifact("add", "d.bin", "flights", "--json").stdout)

    assert (done["version"], done["known"]) == (1, True)
    assert known().numbers("flights") == [1]


def test_a_file_of_a_folder_is_listed_and_fetched_alone(artifact, tmp_path):
    Path("m/sub").mkdir(parents=True)
    Path("m/w.bin").write_bytes(HEAVY)
    Path("m/sub/MLmodel").write_text("x")
    artifact("add", "m", "clf", "--kind", "model")

    listed = json.loads(artifact("ls", "clf:v1", "--json").stdout)["items"]
    done = json.loads(artifact("get", "clf:v1/sub/MLmodel", "-o", str(tmp_path), "--json").stdout)

    assert [(one["path"], one["size"]) for one in listed] == [
        ("sub/MLmodel", 1),
        ("w.bin", 204_800),
    ]
    assert (done["path"], done["size"]) == (str(tmp_path / "MLmodel"), 1)
    assert [row.split()[0] for row in artifact("ls", "clf:v1/sub").stdout.splitlines()] == [
        "PATH",
        "sub/MLmodel",
    ]


def test_nothing_is_written_over(artifact):
    artifact("add", "d.bin", "flights")
    Path("d.bin").write_bytes(b"mine")

    with pytest.raises(ArtifactError, match="exists already"):
        artifact("get", "flights:v1")
    assert Path("d.bin").read_bytes() == b"mine"


def test_a_folder_is_not_put_into_itself_the_second_time(artifact):
    Path("model").mkdir()
    Path("model/MLmodel").write_text("x: 1\n")
    artifact("add", "model", "churn")

    with pytest.raises(ArtifactError, match="model exists already"):
        artifact("get", "churn:v1")
    assert artifact("get", "churn:v1/MLmodel").stdout == "MLmodel\n"
    assert not Path("model/model").exists()


def test_a_uri_is_added_without_its_password(artifact):
    done = artifact("add", "https://me:pw@example.org/a.csv?token=t&id=3", "web")

    assert "pw" not in done.output + artifact("ls", "web").output
    assert known().resolve("web").uri == "https://example.org/a.csv?id=3"


def test_a_finished_run_gets_more_and_stays_as_it_was(artifact):
    with gitrack.start_run("e", params={"a": 1}) as run:
        run.log_metric("auc", 0.9)
    before = open_store().run(run.id)

    done = artifact("add", "d.bin", "flights", "--run", "@last", "--path-in-run", "data/")

    after = open_store().run(run.id)
    assert done.stdout == "flights:v1\n"
    assert [one.path for one in after.artifacts] == ["data/d.bin"]
    assert (after.status, after.ended, after.params, after.metrics) == (
        *(before.status, before.ended),
        *(before.params, before.metrics),
    )
    assert open_store().table().rows == 1


def test_a_run_that_is_being_written_gets_it_when_it_ends(artifact):
    place = find_place()
    run = start.open_new(place, start.Wish.of("e", None, None, None, None, None))

    done = artifact("add", "d.bin", "flights", "--run", run.id)

    assert f"on the branch when run {run.id} has ended" in done.stderr
    assert known().names() == []
    run.end()
    assert known().resolve("flights").run == run.id


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (("add", "d.bin"), UsageError),
        (("add", "nothing.bin", "n"), UsageError),
        (("add", "d.bin", "a/b"), InvalidName),
        (("add", "d.bin", "n", "--alias", "latest"), InvalidName),
        (("add", "d.bin", "n", "--alias", "v2"), InvalidName),
        (("add", "d.bin", "n", "--kind", "two words"), InvalidName),
        (("add", "d.bin", "n", "--path-in-run", "../x"), InvalidName),
        (("add", "d.bin", "n", "--run", "nobody"), NotFound),
        (("add", "https://", "n"), UsageError),
        (("get", "nothing"), NotFound),
        (("ls", "nothing"), NotFound),
        (("alias", "nothing:v1", "a"), NotFound),
    ],
)
def test_what_is_refused_leaves_no_run_behind(artifact, arguments, error):
    with pytest.raises(error):
        artifact(*arguments)
    assert open_store().table().rows == 0
    assert not list(Path(".tracking/outbox").glob("2*"))


def test_what_does_not_reach_the_branch_is_an_error(artifact, monkeypatch):
    monkeypatch.setattr(
        "gitrack.store.runs.RunStore.commit_named",
        lambda *_, **__: (_ for _ in ()).throw(StoreError("the branch is locked")),
    )

    with pytest.raises(StoreError, match="not on the branch") as caught:
        artifact("add", "d.bin", "flights")
    assert "gitrack sync" in (caught.value.hint or "")


def test_an_alias_moves(artifact, git):
    artifact("add", "d.bin", "flights", "--alias", "best")
    Path("d.bin").write_bytes(HEAVY[1:])
    artifact("add", "d.bin", "flights")

    assert artifact("alias", "flights:latest", "best").stdout == "flights:best is v2\n"
    assert known().resolve("flights", "best").version == 2
    assert git(Path.cwd(), "log", "-1", "--format=%s", "gitrack") == "artifact flights: best is v2"
    with pytest.raises(NotFound):
        artifact("alias", "flights:v7", "best")
    with pytest.raises(InvalidName):
        artifact("alias", "flights:v1", "latest")
    with gitrack.start_run("e") as run:
        run.log_artifact("d.bin", "unnamed.bin")
    with pytest.raises(UsageError, match="no version"):
        artifact("alias", "@last/unnamed.bin", "best")


def test_broken_files_are_told_and_hide_nothing(artifact):
    artifact("add", "d.bin", "flights", "--alias", "best")
    open_store().branch.commit(
        {
            "artifacts/flights/versions/2.yaml": b"format: 1\nversion: 9\n",
            "artifacts/flights/aliases/gone.yaml": b"format: 1\nversion: 44\n",
            "artifacts/\x1bx/versions/1.yaml".replace("\x1b", "~"): b"[]",
        },
        "hostile",
    )

    done = artifact("ls", "flights")

    assert done.exit_code == 1
    assert "v1" in done.stdout
    assert "versions/2.yaml" in done.stderr
    assert "aliases/gone.yaml: points to version 44, which is not there" in done.stderr
    assert artifact("ls").exit_code == 1
    checked = CliRunner().invoke(cli, ["doctor", "--json"])
    assert "aliases/gone.yaml" in checked.output


def test_hostile_texts_reach_no_terminal(artifact):
    artifact("add", "d.bin", "flights", "--description", "red \x1b[31m \u202e end")

    text = artifact("ls", "flights").stdout
    assert "\x1b" not in text
    assert "\u202e" not in text


def test_open_says_where_it_is_when_nothing_can_show_it(artifact):
    artifact("add", "d.bin", "flights")

    done = artifact("open", "flights:v1")

    assert Path(done.stdout.strip()).read_bytes() == HEAVY
    assert "that is where it is" in done.stderr


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("x.sh", b"echo"),
        ("x.txt", b"#!/bin/sh\n"),
        ("y", b"\x7fELF"),
        ("x.pkl", b"1"),
        ("x.py", b""),
    ],
)
def test_what_may_run_is_not_opened_without_saying(artifact, monkeypatch, name, data):
    launched: list[str] = []
    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.setattr(click, "launch", lambda place: launched.append(place) or 0)
    Path(name).write_bytes(data)
    artifact("add", name, "thing")

    with pytest.raises(UsageError, match="was not opened"):
        artifact("open", "thing:v1")
    assert launched == []
    artifact("open", "thing:v1", "--yes")
    assert [Path(place).name for place in launched] == [name]


def test_references_are_completed(artifact):
    artifact("add", "d.bin", "flights", "--alias", "best")
    context, parameter = click.Context(cli), click.Argument(["x"])

    assert named(context, parameter, "fl") == ["flights"]
    assert artifacts(context, parameter, "flights:") == [
        *("flights:latest", "flights:best", "flights:v1")
    ]
    assert artifacts(context, parameter, "@last/") == ["@last/d.bin"]
    assert "flights" in artifacts(context, parameter, "")
    assert artifacts(context, parameter, "nothing:/x/") == []


def test_a_terminal_sees_lines_of_its_width_and_a_pipe_whole_names():
    name = "ein-sehr-langer-name-" * 4
    row = (name, "データの名前" * 8, "12 kB", "latest, best, סבבה")
    listing = Listing(headers=("NAME", "ABOUT", "SIZE", "ALIASES"), rows=[row], records=[])

    for room in (60, 80, 200):
        narrow = list(listing.lines(room))
        assert max(map(width, narrow)) <= room
        assert "12 kB" in narrow[1]
    assert name in list(listing.lines())[1]
