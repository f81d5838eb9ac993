"""The machine a run has: what its container and affinity leave of it, not what is built in."""

from __future__ import annotations

import importlib.util
import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from gitrack.model.run import Environment

#: Where container tools and CI systems say which image they run, the surest first.
IMAGE_VARIABLES = (
    "GITRACK_IMAGE",
    "CONTAINER_IMAGE",
    "DOCKER_IMAGE",
    "CI_JOB_IMAGE",
    "APPTAINER_CONTAINER",
    "SINGULARITY_CONTAINER",
)
_LONGEST_VALUE = 1000


def describe_machine(root: Path = Path("/")) -> Environment:
    """All of an Environment but packages and variables. `root` is where /proc and /sys are."""
    return Environment(
        python=platform.python_version(),
        image=container_image(root),
        os=operating_system(root),
        host=platform.node() or None,
        cpu=cpu_model(root),
        cores=cores(root),
        memory=memory(root),
        gpu=gpus(),
    )


def allowed_variables(names: Iterable[str], environment: Mapping[str, str]) -> dict[str, str]:
    """The environment variables that the settings name, and no other."""
    return {
        name: environment[name][:_LONGEST_VALUE] for name in sorted(names) if name in environment
    }


def container_image(root: Path) -> str | None:
    """The image, where the container tells."""
    for name in IMAGE_VARIABLES:
        if value := os.environ.get(name):
            # Apptainer gives the path of a file on this machine: its name is what travels
            return Path(value).name if value.startswith("/") else value
    match = re.search(r'^image="(.*)"$', _text(root / "run/.containerenv"), re.MULTILINE)
    return match[1] or None if match else None


def operating_system(root: Path) -> str:
    """`Debian GNU/Linux 12 (bookworm), Linux 6.1 x86_64`."""
    kernel = f"{platform.system()} {platform.release()} {platform.machine()}".strip()
    pretty = re.search(r'^PRETTY_NAME="?([^"\n]*)"?$', _text(root / "etc/os-release"), re.MULTILINE)
    return f"{pretty[1]}, {kernel}" if pretty else kernel


def cpu_model(root: Path) -> str | None:
    """The name its maker gave it."""
    match = re.search(r"^(?:model name|Model)\s*:\s*(.+)$", _text(root / "proc/cpuinfo"), re.M)
    if match:
        return " ".join(match[1].split())
    if sys.platform == "darwin":
        return _first_line("sysctl", "-n", "machdep.cpu.brand_string")
    return os.environ.get("PROCESSOR_IDENTIFIER") or platform.machine() or None


def cores(root: Path) -> int | None:
    """How many cores this process may keep busy: its affinity and its container's quota."""
    if sys.platform == "linux":
        count = len(os.sched_getaffinity(0))
    else:
        count = os.cpu_count() or 0
    quota = _cpu_quota(root)
    if quota is not None:
        count = min(count, max(1, round(quota + 0.499)))
    return count or None


def memory(root: Path) -> int | None:
    """Bytes of memory that this process may use: the machine's or its container's."""
    import psutil

    total = int(psutil.virtual_memory().total)
    for group in _groups(root, "memory"):
        for name in ("memory.max", "memory.limit_in_bytes"):
            text = _text(group / name).strip()
            if text.isdigit():
                total = min(total, int(text))
    return total


def gpus() -> str | None:
    """`2 x NVIDIA A10G, 24 GB`; None without one, or without the driver's tools."""
    names = _gpus_by_nvml() or _gpus_by_command()
    counted = {name: names.count(name) for name in names}
    return (
        " + ".join(f"{n} x {name}" if n > 1 else name for name, n in counted.items())
        if counted
        else None
    )


def _gpus_by_nvml() -> list[str]:
    if importlib.util.find_spec("pynvml") is None:
        return []
    import pynvml

    try:
        pynvml.nvmlInit()
        found = []
        for index in range(pynvml.nvmlDeviceGetCount()):
            device = pynvml.nvmlDeviceGetHandleByIndex(index)
            name = pynvml.nvmlDeviceGetName(device)
            size = pynvml.nvmlDeviceGetMemoryInfo(device).total
            found.append(_gpu(name.decode() if isinstance(name, bytes) else name, size / 2**30))
    except pynvml.NVMLError:
        return []  # no driver: the ordinary case on a machine without a GPU
    return found


def _gpus_by_command() -> list[str]:
    if shutil.which("nvidia-smi") is None:
        return []
    query = ["--query-gpu=name,memory.total", "--format=csv,noheader,nounits"]
    found = []
    for line in _run("nvidia-smi", *query).splitlines():
        name, _, size = line.rpartition(",")
        if name and size.strip().isdigit():
            found.append(_gpu(name.strip(), int(size) / 1024))
    return found


def _gpu(name: str, gigabytes: float) -> str:
    return f"{name}, {gigabytes:.0f} GB"


def _cpu_quota(root: Path) -> float | None:
    quotas = []
    for group in _groups(root, "cpu"):
        limit, _, period = _text(group / "cpu.max").strip().partition(" ")
        if not limit:
            limit = _text(group / "cpu.cfs_quota_us").strip()
            period = _text(group / "cpu.cfs_period_us").strip()
        if limit.isdigit() and period.isdigit() and int(period):
            quotas.append(int(limit) / int(period))
    return min(quotas, default=None)


def _groups(root: Path, controller: str) -> list[Path]:
    """The folders of this process's control group and of all above it, version 2 or 1."""
    mounted = root / "sys/fs/cgroup"
    folders = [mounted, mounted / controller]
    for line in _text(root / "proc/self/cgroup").splitlines():
        number, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if number != "0" and controller not in controllers.split(","):
            continue
        folder = mounted if number == "0" else mounted / controller
        for part in path.strip("/").split("/"):
            if part not in ("", ".", ".."):
                folder = folder / part
                folders.append(folder)
    return folders


def _text(path: Path) -> str:
    """A small file of the system; empty where this system has none such."""
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""


def _first_line(*command: str) -> str | None:
    return _run(*command).partition("\n")[0].strip() or None


def _run(*command: str) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout if done.returncode == 0 else ""
