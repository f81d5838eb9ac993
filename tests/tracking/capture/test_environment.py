"""Packages, machine and command line, on machines that are made up."""

from __future__ import annotations

import hashlib
import json
import os
import sys
from importlib.metadata import Distribution, distributions
from pathlib import Path

import pytest

from gitrack.tracking.capture import machine
from gitrack.tracking.capture.command import command_line, interactive
from gitrack.tracking.capture.packages import digest, environment_txt


def installed(folder: Path, name: str, version: str, direct: object = None) -> Distribution:
    info = folder / f"{name.replace('-', '_')}-{version}.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n\nName: not-this\n"
    )
    if direct is not None:
        (info / "direct_url.json").write_text(
            direct if isinstance(direct, str) else json.dumps(direct)
        )
    return Distribution.at(info)


def test_packages_are_pinned_sorted_and_marked(tmp_path: Path) -> None:
    commit = "a3f8b2c1d4e7f9a0b1c2d3e4f5a6b7c8d9e0f1a2"
    found = [
        installed(tmp_path, "xgboost-cpu", "3.2.0"),
        installed(tmp_path, "Zebra", "1.0"),
        installed(tmp_path / "later", "zebra", "0.9"),
        installed(tmp_path, "mine", "0.1", {"url": "file:///x", "dir_info": {"editable": True}}),
        installed(
            tmp_path,
            "forked",
            "2.0",
            {
                "url": "https://ada:token@example.com/forked.git",
                "vcs_info": {"vcs": "git", "commit_id": commit},
            },
        ),
        installed(tmp_path, "wheel-file", "1.1", {"url": "file:///x.whl", "archive_info": {}}),
        installed(tmp_path, "odd", "3", "not json"),
    ]
    (tmp_path / "empty-1.dist-info").mkdir()
    found.append(Distribution.at(tmp_path / "empty-1.dist-info"))

    lines = environment_txt(found).decode().splitlines()

    assert lines[0].startswith("# python 3.")
    assert lines[1:] == [
        f"forked==2.0  # git+https://example.com/forked.git@{commit}",
        "mine==0.1  # editable",
        "odd==3  # origin unreadable",
        "wheel-file==1.1  # local",
        "xgboost-cpu==3.2.0",
        "Zebra==1.0",
    ]


def test_this_environment_is_listed_as_its_metadata_says() -> None:
    lines = environment_txt().decode().splitlines()[1:]

    expected = {(d.name or "").lower(): d.version for d in reversed(list(distributions()))}
    assert {line.partition("==")[0].lower() for line in lines} == set(expected)
    assert f"msgspec=={expected['msgspec']}" in lines


def test_the_digest_is_that_of_the_file() -> None:
    data = environment_txt()

    assert digest(data) == "sha256:" + hashlib.sha256(data).hexdigest()


def a_machine(root: Path, **files: str) -> Path:
    for name, text in files.items():
        path = root / name.replace("__", "/").replace("_dot_", ".").replace("_dash_", "-")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def test_a_container_gets_what_its_group_leaves(tmp_path: Path) -> None:
    root = a_machine(
        tmp_path,
        proc__self__cgroup="0::/pod/box\n",
        sys__fs__cgroup__pod__memory_dot_max="max\n",
        sys__fs__cgroup__pod__box__memory_dot_max="123456\n",
        sys__fs__cgroup__pod__cpu_dot_max="50000 100000\n",
        sys__fs__cgroup__pod__box__cpu_dot_max="max 100000\n",
    )

    assert machine.memory(root) == 123456
    assert machine.cores(root) == 1


def test_the_older_control_groups_are_read_too(tmp_path: Path) -> None:
    root = a_machine(
        tmp_path,
        proc__self__cgroup="4:memory:/box\n3:cpu,cpuacct:/box\n",
        sys__fs__cgroup__memory__box__memory_dot_limit_in_bytes="9999\n",
        sys__fs__cgroup__cpu__box__cpu_dot_cfs_quota_us="100000\n",
        sys__fs__cgroup__cpu__box__cpu_dot_cfs_period_us="100000\n",
    )

    assert machine.memory(root) == 9999
    assert machine.cores(root) == 1


@pytest.mark.skipif(sys.platform != "linux", reason="affinity is read on Linux")
def test_without_limits_the_affinity_counts(tmp_path: Path) -> None:
    assert machine.cores(tmp_path) == len(os.sched_getaffinity(0))
    assert (machine.memory(tmp_path) or 0) > 1_000_000


def test_names_of_system_and_processor(tmp_path: Path) -> None:
    root = a_machine(
        tmp_path,
        etc__os_dash_release='NAME="X"\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\n',
        proc__cpuinfo="processor : 0\nmodel name\t: AMD   EPYC 7B13\n",
    )

    assert machine.operating_system(root).startswith("Debian GNU/Linux 12 (bookworm), ")
    assert machine.cpu_model(root) == "AMD EPYC 7B13"


def test_the_image_is_what_the_container_tells(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in machine.IMAGE_VARIABLES:
        monkeypatch.delenv(name, raising=False)
    assert machine.container_image(tmp_path) is None

    a_machine(tmp_path, run___dot_containerenv='engine="podman"\nimage="ml:1"\nid="x"\n')
    (tmp_path / "run/.containerenv").write_text('engine="podman"\nimage="ml:1"\n')
    assert machine.container_image(tmp_path) == "ml:1"

    monkeypatch.setenv("APPTAINER_CONTAINER", "/images/train.sif")
    assert machine.container_image(tmp_path) == "train.sif"
    monkeypatch.setenv("GITRACK_IMAGE", "ml-training:2024.10.15")
    assert machine.container_image(tmp_path) == "ml-training:2024.10.15"


def test_cards_as_the_drivers_tool_tells(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tool = tmp_path / "nvidia-smi"
    tool.write_text("#!/bin/sh\necho 'NVIDIA A10G, 23028'\necho 'NVIDIA A10G, 23028'\n")
    tool.chmod(0o755)
    monkeypatch.setattr(machine, "_gpus_by_nvml", list)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    assert machine.gpus() == "2 x NVIDIA A10G, 22 GB"

    tool.write_text("#!/bin/sh\necho 'NVIDIA-SMI has failed'\nexit 9\n")
    assert machine.gpus() is None


def test_only_variables_that_are_named_are_taken() -> None:
    environment = {"SLURM_JOB_ID": "17", "HOME": "/home/ada", "LONG": "x" * 5_000}

    taken = machine.allowed_variables(("LONG", "SLURM_JOB_ID", "NOT_SET"), environment)

    assert taken == {"LONG": "x" * 1_000, "SLURM_JOB_ID": "17"}


def test_the_command_is_what_was_typed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    script = tmp_path / "src/train.py"
    typed = ["/usr/bin/python3", str(script), "--name", "two words", "/elsewhere/data.csv"]
    monkeypatch.setattr(sys, "orig_argv", typed)

    assert command_line(tmp_path) == "python3 src/train.py --name 'two words' /elsewhere/data.csv"

    monkeypatch.setattr(sys, "orig_argv", ["python", "-c", "x" * 9_000])
    assert len(command_line(None)) == 2_000


def test_a_notebook_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not interactive()
    monkeypatch.setitem(sys.modules, "ipykernel", sys)
    monkeypatch.setenv("JPY_SESSION_NAME", "/home/ada/Explore flights.ipynb")

    assert interactive()
    assert command_line(None) == "jupyter notebook 'Explore flights.ipynb'"
