"""Who approved on the host, asked of a server that answers as GitHub and GitLab document it."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest

from gitrack.registry.check.reviews import (
    PullRequest,
    pull_request_of,
    reviews_of,
)
from gitrack.registry.promotion.hosts.calls import HostTrouble

HEAD = "a" * 40
OLDER = "b" * 40


class Host(ThreadingHTTPServer):
    """Answers by path; lists come in pages as `per_page` and `page` ask."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers: dict[str, Any] = {}
        self.asked: list[tuple[str, dict[str, str]]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    server: Host

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        self.server.asked.append((self.path, {k.lower(): v for k, v in self.headers.items()}))
        answer = self.server.answers.get(parts.path)
        if answer is None:
            return self._send(404, b'{"message": "Not Found"}')
        if isinstance(answer, tuple):
            return self._send(*answer)
        query = parse_qs(parts.query)
        if isinstance(answer, list) and "page" in query:
            size, page = int(query["per_page"][0]), int(query["page"][0])
            answer = answer[size * (page - 1) : size * page]
        return self._send(200, json.dumps(answer).encode())

    def _send(self, code: int, body: bytes, location: str | None = None) -> None:
        self.send_response(code)
        if location:
            self.send_header("Location", location)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def host() -> Iterator[Host]:
    server = Host()
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()


def _review(login: str, state: str = "APPROVED", commit: str = HEAD, **more: Any) -> dict[str, Any]:
    review = {
        "id": 80,
        "user": {"login": login, "id": 1, "type": "User"},
        "body": "Looks good",
        "state": state,
        "commit_id": commit,
        "submitted_at": "2026-11-17T17:43:43Z",
        "author_association": "COLLABORATOR",
    }
    return {**review, **more}


REVIEWS = "/repos/acme/churn/pulls/7/reviews"
Ask = Callable[[list[dict[str, Any]]], Any]


@pytest.fixture
def github(host: Host) -> Ask:
    def ask(reviews: list[dict[str, Any]]) -> Any:
        host.answers[REVIEWS] = reviews
        pull = PullRequest(
            host="github", api=host.url, project="acme/churn", number=7, token="secret"
        )
        return reviews_of(pull, HEAD)

    return ask


def test_approvals_of_the_judged_commit_count(github: Ask, host: Host) -> None:
    found = github([_review("jane"), _review("Omar", author_association="OWNER")])

    assert [(a.by, a.source) for a in found.approvals] == [
        ("@jane", "GitHub acme/churn#7"),
        ("@Omar", "GitHub acme/churn#7"),
    ]
    assert found.ignored == []
    (path, headers) = host.asked[0]
    assert path == f"{REVIEWS}?per_page=100&page=1"
    assert headers["authorization"] == "Bearer secret"


@pytest.mark.parametrize(
    ("reviews", "said"),
    [
        ([_review("jane", commit=OLDER)], "@jane approved bbbbbbbbbbbb, which is not what"),
        ([_review("jane", state="DISMISSED")], "dismissed"),
        ([_review("jane"), _review("jane", state="CHANGES_REQUESTED")], "asks for changes"),
        ([_review("JANE"), _review("jane", state="CHANGES_REQUESTED")], "asks for changes"),
        ([_review("eve", author_association="NONE")], "does not belong to the repository"),
        ([_review("eve", author_association="CONTRIBUTOR")], "does not belong to the repository"),
        ([_review("ci[bot]", user={"login": "ci[bot]", "type": "Bot"})], "is a program"),
    ],
)
def test_what_does_not_count_says_why(
    github: Ask, reviews: list[dict[str, Any]], said: str
) -> None:
    found = github(reviews)

    assert found.approvals == []
    (why,) = found.ignored
    assert said in why


def test_the_last_word_of_each_counts_and_remarks_take_none_back(github: Ask) -> None:
    found = github(
        [
            _review("jane", state="CHANGES_REQUESTED"),
            _review("jane"),
            _review("jane", state="COMMENTED", commit=OLDER),
            _review("omar", state="COMMENTED"),
            _review("pia", state="PENDING"),
            _review("ghost", user=None),
        ]
    )

    assert [approval.by for approval in found.approvals] == ["@jane"]


def test_all_pages_are_read(github: Ask, host: Host) -> None:
    found = github(
        [_review(f"p{n}") for n in range(230)] + [_review("p3", state="CHANGES_REQUESTED")]
    )

    assert len(found.approvals) == 229
    assert [path.rpartition("=")[2] for path, _ in host.asked] == ["1", "2", "3"]


@pytest.mark.parametrize(
    "answer",
    [(403, b"{}"), (500, b""), (200, b"<html>"), (200, b'{"a": 1}'), (200, b"[1]")],
)
def test_no_answer_is_an_error_and_no_empty_list(host: Host, answer: tuple[int, bytes]) -> None:
    host.answers[REVIEWS] = answer
    pull = PullRequest(host="github", api=host.url, project="acme/churn", number=7)

    with pytest.raises(HostTrouble):
        reviews_of(pull, HEAD)


def test_the_token_follows_no_redirection(host: Host) -> None:
    host.answers[REVIEWS] = (302, b"", f"{host.url}/elsewhere")
    host.answers["/elsewhere"] = []
    pull = PullRequest(host="github", api=host.url, project="acme/churn", number=7, token="secret")

    with pytest.raises(HostTrouble, match="302"):
        reviews_of(pull, HEAD)

    assert len(host.asked) == 1


def test_a_host_that_is_away_is_named() -> None:
    pull = PullRequest(host="github", api="http://127.0.0.1:9", project="acme/churn", number=7)

    with pytest.raises(HostTrouble, match="cannot be reached"):
        reviews_of(pull, HEAD)


BASE = "/projects/42/merge_requests/7"


def _approval(name: str, at: str | None = "2026-11-17T12:00:00.000Z", **user: Any) -> Any:
    return {"user": {"id": 1, "username": name, "state": "active", **user}, "approved_at": at}


@pytest.fixture
def gitlab(host: Host) -> Callable[..., Any]:
    def ask(approved: list[Any], versions: list[Any] | None = None) -> Any:
        host.answers[f"{BASE}/approvals"] = {"id": 5, "iid": 7, "approved_by": approved}
        host.answers[f"{BASE}/versions"] = versions or [
            {"id": 2, "head_commit_sha": HEAD, "created_at": "2026-11-17T11:00:00.000Z"},
            {"id": 1, "head_commit_sha": OLDER, "created_at": "2026-11-16T11:00:00.000Z"},
        ]
        pull = PullRequest(host="gitlab", api=host.url, project="42", number=7, token="secret")
        return reviews_of(pull, HEAD)

    return ask


def test_gitlab_approvals_since_the_last_push_count(gitlab: Callable[..., Any], host: Host) -> None:
    found = gitlab([_approval("jane"), _approval("omar", "2026-11-17T10:59:59.000Z")])

    assert [(a.by, a.source) for a in found.approvals] == [("@jane", "GitLab 42!7")]
    assert found.ignored == ["@omar approved before the last push"]
    assert host.asked[0][1]["authorization"] == "Bearer secret"


def test_gitlab_without_times_counts_only_where_nothing_was_pushed_since(
    gitlab: Callable[..., Any],
) -> None:
    once = [{"id": 1, "head_commit_sha": HEAD, "created_at": "2026-11-17T11:00:00.000Z"}]

    assert len(gitlab([_approval("jane", None)], once).approvals) == 1
    assert gitlab([_approval("jane", None)]).approvals == []


def test_gitlab_accounts_that_are_no_people_do_not_count(gitlab: Callable[..., Any]) -> None:
    found = gitlab([_approval("gone", state="blocked"), _approval("ci", bot=True)])

    assert found.approvals == []
    assert found.ignored == [
        "@gone approved, and the account is blocked",
        "@ci approved, and is a program",
    ]


def test_gitlab_that_has_moved_on_is_told(gitlab: Callable[..., Any]) -> None:
    with pytest.raises(HostTrouble, match="does not stand at aaaaaaaaaaaa"):
        gitlab(
            [_approval("jane")],
            [{"id": 1, "head_commit_sha": OLDER, "created_at": "2026-11-17T11:00:00.000Z"}],
        )


def test_a_job_knows_its_pull_request(tmp_path: Path) -> None:
    event = tmp_path / "event.json"
    event.write_text(json.dumps({"pull_request": {"number": 7, "head": {"sha": HEAD}}}))
    github = {
        "GITHUB_ACTIONS": "true",
        "GITHUB_EVENT_PATH": str(event),
        "GITHUB_REPOSITORY": "acme/churn",
        "GITHUB_API_URL": "https://git.example.com/api/v3",
        "GITHUB_TOKEN": "t",
    }
    gitlab = {
        "CI_MERGE_REQUEST_IID": "7",
        "CI_API_V4_URL": "https://gitlab.example.com/api/v4",
        "CI_PROJECT_ID": "42",
        "GITLAB_TOKEN": "t",
    }

    assert msgspec.structs.astuple(pull_request_of(github)) == (
        "github",
        "https://git.example.com/api/v3",
        "acme/churn",
        7,
        "t",
    )
    assert msgspec.structs.astuple(pull_request_of(gitlab)) == (
        "gitlab",
        "https://gitlab.example.com/api/v4",
        "42",
        7,
        "t",
    )
    assert pull_request_of({}) is None
    event.write_text(json.dumps({"ref": "refs/heads/gitrack"}))
    assert pull_request_of(github) is None
