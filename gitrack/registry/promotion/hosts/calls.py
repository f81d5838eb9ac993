"""One call of a host's API: JSON there and back, a time limit, and a token that stays a secret."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from http.client import HTTPException, HTTPMessage
from typing import IO, Any

from gitrack.errors import GitrackError
from gitrack.model.display import cut, safe

SECONDS = 20.0
#: A page of 100 comments of 65,536 characters each.
_MOST_BYTES = 50_000_000


class HostTrouble(GitrackError):
    """The host cannot be asked, or says no. `status` is HTTP's, 0 where nobody answered."""

    def __init__(
        self, message: str, *, hint: str | None = None, status: int = 0, said: Any = None
    ) -> None:
        super().__init__(message, hint=hint)
        self.status = status
        self.said = said


def call(
    method: str,
    address: str,
    token: str | None,
    body: Mapping[str, object] | None = None,
    *,
    accept: str = "application/json",
    seconds: float = SECONDS,
) -> Any:
    """What the host answers, read as JSON. Raises HostTrouble."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(address, data=data, method=method)
    request.add_header("Accept", accept)
    request.add_header("User-Agent", "gitrack")
    if data is not None:
        request.add_header("Content-Type", "application/json")
    if token is not None:
        request.add_unredirected_header("Authorization", f"Bearer {token}")
    host = urllib.request.Request(address).host
    try:
        with urllib.request.build_opener(_Stay).open(request, timeout=seconds) as answer:
            return _read(host, answer)
    except urllib.error.HTTPError as error:
        with error:
            raise _refused(host, error) from None
    except TimeoutError:
        raise HostTrouble(f"{host} did not answer within {seconds:g} s") from None
    except (urllib.error.URLError, HTTPException, OSError) as error:
        why = getattr(error, "reason", error)
        if isinstance(why, TimeoutError):
            raise HostTrouble(f"{host} did not answer within {seconds:g} s") from None
        raise HostTrouble(f"{host} cannot be reached: {why}") from None


class _Stay(urllib.request.HTTPRedirectHandler):
    """A redirect would carry what we say to another host; the API has no need for one."""

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: HTTPMessage,
        newurl: str,
    ) -> None:
        return None


def _read(host: str, answer: IO[bytes]) -> Any:
    data = answer.read(_MOST_BYTES + 1)
    if len(data) > _MOST_BYTES:
        raise HostTrouble(f"{host} answers with more than {_MOST_BYTES:,} bytes")
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        raise HostTrouble(f"{host} answers with something else than JSON") from None


def _refused(host: str, error: urllib.error.HTTPError) -> HostTrouble:
    try:
        said = _read(host, error)
    except (HostTrouble, HTTPException, OSError):
        said = None  # a proxy's page of HTML; the status says enough
    words = cut(safe(_words(said)) or error.reason or "", 300)
    hints = {
        401: "the token is wrong or has expired; make a new one, or type  gh auth login  "
        "(glab auth login)",
        403: "the token may not open pull requests here: it needs the scope  repo  (GitHub, or "
        "'Pull requests: write') or  api  (GitLab)",
        404: "the token does not see this repository",
    }
    hint = hints.get(error.code)
    return HostTrouble(
        f"{host} says {error.code}: {words}", hint=hint, status=error.code, said=said
    )


def _words(said: Any) -> str:
    """The sentences of an error as GitHub and GitLab word it."""
    if isinstance(said, str):
        return said
    if isinstance(said, list):
        return "; ".join(filter(None, map(_words, said)))
    if isinstance(said, dict):
        parts = (said.get(name) for name in ("message", "error", "error_description", "errors"))
        return "; ".join(filter(None, (_words(part) for part in parts if part)))
    return ""
