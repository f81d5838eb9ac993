"""Pull requests on a host that answers as GitHub and GitLab are documented to."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest

from gitrack.registry.promotion.hosts.calls import HostTrouble
from gitrack.registry.promotion.hosts.opening import Request, open_request, page
from gitrack.registry.promotion.hosts.place import Host, host_of
from gitrack.registry.promotion.hosts.tokens import token_for

TOKEN = "ghp_thisisthesecret0123456789"
WANTED = Request(
    branch="promote/churn-v7-production",
    into="gitrack",
    title="churn v7 → production",
    text="| gate |\n| --- |\n",
)


class Answering(ThreadingHTTPServer):
    """Answers by a table of (method, path), and keeps what it was asked."""

    daemon_threads = True

    def __init__(self) -> None:
        self.answers: dict[tuple[str, str], list[tuple[int, Any]]] = {}
        self.asked: list[tuple[str, str, dict[str, str], Any]] = []
        self.delay = 0.0
        super().__init__(("127.0.0.1", 0), _Handler)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    server: Answering

    def _answer(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        body = json.loads(self.rfile.read(length)) if length else None
        path = urlsplit(self.path).path
        self.server.asked.append((self.command, self.path, dict(self.headers), body))
        time.sleep(self.server.delay)
        status, said = self.server.answers[self.command, path].pop(0)
        data = said if isinstance(said, bytes) else json.dumps(said).encode()
        self.send_response(status)
        if status == 302:
            self.send_header("Location", f"{self.server.address}/elsewhere")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_POST = do_PATCH = do_PUT = _answer  # noqa: N815 (http.server asks for these)

    def log_message(self, format: str, *args: object) -> None:
        """Not on the screen of the tests."""


@pytest.fixture
def server() -> Iterator[Answering]:
    running = Answering()
    thread = threading.Thread(target=running.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield running
    running.shutdown()
    running.server_close()
    thread.join()


def _github(server: Answering) -> Host:
    env = {"GITHUB_SERVER_URL": server.address, "GITHUB_API_URL": f"{server.address}/api/v3"}
    host = host_of(f"{server.address}/acme/models.git", environment=env)
    assert host is not None
    return host


def _gitlab(server: Answering) -> Host:
    env = {"CI_SERVER_URL": server.address}
    host = host_of(f"{server.address}/acme/ml/models.git", environment=env)
    assert host is not None
    return host


PULLS = "/api/v3/repos/acme/models/pulls"
MERGES = "/api/v4/projects/acme%2Fml%2Fmodels/merge_requests"


def test_github_opens_a_pull_request(server: Answering):
    made = {"number": 12, "html_url": f"{server.address}/acme/models/pull/12"}
    server.answers["POST", PULLS] = [(201, made)]

    assert open_request(_github(server), TOKEN, WANTED) == made["html_url"]
    ((_, _, headers, body),) = server.asked
    assert headers["Authorization"] == f"Bearer {TOKEN}"
    assert headers["Accept"] == "application/vnd.github+json"
    assert body == {
        "title": "churn v7 → production",
        "body": WANTED.text,
        "head": "promote/churn-v7-production",
        "base": "gitrack",
        "draft": False,
    }


def test_github_has_one_already_which_gets_the_new_text(server: Answering):
    refused = {
        "message": "Validation Failed",
        "errors": [
            {
                "resource": "PullRequest",
                "code": "custom",
                "message": "A pull request already exists for acme:promote/churn-v7-production.",
            }
        ],
    }
    there = {"number": 9, "html_url": f"{server.address}/acme/models/pull/9"}
    server.answers["POST", PULLS] = [(422, refused)]
    server.answers["GET", PULLS] = [(200, [there])]
    server.answers["PATCH", f"{PULLS}/9"] = [(200, there)]

    assert open_request(_github(server), TOKEN, WANTED) == there["html_url"]
    asked = parse_qs(urlsplit(server.asked[1][1]).query)
    assert asked["head"] == ["acme:promote/churn-v7-production"]
    assert server.asked[2][3] == {"title": WANTED.title, "body": WANTED.text}


def test_github_without_drafts_gets_one_by_its_title(server: Answering):
    refused = {"message": "Draft pull requests are not supported in this repository."}
    made = {"number": 1, "html_url": "https://github.com/acme/models/pull/1"}
    server.answers["POST", PULLS] = [(422, refused), (201, made)]
    draft = msgspec.structs.replace(WANTED, draft=True)

    assert open_request(_github(server), TOKEN, draft) == made["html_url"]
    assert [asked[3]["draft"] for asked in server.asked] == [True, False]
    assert server.asked[1][3]["title"] == "Draft: churn v7 → production"


def test_gitlab_opens_a_merge_request(server: Answering):
    made = {"iid": 3, "web_url": f"{server.address}/acme/ml/models/-/merge_requests/3"}
    server.answers["POST", MERGES] = [(201, made)]
    draft = msgspec.structs.replace(WANTED, draft=True)

    assert open_request(_gitlab(server), TOKEN, draft) == made["web_url"]
    body = server.asked[0][3]
    assert body["source_branch"] == "promote/churn-v7-production"
    assert body["target_branch"] == "gitrack"
    assert body["title"] == "Draft: churn v7 → production"
    assert body["description"] == WANTED.text


def test_gitlab_has_one_already(server: Answering):
    refused = {"message": ["Another open merge request already exists for this source branch: !3"]}
    there = {"iid": 3, "web_url": f"{server.address}/acme/ml/models/-/merge_requests/3"}
    server.answers["POST", MERGES] = [(409, refused)]
    server.answers["GET", MERGES] = [(200, [there])]
    server.answers["PUT", f"{MERGES}/3"] = [(200, there)]

    assert open_request(_gitlab(server), TOKEN, WANTED) == there["web_url"]
    assert server.asked[2][3]["description"] == WANTED.text


@pytest.mark.parametrize(
    ("status", "said", "words"),
    [
        (401, {"message": "Bad credentials"}, "says 401: Bad credentials"),
        (403, {"message": "Resource not accessible by integration"}, "may not open"),
        (404, {"message": "Not Found"}, "does not see this repository"),
        (422, {"message": "Validation Failed", "errors": [{"message": "no base"}]}, "no base"),
        (502, b"<html>Bad gateway</html>", "says 502"),
        (201, b"<html>Hello</html>", "something else than JSON"),
        (201, {"number": 1}, "without the address"),
        (201, {"html_url": "javascript:alert(1)"}, "without the address"),
        (302, b"", "says 302"),
    ],
)
def test_what_a_host_refuses_is_said_without_the_token(
    server: Answering, status: int, said: object, words: str
):
    server.answers["POST", PULLS] = [(status, said)]
    with pytest.raises(HostTrouble) as caught:
        open_request(_github(server), TOKEN, WANTED)
    assert words in str(caught.value)
    assert TOKEN not in repr(caught.value) + str(caught.value.__context__)
    assert len(server.asked) == 1


def test_a_host_that_does_not_answer_is_not_waited_for(server: Answering):
    server.answers["POST", PULLS] = [(201, {})]
    server.delay = 1.0
    with pytest.raises(HostTrouble, match=r"did not answer within 0\.2 s"):
        open_request(_github(server), TOKEN, WANTED, seconds=0.2)
    gone = msgspec.structs.replace(_github(server), api="http://127.0.0.1:9/api")
    with pytest.raises(HostTrouble, match="cannot be reached"):
        open_request(gone, TOKEN, WANTED)


@pytest.mark.parametrize(
    ("url", "kind", "web", "project"),
    [
        ("https://github.com/acme/models.git", "github", "https://github.com/acme/models", ""),
        ("git@github.com:acme/models.git", "github", "https://github.com/acme/models", ""),
        (
            "ssh://git@ssh.github.com:443/acme/models",
            "github",
            "https://github.com/acme/models",
            "",
        ),
        ("https://x:secret@github.com/acme/models", "github", "https://github.com/acme/models", ""),
        ("git@gitlab.com:acme/ml/m.git", "gitlab", "https://gitlab.com/acme/ml/m", "acme/ml/m"),
        ("https://GitLab.com/acme/m/", "gitlab", "https://gitlab.com/acme/m", "acme/m"),
        ("git@git.corp:a/b.git", None, "", ""),
        ("https://github.com.evil.org/acme/models", None, "", ""),
        ("https://github.com/acme", None, "", ""),
        ("https://github.com/acme/../models", None, "", ""),
        ("/srv/git/models.git", None, "", ""),
        ("C:/git/models.git", None, "", ""),
        ("file:///srv/models.git", None, "", ""),
        ("https://github.com/acme/mod els", None, "", ""),
    ],
)
def test_the_host_is_found_from_the_url(url: str, kind: str | None, web: str, project: str):
    host = host_of(url, environment={})
    if kind is None:
        assert host is None
        return
    assert host is not None
    assert (host.kind, host.web) == (kind, web)
    assert host.project == (project or "acme/models")
    assert "secret" not in repr(host)


def test_a_host_of_ones_own_is_known_by_the_environment_or_the_settings():
    url = "git@git.corp:acme/models.git"
    by_environment = host_of(url, environment={"GH_HOST": "git.corp"})
    assert by_environment is not None
    assert by_environment.api == "https://git.corp/api/v3"
    by_settings = host_of(url, chosen="gitlab", environment={})
    assert by_settings is not None
    assert by_settings.api == "https://git.corp/api/v4"
    below = host_of(
        "https://git.corp/lab/a/b", environment={"CI_SERVER_URL": "https://git.corp/lab"}
    )
    assert below is not None
    assert (below.project, below.web) == ("a/b", "https://git.corp/lab/a/b")


def test_a_token_goes_to_no_stranger(tmp_path):
    env = {"GITHUB_TOKEN": TOKEN, "GITLAB_TOKEN": TOKEN, "PATH": str(tmp_path)}
    github = host_of("git@github.com:acme/models", environment={})
    stranger = host_of("git@git.corp:acme/models", chosen="github", environment={})
    assert github is not None
    assert stranger is not None
    assert token_for(github, env) == TOKEN
    assert token_for(stranger, env) is None
    plain = msgspec.structs.replace(github, api="http://github.com/api")
    assert token_for(plain, env) is None
    assert token_for(github, {"GH_TOKEN": "two\nlines", "PATH": str(tmp_path)}) is None


def test_what_gh_keeps_for_a_host_is_used_for_it(tmp_path):
    program = tmp_path / "gh"
    program.write_text(
        '#!/bin/sh\n[ "$*" = "auth token --hostname git.corp" ] || exit 1\n'
        'echo "kept${GH_TOKEN}${GH_ENTERPRISE_TOKEN}"\n'
    )
    program.chmod(0o755)
    host = host_of("git@git.corp:acme/models", chosen="github", environment={})
    other = host_of("git@github.com:acme/models", environment={})
    assert host is not None
    assert other is not None
    env = {"PATH": str(tmp_path), "GH_ENTERPRISE_TOKEN": "no"}
    assert token_for(host, env) == "kept"
    assert token_for(other, env) is None


@pytest.mark.parametrize("url", ["git@github.com:acme/models", "git@gitlab.com:acme/models"])
def test_the_address_to_open_is_filled_in_and_not_too_long(url: str):
    host = host_of(url, environment={})
    assert host is not None
    long = msgspec.structs.replace(WANTED, text="| é & # ? |\n" * 5000)
    address = page(host, long)
    assert len(address) <= 6000
    query = parse_qs(urlsplit(address).query)
    body = query.get("body") or query["merge_request[description]"]
    assert body[0].startswith("| é & # ? |\n")
    assert body[0].endswith("…")
    if host.kind == "github":
        assert "/compare/gitrack...promote%2Fchurn-v7-production?quick_pull=1&" in address
        assert query["title"] == [WANTED.title]
    else:
        assert query["merge_request[source_branch]"] == [WANTED.branch]
        assert query["merge_request[target_branch]"] == ["gitrack"]
