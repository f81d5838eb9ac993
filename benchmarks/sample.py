"""Made-up runs of a real size, and repositories that hold many of them."""

from __future__ import annotations

import random
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

_START = datetime(2024, 1, 1, tzinfo=UTC)


def run_files(number: int, *, steps: int = 500, total: int = 10_000) -> dict[str, bytes]:
    """The files of one run: 25 params, 15 metrics, 10 tags, two curves of so many steps.

    `total` runs are spread over a year, so their folders are as full as real ones.
    """
    chance = random.Random(number)
    when = _START + timedelta(seconds=(number % total) * 365 * 86400 // total)
    id = f"{when:%Y%m%d-%H%M%S}-{chance.getrandbits(30):06x}"
    folder = f"runs/experiment-00/{when:%Y-%m}/{when:%d}/{id}"
    files = {f"{folder}/run.yaml": _record(id, when, chance)}
    if steps:
        files[f"{folder}/history.tsv"] = _history(steps, chance)
    return files


def _record(id: str, when: datetime, chance: random.Random) -> bytes:
    lines = ["format: 1", f'id: "{id}"', f'name: "calm-otter-{chance.randrange(9999)}"']
    lines += ['experiment: "experiment-00"', 'status: "finished"']
    lines += [f'started: "{when:%Y-%m-%dT%H:%M:%S.000Z}"', 'author: "Ada <ada@example.com>"']
    lines += ["params:"] + [f"  group.p{n:02}: {chance.randint(0, 999)}" for n in range(25)]
    lines += ["metrics:"] + [f"  val_metric_{n:02}: {chance.random():.7g}" for n in range(15)]
    words = ["vision", "nlp", "speech", "baseline"]
    lines += ["tags:"] + [f'  tag_{n}: "{chance.choice(words)}"' for n in range(10)]
    lines += ["code:", f'  commit: "{chance.getrandbits(160):040x}"', '  branch: "main"']
    lines += ["data:", '- name: "train"', f'  dvc: "md5:{chance.getrandbits(128):032x}"']
    lines += ["environment:", '  python: "3.11.7"']
    lines += [f'  packages: "sha256:{chance.getrandbits(256):064x}"']
    return ("\n".join(lines) + "\n").encode()


def _history(steps: int, chance: random.Random) -> bytes:
    first = second = 2.3
    rows = ["step\ttrain/loss\tval/loss"]
    for step in range(steps):
        first = first * 0.995 + chance.gauss(0, 0.02)
        second = second * 0.995 + chance.gauss(0, 0.02)
        rows.append(f"{step}\t{first:.7g}\t{second:.7g}")
    return ("\n".join(rows) + "\n").encode()


def make_repository(folder: Path, runs: int, *, steps: int = 500, one_commit: bool = False) -> Path:
    """A repository with so many runs on its tracking branch, a commit each, after gc."""
    subprocess.run(["git", "init", "-q", str(folder)], check=True)
    for name, value in (("user.name", "Ada"), ("user.email", "ada@example.com"), ("gc.auto", "0")):
        subprocess.run(["git", "-C", str(folder), "config", name, value], check=True)
    command = ["git", "-C", str(folder), "fast-import", "--quiet", "--date-format=raw"]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as process:
        assert process.stdin is not None
        for number in range(runs):
            if number == 0 or not one_commit:
                process.stdin.write(
                    b"commit refs/heads/gitrack\ncommitter Ada <ada@example.com> "
                    b"%d +0000\ndata 3\nrun\n" % (1_735_689_600 + number)
                )
            for path, data in run_files(number, steps=steps, total=max(runs, 1)).items():
                process.stdin.write(
                    b"M 100644 inline %s\ndata %d\n%s\n" % (path.encode(), len(data), data)
                )
    subprocess.run(["git", "-C", str(folder), "gc", "--quiet"], check=True)
    return folder


def new_run(number: int, *, steps: int = 500, total: int = 10_000) -> dict[str, bytes]:
    """A run that is in no made repository, on the last day of its year."""
    return run_files(total - 1 + (number + 1) * total * 1000, steps=steps, total=total)
