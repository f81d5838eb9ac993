"""Runs that name what they leave, and use what others have named."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import gitrack
from gitrack.errors import InvalidName, NotFound, UsageError
from gitrack.model.run import Use
from gitrack.store import open_store
from gitrack.store.named import NamedArtifacts
from gitrack.tracking import outbox
from gitrack.tracking.ending.recover import sync
from gitrack.tracking.place import find_place

HEAVY = b"\0" * 200_000


def known() -> NamedArtifacts:
    return NamedArtifacts(open_store().branch)


def leave(data: bytes, *, named: str | None = "flights", **options: object) -> str:
    Path("d.bin").write_bytes(data)
    with gitrack.start_run("e") as run:
        run.log_artifact("d.bin", named=named, **options)
    return run.id


def test_new_contents_are_a_new_version_and_known_ones_are_not(project, runs):
    first = leave(HEAVY, aliases=["best"], description="as measured")
    leave(HEAVY)
    leave(HEAVY + b"1", aliases="best")

    versions, faults = known().versions("flights")
    assert [(one.version, one.run == first) for one in versions] == [(1, True), (2, False)]
    assert versions[0].description == "as measured"
    assert not faults
    assert known().resolve("flights", "best").version == 2
    assert {run.artifacts[0].name for run in runs()} == {"flights"}


def test_run_and_version_are_one_commit_that_says_so(project, git):
    leave(b"small text", aliases=["best"])

    changed = git(project, "show", "--format=", "--name-only", "gitrack").splitlines()
    assert {"artifacts/flights/versions/1.yaml", "artifacts/flights/aliases/best.yaml"} < set(
        changed
    )
    assert any(path.endswith("run.yaml") for path in changed)
    assert "Artifact: flights:v1" in git(project, "log", "-1", "--format=%b", "gitrack")


def test_a_run_without_names_leaves_the_names_alone(project, git):
    leave(HEAVY, named=None)

    assert "artifacts/" not in git(project, "ls-tree", "--name-only", "gitrack")


def test_a_name_is_spelled_as_it_was_first(project, caplog):
    leave(HEAVY)
    leave(HEAVY + b"1", named="FLIGHTS")

    assert known().names() == ["flights"]
    assert "kept as a version of flights" in caplog.text


def test_a_folder_a_table_and_an_empty_file_may_be_named(project):
    pd = pytest.importorskip("pandas")
    Path("folder").mkdir()
    Path("folder/a.bin").write_bytes(HEAVY)
    Path("empty").touch()
    with gitrack.start_run("e") as run:
        run.log_artifact("folder", named="f")
        run.log_artifact("empty", named="nothing")
        gitrack.log_table(pd.DataFrame({"a": [1]}), "t.csv", named="table", aliases=["raw"])

    assert known().names() == ["f", "nothing", "table"]
    assert (known().resolve("f").md5 or "").endswith(".dir")
    assert known().resolve("nothing").size == 0
    assert known().resolve("table", "raw").path == "t.csv"


@pytest.mark.parametrize(
    "options",
    [
        {"named": "a/b"},
        {"named": ".."},
        {"named": "flights:best"},
        {"named": ""},
        {"named": 3},
        {"aliases": ["best"]},
        {"named": "x", "aliases": ["latest"]},
        {"named": "x", "aliases": ["v3"]},
        {"named": "x", "aliases": [3]},
        {"named": "x", "description": 3},
    ],
)
def test_misuse_raises_at_once_and_keeps_nothing(project, runs, options):
    Path("d.bin").write_bytes(HEAVY)
    with gitrack.start_run("e") as run, pytest.raises((InvalidName, UsageError)):
        run.log_artifact("d.bin", **options)

    assert runs()[0].artifacts == []
    assert known().names() == []


def test_a_reference_is_recorded_without_what_opens_it(project, runs):
    with gitrack.start_run("e") as run:
        run.log_artifact("s3://me:pw@bucket/d.parquet?versionId=3&X-Amz-Signature=abc", named="raw")
        run.log_reference("https://u:p@x.org/a%20b.csv?id=1&token=t", "in/", md5="0" * 32, size=7)
        with pytest.raises(UsageError):
            run.log_reference("no uri")
        with pytest.raises(UsageError):
            run.log_reference("s3://b/x", md5="abc")

    one, two = runs()[0].artifacts
    assert (one.path, one.store, one.uri) == (
        "d.parquet",
        "uri",
        "s3://me@bucket/d.parquet?versionId=3",
    )
    assert (two.path, two.uri, two.size) == ("in/a b.csv", "https://x.org/a%20b.csv?id=1", 7)
    assert known().resolve("raw").uri == one.uri


def test_what_is_used_is_in_the_record_and_at_hand(project, runs):
    maker = leave(HEAVY, aliases=["best"])
    with gitrack.start_run("e") as run:
        used = run.use_artifact("flights:best")
        assert used.path.read_bytes() == HEAVY
        assert os.fspath(used) == str(used.path)
        assert not used.path.stat().st_mode & 0o222
        again = gitrack.use_artifact(f"runs:/{maker}/d.bin")
        assert (again.name, again.version, again.run) == ("flights", 1, maker)
        own = used.download("mine.bin")
        own.write_bytes(b"changed")
        run.use_artifact("https://me:pw@example.org/x.csv")

    assert used.path.read_bytes() == HEAVY
    assert runs()[-1].uses == [
        Use(name="flights", version=1, run=maker, path="d.bin", md5=used.md5),
        Use(uri="https://example.org/x.csv"),
    ]


@pytest.mark.parametrize("reference", ["flights:v2", "flihgts", "runs:/nobody/x", "@last/nothing"])
def test_using_what_is_not_there_raises_and_records_nothing(project, runs, reference):
    leave(HEAVY)
    with gitrack.start_run("e") as run, pytest.raises(NotFound):
        run.use_artifact(reference)

    assert runs()[-1].uses == []


def test_uses_of_a_run_that_goes_on_are_united(project, runs):
    leave(HEAVY)
    with gitrack.start_run("e") as run:
        run.use_artifact("flights:v1")
    with gitrack.start_run(run_id=run.id) as more:
        more.use_artifact("flights:v1")
        more.use_artifact("s3://b/x")

    assert [use.name or use.uri for use in runs()[-1].uses] == ["flights", "s3://b/x"]


def test_a_run_that_was_killed_becomes_a_version_once(project, runs, git):
    script = (
        "import os, gitrack\n"
        "run = gitrack.start_run('e')\n"
        "open('d.bin', 'wb').write(b'0' * 200_000)\n"
        "run.log_artifact('d.bin', named='flights', aliases=['best'])\n"
        "os._exit(9)\n"
    )
    subprocess.run([sys.executable, "-c", script], check=False, timeout=60)
    place = find_place()
    (folder,) = outbox.run_folders(place.outbox)
    import shutil

    shutil.copytree(folder, project / "kept")
    assert len(sync(place).committed) == 1
    (project / "kept").rename(folder)  # as if it had died before the folder was removed
    tip = git(project, "rev-parse", "gitrack")
    sync(place)

    assert [one.version for one in known().versions("flights")[0]] == [1]
    assert git(project, "rev-parse", "gitrack") == tip
    assert runs()[0].status == "killed"


def test_a_run_whose_artifact_cannot_be_stored_waits_and_takes_no_number(project, caplog):
    Path("d.bin").write_bytes(HEAVY)
    with gitrack.start_run("e") as run:
        run.log_artifact("d.bin", named="flights")
        cache = project / ".git/gitrack/dvc-cache"
        cache.parent.mkdir(exist_ok=True)
        cache.write_text("in the way")

    assert "waits in" in caplog.text
    assert known().names() == []
    cache.unlink()
    assert len(sync(find_place()).committed) == 1
    assert known().resolve("flights").run == run.id


def test_processes_that_end_at_once_take_different_numbers(project):
    """And those that leave the same contents take one."""
    leave(b"first")
    script = (
        "import os, sys, time, gitrack\n"
        "number = int(sys.argv[1])\n"
        "with gitrack.start_run('e') as run:\n"
        "    run.log_text(f'contents {number // 2}', 'd.txt')\n"
        "    open(f'd{number}.txt', 'w').write(f'contents {number // 2}')\n"
        "    run.log_artifact(f'd{number}.txt', named='flights', aliases=[f'a{number}'])\n"
        "    open(f'ready{number}', 'w').close()\n"
        "    while not os.path.exists('go'): time.sleep(0.002)\n"
    )
    count = 10
    writers = [subprocess.Popen([sys.executable, "-c", script, str(n)]) for n in range(count)]
    while not all(Path(f"ready{n}").exists() for n in range(count)):
        assert not any(writer.poll() for writer in writers)
    Path("go").touch()
    assert [writer.wait(60) for writer in writers] == [0] * count

    versions, faults = known().versions("flights")
    assert not faults
    assert [one.version for one in versions] == list(range(1, count // 2 + 2))
    assert len({one.md5 for one in versions}) == len(versions)
    aliases, _ = known().aliases("flights")
    assert all(aliases[f"a{n}"].version == aliases[f"a{n + 1}"].version for n in range(0, count, 2))


def test_a_secret_in_a_description_reaches_neither_record_nor_version(project, git, caplog):
    leave(HEAVY, description="fetched with AKIAIOSFODNN7EXAMPLE from the lake")

    assert "secrets were cut out" in caplog.text
    version = known().resolve("flights")
    assert "from the lake" in (version.description or "")
    assert "AKIA" not in git(project, "grep", "-h", "description", "gitrack", "--", "*.yaml")
