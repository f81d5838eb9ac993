"""Which names of settings mean that their value is a secret."""

from __future__ import annotations

import functools
import re

#: A name ending in one of these words holds a secret, whatever its value looks like.
_SURE = {
    "password": "password",
    "passwd": "password",
    "passphrase": "password",
    "pwd": "password",
    "secret": "secret",
    "secrets": "secret",
    "apikey": "api key",
    "credential": "credential",
    "credentials": "credential",
}
#: The same for two words in a row.
_SURE_PAIRS = {
    ("api", "key"): "api key",
    ("access", "key"): "access key",
    ("secret", "key"): "secret key",
    ("account", "key"): "access key",
    ("auth", "key"): "access key",
    ("client", "secret"): "secret",
    ("encryption", "key"): "secret key",
    ("private", "key"): "private key",
    ("service", "key"): "access key",
    ("signing", "key"): "secret key",
    ("subscription", "key"): "access key",
}
#: Words that may follow and change nothing: `PASSWORD_FOR_DB` is one, `password_policy` is not.
_TRAILING = {"value", "string", "str", "text", "env", "var", "prod", "dev", "test"}
#: In machine learning a token is mostly a piece of text.
_TEXT_TOKENS = frozenset(
    """
    additional begin bos classification cls decoder dec end eos eot first image img input last
    mask max min n new next num number out output pad padding per prefix sep special start stop
    sub target text total unk unknown word
    """.split()  # noqa: SIM905 - a list of words reads as words
)
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_PLACEHOLDER = re.compile(
    r"<[^>]*>|\[[^\]]*\]|\$\{[^}]*\}|\$\w+|\{\{?[^}]*\}\}?|%\([^)]*\)s|\*+|x+|\.+|-+"
    r"|none|null|nil|true|false|yes|no|required|optional|unset|changeme|redacted|hidden",
    re.IGNORECASE,
)


def kind_by_name(name: str, value: str) -> str | None:
    """`password`, `api key`, … if a setting of this name with this value is to be hidden."""
    kind = _kind(name[-200:])
    if kind is None or not value.strip() or _PLACEHOLDER.fullmatch(value.strip()):
        return None
    if kind == "token" and (len(value) < 8 or " " in value.strip()):
        return None  # a word of a vocabulary
    if value.replace("_", "").replace("-", "").isalpha() and _kind(value) is not None:
        return None  # "access_token": the name of another setting, or of this one for people
    # `pwd` is also where we are, and a private key is often named by its file
    if value.startswith(("/", "./", "~/", "../")) and not value.rstrip("=").endswith("/"):
        return None
    return kind


@functools.lru_cache(maxsize=4096)
def _kind(name: str) -> str | None:
    words = [word.lower() for word in _WORD.findall(name)]
    while words and (words[-1] in _TRAILING or words[-1].isdigit()):
        words.pop()
    if not words:
        return None
    pair = (words[-2], words[-1]) if len(words) > 1 else ("", words[-1])
    if pair in _SURE_PAIRS:
        return _SURE_PAIRS[pair]
    if words[-1] in _SURE:
        return _SURE[words[-1]]
    if words[-1] in ("token", "bearer", "authorization") and not _TEXT_TOKENS & set(words[:-1]):
        return "token"
    return None
