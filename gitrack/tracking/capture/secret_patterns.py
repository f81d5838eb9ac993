"""What secrets look like: the kept lists of detect-secrets, and what they leave unsaid.

Its plugins find a secret in order to report it; here it has to be cut out whole. So their
patterns are used, not their verdicts: a match is widened to the end of its token, and keys of
several lines and credentials in addresses have rules of their own.
Its guesses by entropy stay off: hashes, ids and pictures as text would all be hit.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

#: Plugins that guess (entropy, any word named password) or whose pattern is replaced below.
_NOT_USED = frozenset(
    {
        "Base64HighEntropyString",
        "HexHighEntropyString",
        "KeywordDetector",
        "IPPublicDetector",
        "BasicAuthDetector",
        "PrivateKeyDetector",
        "NpmDetector",
        "JwtTokenDetector",
    }
)
#: Patterns so loose that only long matches are taken.
_AT_LEAST = {"ArtifactoryDetector": 20}

#: Nothing shorter is matched by any pattern, except credentials in an address.
SHORTEST = 16

_REST_OF_TOKEN = re.compile(r"[A-Za-z0-9_+=-]*")

_KEY = r"(?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?"
_OWN: tuple[tuple[str, re.Pattern[str], int], ...] = (
    (
        "private key",
        # up to its end; a key that was cut off has only lines of letters and digits to go by
        re.compile(
            rf"-----BEGIN {_KEY}-----(?:[\s\S]{{0,20000}}?-----END {_KEY}-----"
            r"|(?:(?:\s|\\[nr])+[+ -]?[A-Za-z0-9+/=]{16,})*)"
        ),
        0,
    ),
    # the end of the console output may begin in the middle of a key
    ("private key", re.compile(rf"(?:[A-Za-z0-9+/=]{{30,}}\s+[+ -]?)+-----END {_KEY}-----"), 0),
    ("private key", re.compile(r"PuTTY-User-Key-File-\d[\s\S]{0,20000}?Private-MAC:[^\n]*"), 0),
    ("private key", re.compile(r"PuTTY-User-Key-File-\d[^\n]*"), 0),
    (
        "json web token",
        re.compile(r"\beyJ[A-Za-z0-9_=-]{5,}\.eyJ[A-Za-z0-9_=-]{2,}(?:\.[A-Za-z0-9_.+/=-]*)?"),
        0,
    ),
    ("url credentials", re.compile(r"(?<=://)[^/?#\s\"'<>@:]*:[^/?#\s\"'<>@]+(?=@)"), 0),
    ("url credentials", re.compile(r"(?<=https://)[A-Za-z0-9_\-.~%]{16,}(?=@)"), 0),
    (
        "url credentials",
        re.compile(
            r"(?i)[?&;](?:access_token|api_?key|auth|key|password|secret|sig|signature|token"
            r"|X-Amz-Signature|X-Amz-Credential|X-Amz-Security-Token|X-Goog-Signature)"
            r"=([^&\s\"'<>#;]{8,})"
        ),
        1,
    ),
    ("token", re.compile(r"(?i)\b(?:bearer|token)\s+([A-Za-z0-9._~+/-]{20,}=*)"), 1),
    ("password", re.compile(r"(?i)\bauthorization[\"']?\s*[:=]\s*[\"']?basic\s+(\S{8,})"), 1),
    ("npm token", re.compile(r":_authToken=\s*(\S+)"), 1),
    ("github token", re.compile(r"\bgithub_pat_[A-Za-z0-9_]{22,}"), 0),
    ("hugging face token", re.compile(r"\bhf_[A-Za-z0-9]{30,}"), 0),
    ("openai token", re.compile(r"\bsk-(?:proj|svcacct|admin|ant)-[A-Za-z0-9_-]{20,}"), 0),
    ("google api key", re.compile(r"\bAIza[A-Za-z0-9_-]{35}"), 0),
    ("wandb or hex key", re.compile(r"(?i)\bwandb[_a-z]*key\W{1,4}([0-9a-f]{40})\b"), 1),
)


class Match(NamedTuple):
    """Where a secret stands in a text, and of what kind it is."""

    start: int
    end: int
    kind: str


def matches(text: str) -> Iterator[Match]:
    """Every secret in the text, in no order; they may overlap."""
    for kind, pattern, group in _OWN:
        for found in pattern.finditer(text):
            yield Match(found.start(group), found.end(group), kind)
    for kind, pattern, at_least in known_patterns():
        for found in pattern.finditer(text):
            if found.end() - found.start() < at_least:
                continue
            # a part of the match is the secret only if the pattern names what stands around it
            group = 1 if pattern.groups and found[1] and len(found[1]) >= SHORTEST else 0
            rest = _REST_OF_TOKEN.match(text, found.end(group))
            yield Match(found.start(group), rest.end() if rest else found.end(group), kind)


@functools.cache
def known_patterns() -> tuple[tuple[str, re.Pattern[str], int], ...]:
    """The patterns of detect-secrets. Imported late: it takes 0.1 s, most of it for `requests`."""
    from detect_secrets.core.plugins.util import get_mapping_from_secret_type_to_class

    patterns: list[tuple[str, re.Pattern[str], int]] = []
    plugins: dict[str, Any] = get_mapping_from_secret_type_to_class()
    for secret_type, plugin in sorted(plugins.items()):
        if plugin.__name__ not in _NOT_USED:
            shortest = _AT_LEAST.get(plugin.__name__, 0)
            kind = secret_type.lower()
            patterns += [(kind, pattern, shortest) for pattern in plugin.denylist]
    return tuple(patterns)
