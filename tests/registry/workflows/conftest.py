"""A project with a model, its repository on a host, and pull requests to its tracking branch."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from gitrack.model.registered import ModelVersion, RegisteredModel
from gitrack.model.run import Artifact, Code, Run, RunBundle, Status
from gitrack.registry.opened import OpenRegistry, open_registry
from gitrack.store.codec.records import dump_record
from gitrack.tracking.place import find_place

Git = Callable[..., str]

POLICY = """\
models:
  churn:
    owners: ['@acme/risk']
    releases: {tags: gto, stages: [staging]}
    stages:
      staging:
        gates: [{metric: auc, at_least: 0.88}]
"""


class Host(ThreadingHTTPServer):
    """GitHub's API as far as a job asks: answers by method and path, and remembers."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers: dict[str, tuple[int, Any]] = {}
        self.asked: list[tuple[str, dict[str, str], Any]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    server: Host

    def _answer(self) -> None:
        sent = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        line = f"{self.command} {urlsplit(self.path).path}"
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.asked.append(
            (f"{self.command} {self.path}", headers, json.loads(sent) if sent else None)
        )
        code, answer = self.server.answers.get(line, (404, {"message": "Not Found"}))
        body = b"" if answer is None else json.dumps(answer).encode()
        self.send_response(code)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_PATCH = do_PUT = _answer  # noqa: N815  # names that the server asks for

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def host() -> Iterator[Host]:
    server = Host()
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def _run(number: int, auc: float, commit: str) -> Run:
    return Run(
        id=f"2026010{number}-120000-aaaaa{number}",
        name=f"xgb-{number}",
        experiment="churn-weather-20260101",
        status=Status.FINISHED,
        started=f"2026-01-0{number}T12:00:00.000Z",
        ended=f"2026-01-0{number}T12:05:00.000Z",
        author="Ada Example <ada@example.com>",
        metrics={"auc": auc},
        code=Code(commit=commit, branch="main", dirty=False),
        artifacts=[Artifact(path="model", kind="model", flavor="sklearn")],
    )


class World:
    """`repo` is a clone; `bare` is what the host has, at `SERVER/acme/churn`."""

    def __init__(self, folder: Path, repo: Path, git: Git) -> None:
        self.server = folder / "server"
        self.bare = self.server / "acme" / "churn"
        self.repo = repo
        self.git = git
        git(folder, "init", "-q", "--bare", "-b", "main", str(self.bare))
        # a host gives commits of pull requests from forks, which no branch holds
        git(self.bare, "config", "uploadpack.allowAnySHA1InWant", "true")
        git(repo, "remote", "add", "origin", f"file://{self.bare}")

    def opened(self) -> OpenRegistry:
        return open_registry(find_place(self.repo))

    def publish(self) -> None:
        self.git(self.repo, "push", "-q", "origin", "main", "gitrack")
        self.git(self.repo, "fetch", "-q", "origin")

    def pull_request(self, branch: str, number: int = 7) -> str:
        """What the host shows as `refs/pull/<number>/head`; its commit."""
        self.git(self.repo, "push", "-q", "origin", f"{branch}:refs/pull/{number}/head")
        return self.git(self.repo, "rev-parse", branch)


@pytest.fixture
def world(tmp_path: Path, repo: Path, git: Git) -> World:
    world = World(tmp_path, repo, git)
    (repo / ".tracking").mkdir()
    (repo / ".tracking/config.yaml").write_text("project: churn\n")
    (repo / ".tracking/policy.yaml").write_text(POLICY)
    git(repo, "add", ".tracking")
    git(repo, "commit", "-qm", "policy")
    opened = world.opened()
    commit = git(repo, "rev-parse", "HEAD")
    runs = {1: _run(1, 0.91, commit), 2: _run(2, 0.80, commit)}
    opened.store.commit_runs([RunBundle(run=run) for run in runs.values()])
    files: dict[str, bytes | None] = {
        f"registry/churn/versions/{number}.yaml": dump_record(
            ModelVersion(version=number, run=run.id, created=run.ended)
        )
        for number, run in runs.items()
    }
    files["registry/churn/model.yaml"] = dump_record(RegisteredModel(name="churn"))
    opened.branch.commit(files, "model churn: two versions")
    world.publish()
    return world


@pytest.fixture
def installed() -> Callable[[Path], None]:
    """`installed(venv)` puts this gitrack where a workflow installs one."""

    def install(venv: Path) -> None:
        (venv / "bin").mkdir(parents=True)
        command = venv / "bin" / "gitrack"
        command.write_text(
            f"#!{sys.executable}\nimport sys\nfrom gitrack.cli.main import main\nsys.exit(main())\n"
        )
        command.chmod(0o755)

    return install
