"""Who may see a repository and its pages, as hosts say it."""

from __future__ import annotations

from typing import Any

import pytest

from gitrack.registry.promotion.hosts.place import Host
from gitrack.registry.promotion.hosts.visibility import Visibility, visibility
from tests.registry.promotion.test_hosts import Answering, _github, _gitlab, server

__all__ = ["server"]

REPOSITORY = "/api/v3/repos/acme/models"
PROJECT = "/api/v4/projects/acme%2Fml%2Fmodels"


def seen(host: Host, token: str | None = "t0ken") -> tuple[str | None, str | None]:
    found = visibility(host, token, seconds=5)
    return found.repository, found.pages


@pytest.mark.parametrize(
    ("repository", "pages", "told"),
    [
        ((200, {"private": False}), None, ("everybody", "everybody")),
        ((200, {"private": True}), (200, {"public": True}), ("some", "everybody")),
        ((200, {"private": True}), (200, {"public": False}), ("some", "some")),
        ((200, {"private": True}), (404, {"message": "Not Found"}), ("some", None)),
        ((200, {"private": True}), (200, {"public": "no"}), ("some", None)),
        ((404, {"message": "Not Found"}), None, (None, None)),
        ((200, {"private": "false"}), None, (None, None)),
        ((200, ["hostile"]), None, (None, None)),
        ((200, b"<html>"), None, (None, None)),
        ((302, {}), None, (None, None)),
    ],
)
def test_on_github(server: Answering, repository: Any, pages: Any, told: Any):
    server.answers["GET", REPOSITORY] = [repository]
    if pages:
        server.answers["GET", f"{REPOSITORY}/pages"] = [pages]

    assert seen(_github(server)) == told


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"visibility": "public", "pages_access_level": "enabled"}, ("everybody", None)),
        ({"visibility": "private", "pages_access_level": "public"}, ("some", "everybody")),
        # a server of one's own may not keep anybody out, and does not say so
        ({"visibility": "private", "pages_access_level": "private"}, ("some", None)),
        ({"visibility": "internal"}, ("some", None)),
        ({"visibility": 1}, (None, None)),
    ],
)
def test_on_gitlab(server: Answering, said: Any, told: Any):
    server.answers["GET", PROJECT] = [(200, said)]

    assert seen(_gitlab(server)) == told


def test_without_a_token_only_what_everybody_may_know(server: Answering):
    server.answers["GET", REPOSITORY] = [(200, {"private": False})]

    assert seen(_github(server), None) == ("everybody", "everybody")
    assert "Authorization" not in server.asked[0][2]


def test_a_host_that_does_not_answer_has_not_said_anything(server: Answering):
    host = _github(server)
    server.shutdown()
    server.server_close()

    found = visibility(host, "t0ken", seconds=2)

    assert found.why is not None
    assert "cannot be reached" in found.why
    assert found == Visibility(why=found.why)
