"""URIs of what lies elsewhere: told from paths, named, and recorded without what opens them."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit, urlunsplit

from gitrack.errors import UsageError

_URI = re.compile(r"[a-z][a-z0-9+.-]+://[^/\s]", re.IGNORECASE)
#: DVC takes both for the path that follows.
_FILE = re.compile(r"(?:file|local)://", re.IGNORECASE)
#: Parts of a query that let somebody in: signed links of S3, Google and Azure, tokens and keys.
_SECRET = re.compile(
    r"(?:x-amz-.*|x-goog-.*|awsaccesskeyid|googleaccessid|expires|policy|key-pair-id"
    r"|s[eprtv]|s[kvt]\w|spr|sip|sks|skoid|sktid"
    r"|.*(?:sig|signature|token|secret|passw|credential|auth|api[-_]?key|access[-_]?key).*)\Z",
    re.IGNORECASE,
)
_LONGEST = 4_000


def is_uri(text: object) -> bool:
    """True for `s3://…`, `https://…`: what lies elsewhere. `file://…` is a path."""
    return isinstance(text, str) and _URI.match(text) is not None and not _FILE.match(text)


def recorded(uri: str) -> str:
    """A URI as a record may have it: no password, no token. Raises UsageError for what is none."""
    if not is_uri(uri) or len(uri) > _LONGEST or re.search(r"[\x00-\x20\x7f]", uri):
        raise UsageError(f"{uri[:80]!r} is not a URI", hint="write spaces as %20")
    try:
        parts = urlsplit(uri)
    except ValueError as error:
        raise UsageError(f"{uri[:80]!r} is not a URI: {error}") from None
    user, at, host = parts.netloc.rpartition("@")
    name = "" if parts.scheme.lower() in ("http", "https") else user.partition(":")[0]
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    kept = [(key, value) for key, value in pairs if not _SECRET.match(key)]
    query = parts.query if len(kept) == len(pairs) else urlencode(kept)
    return urlunsplit((parts.scheme, f"{name}{at}{host}" if name else host, parts.path, query, ""))


def last_part(uri: str) -> str:
    """What the file or folder at a URI is called, as a name that every system can hold."""
    parts = urlsplit(uri)
    last = unquote(parts.path.rstrip("/").rpartition("/")[2])
    safe = re.sub(r"[^\w. -]", "-", last).strip(". -").removesuffix(".dvc")
    return safe[:100] or re.sub(r"[^\w.-]", "-", parts.hostname or "").strip(".-") or "data"
