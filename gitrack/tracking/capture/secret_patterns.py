"""What secrets look like: the kept lists of detect-secrets, and what they leave unsaid.

Its plugins find a secret in order to report it; here it has to be cut out whole. So their
patterns are used, not their verdicts: a match is widened to the end of its token, and keys of
several lines and credentials in addresses have rules of their own.
Its guesses by entropy stay off: hashes, ids and pictures as text would all be hit.

Texts may be hostile: repetitions that could overlap are possessive or have a bound.
"""

from __future__ import annotations

import contextlib
import functools
import importlib.util
import logging
import re
import sys
import warnings
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

#: Plugins that look for a setting with a value of at least 24 letters and digits. They are slow,
#: so only lines with such a word are shown to them.
_SLOW = frozenset(
    {"CloudantDetector", "IbmCloudIamDetector", "IbmCosHmacDetector", "SoftlayerDetector"}
)
_LONG_WORD = re.compile(r"[A-Za-z0-9_-]{24}")

_KEY = r"(?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?"


class Rule(NamedTuple):
    """A pattern, which of its groups is the secret, and a text without which it cannot match."""

    kind: str
    needs: str
    pattern: re.Pattern[str]
    group: int = 0


_OWN: tuple[Rule, ...] = (
    Rule(
        "private key",
        "private key",
        # up to its end; a key that was cut off has only lines of letters and digits to go by
        re.compile(
            rf"-----BEGIN {_KEY}-----(?:[\s\S]{{0,20000}}?-----END {_KEY}-----"
            r"|(?:(?:\s|\\[nr])+[+ -]?[A-Za-z0-9+/=]{16,})*)"
        ),
    ),
    # the end of the console output may begin in the middle of a key
    Rule(
        "private key",
        "private key",
        re.compile(
            rf"(?m)^(?:[+ -]?[A-Za-z0-9+/=]{{30,}}+\r?\n){{1,100}}+"
            rf"(?:[+ -]?[A-Za-z0-9+/=]{{1,64}}\r?\n)?[+ -]?-----END {_KEY}-----"
        ),
    ),
    Rule(
        "private key",
        "putty-user-key-file",
        re.compile(r"PuTTY-User-Key-File-\d(?:[\s\S]{0,20000}?Private-MAC:[^\n]*|[^\n]*)"),
    ),
    Rule(
        "json web token",
        "eyj",
        re.compile(r"\beyJ[A-Za-z0-9_=-]{5,}\.eyJ[A-Za-z0-9_=-]{2,}(?:\.[A-Za-z0-9_.+/=-]*)?"),
    ),
    Rule(
        "url credentials",
        "://",
        re.compile(r"(?<=://)[^/?#\s\"'<>@:]*:[^/?#\s\"'<>@]+(?=@)"),
    ),
    Rule("url credentials", "://", re.compile(r"(?<=https://)[A-Za-z0-9_\-.~%]{16,}(?=@)")),
    Rule(
        "url credentials",
        "=",
        re.compile(
            r"[?&;](?i:access_token|api_?key|auth|key|password|secret|sig|signature|token"
            r"|X-Amz-Signature|X-Amz-Credential|X-Amz-Security-Token|X-Goog-Signature)"
            r"=([^&\s\"'<>#;]{8,})"
        ),
        1,
    ),
    Rule("token", "bearer", re.compile(r"(?i)\bbearer\s+([A-Za-z0-9._~+/-]{20,}=*)"), 1),
    Rule("token", "token ", re.compile(r"(?i)\btoken\s+([A-Za-z0-9._~+/-]{20,}=*)"), 1),
    Rule(
        "password",
        "authorization",
        re.compile(r"(?i)\bauthorization[\"']?\s*[:=]\s*[\"']?basic\s+(\S{8,})"),
        1,
    ),
    Rule("npm token", ":_authtoken", re.compile(r":_authToken=\s*(\S+)"), 1),
    Rule("github token", "github_pat_", re.compile(r"\bgithub_pat_[A-Za-z0-9_]{22,}")),
    Rule("hugging face token", "hf_", re.compile(r"\bhf_[A-Za-z0-9]{30,}")),
    Rule(
        "openai token",
        "sk-",
        re.compile(r"\bsk-(?:proj|svcacct|admin|ant)-[A-Za-z0-9_-]{20,}"),
    ),
    Rule("google api key", "aiza", re.compile(r"\bAIza[A-Za-z0-9_-]{35}")),
    Rule("api key", "wandb", re.compile(r"(?i)\bwandb[_a-z]*key\W{1,4}([0-9a-f]{40})\b"), 1),
)


