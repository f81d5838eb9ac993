"""One comment on a pull request, whoever else writes there; hosts as they document themselves."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from gitrack.registry.check.comment import MARK, write_comment
from gitrack.registry.check.findings import Checked, Finding
from gitrack.registry.check.reviews import PullRequest
from gitrack.registry.promotion.hosts.calls import HostTrouble

ME, OTHER = 41898282, 7


class Host:
    """What a host keeps of one pull request. `app` is a token of a job, which has no user."""

    def __init__(self, kind: str, *, app: bool = False) -> None:
        self.kind = kind
        self.app = app
        self.notes: list[dict[str, Any]] = []
        self.asked: list[tuple[str, str, str | None]] = []
        self.fail: dict[str, int] = {}

    def add(self, body: str, author: int = ME, *, bot: bool = False) -> None:
        who = {"id": author, "login": "x", "type": "Bot" if bot else "User"}
        key = "user" if self.kind == "github" else "author"
        self.notes.append({"id": len(self.notes) + 1, "body": body, key: who, "system": False})

    def answer(self, method: str, path: str, body: dict[str, Any] | None) -> tuple[int, Any]:
        if method in self.fail:
            return self.fail[method], {"message": "no"}
        place, _, query = path.partition("?")
        if place.endswith("/user"):
            return (403, {"message": "Resource not accessible"}) if self.app else (200, {"id": ME})
        if method == "GET":
            page = int(dict(part.split("=") for part in query.split("&"))["page"])
            return 200, self.notes[100 * (page - 1) : 100 * page]
        assert body is not None
        if method == "POST":
            self.add(body["body"], bot=self.app)
            note = self.notes[-1]
        else:
            assert method == ("PUT" if self.kind == "gitlab" else "PATCH")
            note = next(each for each in self.notes if each["id"] == int(place.rpartition("/")[2]))
            note["body"] = body["body"]
        link = {"html_url": f"https://host/c{note['id']}"} if self.kind == "github" else {}
        return 201 if method == "POST" else 200, {**note, **link}


class Running:
    """A host on this machine."""

    def __init__(self, host: Host) -> None:
        self.host = host

        class Handler(BaseHTTPRequestHandler):
            def _any(self) -> None:
                size = int(self.headers.get("Content-Length") or 0)
                body = json.loads(self.rfile.read(size)) if size else None
                token = self.headers.get("Authorization") or self.headers.get("PRIVATE-TOKEN")
                host.asked.append((self.command, self.path, token))
                code, answer = host.answer(self.command, self.path, body)
                data = json.dumps(answer).encode()
                self.send_response(code)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, format: str, *args: object) -> None:
                """Silent."""

        for method in ("GET", "POST", "PATCH", "PUT"):
            setattr(Handler, f"do_{method}", Handler._any)
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def pull(self) -> PullRequest:
        kind = self.host.kind
        return PullRequest(
            host="github" if kind == "github" else "gitlab",
            api=f"http://127.0.0.1:{self.server.server_address[1]}",
            project="team/risk" if kind == "github" else "team/sub/risk",
            number=7,
            token="secret",
        )

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture(params=["github", "github-app", "gitlab"])
def running(request: pytest.FixtureRequest) -> Iterator[Running]:
    kind, _, app = request.param.partition("-")
    running = Running(Host(kind, app=bool(app)))
    yield running
    running.stop()


def judged(*says: str) -> Checked:
    return Checked(
        base="b" * 40,
        head="a" * 40,
        merge_base="b" * 40,
        base_name="origin/gitrack",
        head_name="#7",
        policy=None,
        findings=[Finding(rule="x", says=each, do="mend it") for each in says],
        promotions=[],
        reverted=[],
        counts={},
    )


def test_the_first_comment_is_written_and_then_updated(running: Running) -> None:
    running.host.add("looks good to me", OTHER)
    write_comment(running.pull(), judged("too big"))
    assert len(running.host.notes) == 2
    assert running.host.notes[1]["body"].startswith(f"{MARK}\n## gitrack check: refused")
    write_comment(running.pull(), judged())
    assert len(running.host.notes) == 2
    assert running.host.notes[1]["body"].startswith(f"{MARK}\n## gitrack check: passed")
    assert all(token in ("Bearer secret", "secret") for _, _, token in running.host.asked)


def test_nothing_is_sent_where_nothing_changed(running: Running) -> None:
    write_comment(running.pull(), judged("too big"))
    before = len(running.host.asked)
    write_comment(running.pull(), judged("too big"))
    assert {method for method, _, _ in running.host.asked[before:]} == {"GET"}


def test_a_mark_of_somebody_else_is_left_alone(running: Running) -> None:
    forged = f"{MARK}\n## gitrack check: passed"
    running.host.add(forged, OTHER)
    write_comment(running.pull(), judged("too big"))
    assert running.host.notes[0]["body"] == forged
    assert len(running.host.notes) == 2


def test_a_mark_within_a_comment_is_no_mark(running: Running) -> None:
    running.host.add(f"I saw {MARK}", ME, bot=True)
    write_comment(running.pull(), judged())
    assert len(running.host.notes) == 2


def test_ours_is_found_on_a_later_page(running: Running) -> None:
    for number in range(130):
        running.host.add(f"remark {number}", OTHER)
    write_comment(running.pull(), judged("too big"))
    write_comment(running.pull(), judged())
    assert len(running.host.notes) == 131


@pytest.mark.parametrize("code", [401, 403, 404, 500, 302])
def test_a_host_that_refuses(running: Running, code: int) -> None:
    running.host.fail["POST"] = code
    with pytest.raises(HostTrouble, match=f"answered {code}") as error:
        write_comment(running.pull(), judged())
    assert "secret" not in str(error.value)


def test_a_host_that_is_not_there(running: Running) -> None:
    pull = running.pull()
    running.stop()
    with pytest.raises(HostTrouble, match="cannot be reached"):
        write_comment(pull, judged())
