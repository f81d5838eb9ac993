"""The one comment of the check on a pull request: found by a hidden mark, and written anew."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from gitrack.registry.check.findings import Checked
from gitrack.registry.check.report import markdown
from gitrack.registry.check.reviews import PullRequest, ask
from gitrack.registry.promotion.hosts.calls import HostTrouble

#: Hosts hide it from readers. Whoever copies it is not taken for us: the author is looked at.
MARK = "<!-- gitrack check -->"

_PAGE = 100
_MOST_PAGES = 50


def write_comment(pull: PullRequest, checked: Checked) -> str:
    """Write the report as our comment; its address. Raises HostTrouble."""
    body = f"{MARK}\n{markdown(checked)}"
    old = _ours(pull)
    place = _place(pull)
    if old is None:
        answer = _call(pull, "POST", place, {"body": body})
    elif old.get("body") == body:
        answer = old
    else:
        one = f"{place}/{old['id']}" if pull.host == "gitlab" else _github_comment(pull, old)
        method = "PUT" if pull.host == "gitlab" else "PATCH"
        answer = _call(pull, method, one, {"body": body})
    return _address(pull, answer)


def _place(pull: PullRequest) -> str:
    if pull.host == "github":
        return f"repos/{quote(pull.project)}/issues/{pull.number}/comments"
    return f"projects/{quote(pull.project, safe='')}/merge_requests/{pull.number}/notes"


def _github_comment(pull: PullRequest, old: dict[str, Any]) -> str:
    return f"repos/{quote(pull.project)}/issues/comments/{old['id']}"


def _address(pull: PullRequest, answer: object) -> str:
    if isinstance(answer, dict):
        address = answer.get("html_url")
        if isinstance(address, str):
            return address
        if isinstance(answer.get("id"), int):
            return f"{pull.project} !{pull.number}, note {answer['id']}"
    raise HostTrouble(f"{pull.api} answered strangely when the comment was written")


def _ours(pull: PullRequest) -> dict[str, Any] | None:
    """The comment that we wrote before: it has our mark, and its author is who we are."""
    me = _me(pull)
    for note in _all(pull):
        body, id = note.get("body"), note.get("id")
        if not isinstance(body, str) or not isinstance(id, int) or not body.startswith(MARK):
            continue
        author = note.get("user" if pull.host == "github" else "author")
        if not isinstance(author, dict) or note.get("system") is True:
            continue
        if me is None:
            # a job's own token cannot ask who it is; people cannot write as a program
            if author.get("type") == "Bot":
                return note
        elif author.get("id") == me:
            return note
    return None


def _me(pull: PullRequest) -> int | None:
    """The number of the user whose token it is; None for that of a GitHub job."""
    try:
        answer = _call(pull, "GET", "user")
    except HostTrouble:
        if pull.host == "github":
            return None
        raise
    id = answer.get("id") if isinstance(answer, dict) else None
    if not isinstance(id, int):
        raise HostTrouble(f"{pull.api} answered strangely when asked whose token this is")
    return id


def _all(pull: PullRequest) -> Iterator[dict[str, Any]]:
    for page in range(1, _MOST_PAGES + 1):
        order = "" if pull.host == "github" else "&sort=asc&order_by=created_at"
        notes = _call(pull, "GET", f"{_place(pull)}?per_page={_PAGE}&page={page}{order}")
        if not isinstance(notes, list):
            raise HostTrouble(f"{pull.api} answered strangely when asked for the comments")
        yield from (note for note in notes if isinstance(note, dict))
        if len(notes) < _PAGE:
            return


def _call(pull: PullRequest, method: str, path: str, body: dict[str, str] | None = None) -> Any:
    """One request. Whatever JSON the host sends."""
    github = pull.host == "github"
    need = "permission  pull-requests: write" if github else "scope api"
    return ask(pull, method, path, body, need=need)
