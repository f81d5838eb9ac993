"""A process that commits, for the tests of races and kills. Not a test itself.

committer.py race FOLDER NAME COUNT       COUNT commits; prints "path commit" of each
committer.py loop FOLDER NAME SECONDS     as many as go into SECONDS
committer.py kill FOLDER KILLS SEED       forks writers, kills them at random moments;
                                          prints "path commit" of each acknowledged commit
"""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from pathlib import Path

from gitrack.store.git.branch import GitBranch
from gitrack.store.git.repository import Repository


def commit(branch: GitBranch, name: str, number: int) -> str:
    path = f"runs/experiment/2024-10/22/{name}-{number}"
    made = branch.commit(
        {f"{path}/run.yaml": f"id: {name}-{number}\n".encode() * 40, f"{path}/n": b"%d" % number},
        f"run {name}-{number}: finished\n\nRun: {name}-{number}\n",
    )
    return f"{path}/run.yaml {made}\n"


def race(folder: Path, name: str, count: int) -> None:
    branch = GitBranch(Repository.discover(folder))
    for number in range(count):
        sys.stdout.write(commit(branch, name, number))


def loop(folder: Path, name: str, seconds: float) -> None:
    branch = GitBranch(Repository.discover(folder))
    number, end = 0, time.monotonic() + seconds
    while time.monotonic() < end:
        sys.stdout.write(commit(branch, name, number))
        number += 1


def start_writer(folder: Path, name: str) -> int:
    child = os.fork()
    if child:
        return child
    os.setsid()
    try:
        branch = GitBranch(Repository.discover(folder))
        number = 0
        while True:
            os.write(1, commit(branch, name, number).encode())
            number += 1
    finally:
        os._exit(1)


def kill(folder: Path, kills: int, seed: int) -> None:
    chance = random.Random(seed)
    writers = [start_writer(folder, f"first{n}") for n in range(3)]
    for n in range(kills):
        time.sleep(chance.random() * 0.06)
        victim = writers.pop(0)
        os.kill(victim, signal.SIGKILL)
        os.waitpid(victim, 0)
        writers.append(start_writer(folder, f"later{n}"))
    time.sleep(0.1)
    for victim in writers:
        os.kill(victim, signal.SIGKILL)
        os.waitpid(victim, 0)


if __name__ == "__main__":
    mode, place, *rest = sys.argv[1:]
    if mode == "race":
        race(Path(place), rest[0], int(rest[1]))
    elif mode == "loop":
        loop(Path(place), rest[0], float(rest[1]))
    else:
        kill(Path(place), int(rest[0]), int(rest[1]))
