"""A bundle without secrets still describes its own files."""

from __future__ import annotations

import hashlib
from pathlib import Path

import gitrack
from gitrack.model.run import Artifact, Run, RunBundle
from gitrack.store import open_store
from gitrack.tracking.capture.cleaning import clean_bundle
from gitrack.tracking.capture.secrets import Scanner

SECRET = "AKIA" + "Z7" * 8


def a_bundle(**files: bytes) -> RunBundle:
    run = Run(
        id="20241022-143012-7k3f9q",
        name="a",
        experiment="e",
        started="2024-10-22T14:30:12.120Z",
        artifacts=[
            Artifact(path="notes.txt", md5="0" * 32, size=1),
            Artifact(path="report", md5="0" * 32 + ".dir", size=1, files=2),
            Artifact(path="model", store="dvc", md5="1" * 32, size=9),
        ],
    )
    known = {
        "artifacts/notes.txt": b"fine\n",
        "artifacts/report/a.txt": b"fine\n",
        "artifacts/report/b.txt": b"also fine\n",
        "artifacts/model.dvc": SECRET.encode(),
        "history.tsv": SECRET.encode(),
    }
    return RunBundle(run=run, files=known | files)


def test_a_bundle_without_secrets_is_the_same_bundle() -> None:
    bundle = a_bundle()

    assert clean_bundle(bundle, Scanner(), harmless={"history.tsv"}) == (bundle, None)


def test_artifacts_are_counted_again_where_something_was_cut() -> None:
    bundle = a_bundle(
        **{
            "artifacts/notes.txt": SECRET.encode(),
            "artifacts/report/b.txt": f"key {SECRET}\n".encode(),
        }
    )

    clean, found = clean_bundle(bundle, Scanner(), harmless={"history.tsv"})

    notes, report, model = clean.run.artifacts
    data = clean.files["artifacts/notes.txt"]
    assert data == b"[redacted: aws access key]"
    assert (notes.md5, notes.size) == (hashlib.md5(data).hexdigest(), len(data))
    assert report.md5 != "0" * 32 + ".dir"
    assert (report.md5 or "").endswith(".dir")
    assert report.size == sum(len(clean.files[f"artifacts/report/{n}.txt"]) for n in "ab")
    assert model == bundle.run.artifacts[2]
    assert found is not None
    assert "artifacts/notes.txt:1: aws access key" in found
    assert SECRET not in found


def test_a_run_with_secrets_everywhere_leaves_none_on_the_branch(
    repo: Path, monkeypatch, caplog
) -> None:
    monkeypatch.chdir(repo)
    (repo / "train.py").write_text(f'KEY = "{SECRET}"\n')
    with gitrack.start_run("secrets", params={"api_key": "abcdefgh1234"}) as run:
        run.log_text(f"{SECRET} abcdefgh1234\n", "notes.txt")
        run.set_tag("remark", f"see {SECRET}")
        print("connecting with abcdefgh1234")
    store = open_store(repo)
    path = store.find(run.id)

    everything = b"".join(store.read(entry.path) for entry in store.files(path))

    assert SECRET.encode() not in everything
    assert b"abcdefgh1234" not in everything
    assert b"[redacted: api key]" in everything
    assert any("secrets were cut out of run" in record.message for record in caplog.records)
    assert not any(SECRET in record.message for record in caplog.records)
