"""Who approved a pull request on its host, of those whose approval counts.

An approval is taken only for the commit that is judged: one that was given before the last push
says nothing about what would be merged. Nobody's word is taken from the pull request itself.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, NoReturn
from urllib.parse import quote

import msgspec

from gitrack.registry.gates.approval import Approval
from gitrack.registry.promotion.hosts.calls import HostTrouble, call

_PAGE = 100
_MOST_PAGES = 50
#: Whose review GitHub counts: people whom the repository's owners let in. Anybody may review a
#: public one.
_LET_IN = frozenset(("OWNER", "MEMBER", "COLLABORATOR"))
_DECIDING = frozenset(("APPROVED", "CHANGES_REQUESTED", "DISMISSED"))
_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?\Z")


class PullRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A pull request (a merge request on GitLab) as its host's API names it.

    `api` has no slash at its end; `project` is `owner/name`, or GitLab's number or path.
    """

    host: Literal["github", "gitlab"]
    api: str
    project: str
    number: int
    token: str | None = None


class Reviews(msgspec.Struct, frozen=True, kw_only=True):
    """Approvals that count, and for each that does not a sentence that says why."""

    approvals: list[Approval] = []
    ignored: list[str] = []


def pull_request_of(environment: Mapping[str, str] | None = None) -> PullRequest | None:
    """The pull request for which a job of GitHub Actions or GitLab CI runs; None outside of one."""
    known = os.environ if environment is None else environment
    if known.get("GITHUB_ACTIONS") == "true" or known.get("GITHUB_EVENT_PATH"):
        return _of_github(known)
    number = known.get("CI_MERGE_REQUEST_IID", "")
    api = known.get("CI_API_V4_URL", "")
    project = known.get("CI_MERGE_REQUEST_PROJECT_ID") or known.get("CI_PROJECT_ID", "")
    if not (number.isascii() and number.isdigit() and api and project):
        return None
    return PullRequest(
        host="gitlab",
        api=api.rstrip("/"),
        project=project,
        number=int(number),
        token=known.get("GITLAB_TOKEN") or None,
    )


def _of_github(known: Mapping[str, str]) -> PullRequest | None:
    number = _event_number(known.get("GITHUB_EVENT_PATH", ""))
    project = known.get("GITHUB_REPOSITORY", "")
    if number is None or project.count("/") != 1:
        return None
    return PullRequest(
        host="github",
        api=known.get("GITHUB_API_URL", "https://api.github.com").rstrip("/"),
        project=project,
        number=number,
        token=known.get("GITHUB_TOKEN") or known.get("GH_TOKEN") or None,
    )


def _event_number(path: str) -> int | None:
    """The number of the pull request in the event that started the job."""
    if not path:
        return None
    try:
        event = json.loads(Path(path).read_bytes())
    except (OSError, ValueError) as error:
        raise HostTrouble(f"the event of this job cannot be read from {path}: {error}") from error
    pull = event.get("pull_request") if isinstance(event, dict) else None
    number = pull.get("number") if isinstance(pull, dict) else None
    return number if isinstance(number, int) and not isinstance(number, bool) else None


def reviews_of(pull: PullRequest, head: str) -> Reviews:
    """Who approved a pull request as it stands at commit `head`. Raises HostTrouble."""
    if not _COMMIT.match(head):
        raise HostTrouble(f"{head!r} is no commit id")
    return _github(pull, head) if pull.host == "github" else _gitlab(pull, head)


def _github(pull: PullRequest, head: str) -> Reviews:
    """Of each user the last review that decides something counts, as on GitHub itself."""
    path = f"repos/{quote(pull.project)}/pulls/{pull.number}/reviews"
    last: dict[str, dict[str, Any]] = {}
    for review in _paged(pull, path):
        user = review.get("user")
        login = user.get("login") if isinstance(user, dict) else None
        if isinstance(login, str) and review.get("state") in _DECIDING:
            last[login.casefold()] = review
    counted: list[Approval] = []
    ignored: list[str] = []
    for review in last.values():
        why = _github_ignores(review, head)
        login = review["user"]["login"]
        if why is not None:
            ignored.append(f"@{login} {why}")
        elif review["state"] == "APPROVED":
            counted.append(Approval(by=f"@{login}", source=_source(pull)))
    return Reviews(approvals=counted, ignored=ignored)