class Match(NamedTuple):
    """Where a secret stands in a text, and of what kind it is."""

    start: int
    end: int
    kind: str


def matches(text: str) -> Iterator[Match]:
    """Every secret in the text, in no order; they may overlap."""
    lowered = text.lower()
    for rule in _OWN:
        if rule.needs in lowered:
            for found in rule.pattern.finditer(text):
                yield Match(found.start(rule.group), found.end(rule.group), rule.kind)
    quick, slow = known_patterns()
    for kind, pattern, at_least in quick:
        for found in pattern.finditer(text):
            if found.end() - found.start() >= at_least:
                yield _whole(text, found, kind)
    for start, end in _lines_with_long_words(text):
        for kind, pattern, _ in slow:
            for found in pattern.finditer(text, start, end):
                yield _whole(text, found, kind)


def _whole(text: str, found: re.Match[str], kind: str) -> Match:
    """To the end of its token: a plugin is content with the part that proves it."""
    # a part of the match is the secret only if the pattern names what stands around it
    grouped = found.re.groups and found[1] and len(found[1]) >= SHORTEST
    group = 1 if grouped else 0
    rest = _REST_OF_TOKEN.match(text, found.end(group))
    return Match(found.start(group), rest.end() if rest else found.end(group), kind)


def _lines_with_long_words(text: str) -> Iterator[tuple[int, int]]:
    at = 0
    while word := _LONG_WORD.search(text, at):
        start = text.rfind("\n", 0, word.start()) + 1
        end = text.find("\n", word.end())
        at = end if end >= 0 else len(text)
        # in a line without line breaks, as packed scripts are, the setting stands close by
        yield max(start, word.start() - 1000), min(at, word.end() + 1000)
        at = min(at, word.end() + 1000)


@contextlib.contextmanager
def _warnings_left_alone() -> Iterator[None]:
    """detect-secrets sends all warnings of the process to a log that nobody reads; they are the
    user's, and whoever wants them in a log says so before or after."""
    shown = warnings.showwarning
    try:
        yield
    finally:
        if warnings.showwarning is not shown:
            logging.captureWarnings(False)


@contextlib.contextmanager
def _no_word_of_socks() -> Iterator[None]:
    """Keep urllib3 from warning that PySocks is missing, which `requests` lives well without.

    `requests` silences that warning, but filters of warnings belong to all threads: a library that
    sets them back in the thread of the user, as scikit-learn does, lets it through now and then.
    """
    name = "urllib3.contrib.socks"
    if name in sys.modules or importlib.util.find_spec("socks") is not None:
        yield
        return
    sys.modules[name] = None  # type: ignore[assignment]  # Python's way to say: there is none
    try:
        yield
    finally:
        sys.modules.pop(name, None)


_Known = tuple[tuple[str, re.Pattern[str], int], ...]


@functools.cache
def known_patterns() -> tuple[_Known, _Known]:
    """The patterns of detect-secrets, the quick ones and the slow ones.

    Imported late: it takes 0.1 s, most of it for `requests`.
    """
    with _warnings_left_alone(), _no_word_of_socks():
        from detect_secrets.core.plugins.util import get_mapping_from_secret_type_to_class

    quick: list[tuple[str, re.Pattern[str], int]] = []
    slow: list[tuple[str, re.Pattern[str], int]] = []
    plugins: dict[str, Any] = get_mapping_from_secret_type_to_class()
    for secret_type, plugin in sorted(plugins.items()):
        name = plugin.__name__
        if name not in _NOT_USED:
            patterns = slow if name in _SLOW else quick
            shortest = _AT_LEAST.get(name, 0)
            patterns += [(secret_type.lower(), pattern, shortest) for pattern in plugin.denylist]
    return tuple(quick), tuple(slow)
