"""CODEOWNERS from the owners of models: whose review a change of a model's folder needs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

import msgspec

Host = Literal["github", "gitlab"]

_BEGIN = "# gitrack: owners of models, from the policy; written anew by 'gitrack init'"
_END = "# gitrack: end"
_BLOCK = re.compile(rf"^{re.escape(_BEGIN)}$.*?^{re.escape(_END)}$\n?", re.MULTILINE | re.DOTALL)
#: `@jane`, `@acme/risk`, `@group/sub-group/team`, or an address.
_HANDLE = re.compile(r"@[\w][\w.-]*(?:/[\w][\w.-]*)*\Z", re.ASCII)
_MAIL = re.compile(r"[^\s@#\[\]\\]+@[^\s@#\[\]\\]+\Z")
#: What CODEOWNERS reads as a pattern, a comment or a section, and has no way to escape.
_SPECIAL = re.compile(r"[*?\[\]#!\\\x00-\x1f\x7f]")
#: Everything that decides what the host does on the tracking branch.
_RULES = ("/.github/", "/.gitlab-ci.yml", "/CODEOWNERS", "/.gitlab/")


class Owned(msgspec.Struct, frozen=True, kw_only=True):
    """The block of lines, and a sentence for each model or owner that is left out."""

    lines: list[str] = []
    left_out: list[str] = []


def owned(
    owners: Mapping[str, Iterable[str]], people: Mapping[str, Sequence[str]], host: Host
) -> Owned:
    """One line a model, by name; then one for the files that rule the branch on its host."""
    lines: list[str] = []
    left_out: list[str] = []
    everybody: dict[str, None] = {}
    for model, named in sorted(owners.items()):
        if _SPECIAL.search(model):
            left_out.append(f"{model!r} has no owner: CODEOWNERS cannot spell this name")
            continue
        known: dict[str, None] = {}
        for owner in _spelled(named, people, host):
            if _HANDLE.match(owner) or _MAIL.match(owner):
                known[owner] = None
            else:
                left_out.append(f"{owner!r} owns no {model!r}: write @name, @org/team or an e-mail")
        if known:
            path = re.sub(r"\s", lambda space: "\\" + space[0], f"/registry/{model}/")
            lines.append(f"{path} {' '.join(known)}")
            everybody |= known
    rules = [rule for rule in _RULES if host == "gitlab" or rule in ("/.github/",)]
    lines += [f"{rule} {' '.join(everybody)}" for rule in rules if everybody]
    return Owned(lines=lines, left_out=left_out)


def _spelled(
    named: Iterable[str], people: Mapping[str, Sequence[str]], host: Host
) -> Iterable[str]:
    """Owners as the host knows them: GitHub has no group without an organisation before it."""
    for owner in named:
        if host == "github" and owner.startswith("@") and "/" not in owner and owner in people:
            yield from people[owner]
        else:
            yield owner


def with_block(present: str, lines: Sequence[str], host: Host) -> str:
    """A CODEOWNERS file with our block as it should be, and everything else as it was.

    The block comes last where it is new: of several lines for one path the last one counts.
    """
    block = ""
    if lines:
        section = ["[Models]"] if host == "gitlab" else []
        block = "\n".join([_BEGIN, *section, *lines, _END]) + "\n"
    found = _BLOCK.search(present)
    if found is not None:
        return present[: found.start()] + block + present[found.end() :]
    if not block:
        return present
    gap = "" if not present else "\n" if present.endswith("\n") else "\n\n"
    return present + gap + block