def _github_ignores(review: dict[str, Any], head: str) -> str | None:
    """Why a review says nothing; None for one that does."""
    state = review["state"]
    if state == "DISMISSED":
        return "approved or asked for changes, and the review was dismissed"
    if state == "CHANGES_REQUESTED":
        return "asks for changes"
    if review.get("commit_id") != head:
        return f"approved {str(review.get('commit_id'))[:12]}, which is not what is judged now"
    if review["user"].get("type") == "Bot":
        return "approved, and is a program"
    if review.get("author_association") not in _LET_IN:
        return "approved, and does not belong to the repository"
    return None


def _gitlab(pull: PullRequest, head: str) -> Reviews:
    """GitLab ties approvals to no commit: those given since the head was pushed count."""
    base = f"projects/{quote(pull.project, safe='')}/merge_requests/{pull.number}"
    pushed = _pushed(pull, base, head)
    answer = _get(pull, f"{base}/approvals")
    given = answer.get("approved_by") if isinstance(answer, dict) else None
    if not isinstance(given, list):
        _strange(pull, "approvals")
    counted: list[Approval] = []
    ignored: list[str] = []
    for item in given:
        user = item.get("user") if isinstance(item, dict) else None
        name = user.get("username") if isinstance(user, dict) else None
        if not isinstance(user, dict) or not isinstance(name, str):
            _strange(pull, "approvals")
        at = _moment(item.get("approved_at"))
        if user.get("state", "active") != "active":
            ignored.append(f"@{name} approved, and the account is {user['state']}")
        elif user.get("bot") is True:
            ignored.append(f"@{name} approved, and is a program")
        elif pushed is not None and (at is None or at < pushed):
            ignored.append(f"@{name} approved before the last push")
        else:
            counted.append(Approval(by=f"@{name}", source=_source(pull)))
    return Reviews(approvals=counted, ignored=ignored)


def _pushed(pull: PullRequest, base: str, head: str) -> datetime | None:
    """When the head came; None if nothing else ever stood in the merge request."""
    versions = list(_paged(pull, f"{base}/versions"))
    here = [version for version in versions if version.get("head_commit_sha") == head]
    if not here:
        raise HostTrouble(
            f"{_source(pull)} does not stand at {head[:12]}",
            hint="its newer pipeline is the one that counts",
        )
    if len(here) == len(versions):
        return None
    times = [_moment(version.get("created_at")) for version in here]
    if None in times:
        _strange(pull, "versions")
    return max(time for time in times if time is not None)


def _moment(value: object) -> datetime | None:
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    if found is not None and found.tzinfo is None:
        return found.replace(tzinfo=UTC)
    return found


def _source(pull: PullRequest) -> str:
    mark, host = ("#", "GitHub") if pull.host == "github" else ("!", "GitLab")
    return f"{host} {pull.project}{mark}{pull.number}"


def _paged(pull: PullRequest, path: str) -> Iterator[dict[str, Any]]:
    """All items of a list that comes by the page."""
    for page in range(1, _MOST_PAGES + 1):
        items = _get(pull, f"{path}?per_page={_PAGE}&page={page}")
        if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
            _strange(pull, path.rpartition("/")[2])
        yield from items
        if len(items) < _PAGE:
            return
    raise HostTrouble(f"{_source(pull)} has more than {_PAGE * _MOST_PAGES:,} reviews")


def _strange(pull: PullRequest, what: str) -> NoReturn:
    raise HostTrouble(f"{pull.api} answered strangely when asked for the {what}")


def ask(
    pull: PullRequest,
    method: str,
    path: str,
    body: Mapping[str, object] | None = None,
    *,
    need: str,
) -> Any:
    """One request to the host: whatever JSON it sends. `need` is the right that a job has to have.

    Raises HostTrouble.
    """
    if not pull.api.startswith(("https://", "http://")):
        raise HostTrouble(f"{pull.api!r} is no address of a web API")
    kind = "application/vnd.github+json" if pull.host == "github" else "application/json"
    try:
        return call(method, f"{pull.api}/{path}", pull.token or "", body, accept=kind)
    except HostTrouble as error:
        if not error.status:
            raise
        name = "GITHUB_TOKEN" if pull.host == "github" else "GITLAB_TOKEN"
        raise HostTrouble(
            f"{pull.api} answered {error.status} to {method} {path.partition('?')[0]}",
            hint=f"the job needs {name} with the {need}",
            status=error.status,
        ) from error


def _get(pull: PullRequest, path: str) -> Any:  # whatever JSON the host sends
    github = pull.host == "github"
    return ask(
        pull, "GET", path, need="permission  pull-requests: read" if github else "scope read_api"
    )
