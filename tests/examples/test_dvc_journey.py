"""DVC for the data and gitrack for the runs: the whole journey, to a folder and to S3."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from gitrack.model.run import Run
from gitrack.store import open_store
from tests.s3 import Bucket

JOURNEY = Path(__file__).resolve().parents[2] / "examples/dvc/journey.sh"


@pytest.fixture(scope="module")
def bucket() -> Iterator[Bucket]:
    made = Bucket()
    yield made
    made.close()


def travel(folder: Path, *arguments: str, **environment: str) -> str:
    """Plays the journey; what it printed."""
    done = subprocess.run(
        ["bash", str(JOURNEY), *arguments],
        cwd=folder,
        env={
            **os.environ,
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "DVC_SITE_CACHE_DIR": str(folder / "site"),
            "DVC_SYSTEM_CONFIG_DIR": str(folder / "system"),
            **environment,
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout}{done.stderr}"
    return done.stdout


def the_run(folder: Path) -> Run:
    ((_, run),) = open_store(folder).all()
    assert isinstance(run, Run)
    return run


def test_data_and_model_come_back_on_another_machine(tmp_path):
    printed = travel(tmp_path)

    made = the_run(tmp_path / "project")
    assert the_run(tmp_path / "colleague") == made
    assert f"accuracy {made.metrics['accuracy']:.4f}" in printed
    (data,) = made.data
    pointer = (tmp_path / "project/data/raw/delivery_records_2024.parquet.dvc").read_text()
    assert str(data.dvc).removeprefix("md5:") in pointer
    assert (data.version, data.rows) == ("v1.0", 20_000)


def test_the_same_over_s3(tmp_path, bucket):
    settings = bucket.settings
    printed = travel(
        tmp_path,
        "s3://bucket/dvc-store",
        AWS_ENDPOINT_URL=settings["endpointurl"],
        AWS_ACCESS_KEY_ID=settings["access_key_id"],
        AWS_SECRET_ACCESS_KEY=settings["secret_access_key"],
    )

    made = the_run(tmp_path / "colleague")
    assert f"accuracy {made.metrics['accuracy']:.4f}" in printed
    md5 = str(made.artifacts[0].md5)
    assert bucket.get(f"gitrack/files/md5/{md5[:2]}/{md5[2:]}") is not None
