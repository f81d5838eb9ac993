"""Who is who: e-mail addresses of git, handles of a host, groups of a policy."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

#: Everything by which one person is known, in lower case. Two that share a name are one.
Person = frozenset[str]

_MAIL = re.compile(r"<([^<>]*)>\s*\Z")


class People:
    """`people` of a policy.

    `@jane: [jane@x.org]` says who an account is, a name with several entries is a group, and
    `jane@x.org: [jane@home.org, '@jane']` gives one person more names.
    """

    def __init__(self, people: Mapping[str, Sequence[str]]) -> None:
        self._entries: dict[str, list[str]] = {}
        self._same: list[Person] = []
        for name, entries in people.items():
            names = [known_as(entry) for entry in entries]
            if is_handle(known_as(name)):
                self._entries.setdefault(known_as(name), []).extend(names)
            else:
                self._same.append(frozenset((known_as(name), *names)))
        self._people: dict[str, Person] = {}

    def person(self, who: str) -> Person | None:
        """One human being, of `Jane <jane@x.org>`, `jane@x.org` or `@jane`.

        None for a handle whose address nobody knows, and for one that is a group: an account of
        that name may be anybody's.
        """
        name = known_as(who)
        found = self._people.get(name)
        if found is None:
            whole = self._whole({name})
            if is_handle(name) and all(map(is_handle, whole)):
                mails, unknown = self.members([name])
                whole = self._whole({name, *mails})
                # several addresses of one person are one
                if unknown or len({self._whole({mail}) for mail in mails}) != 1:
                    return None
            found = self._people[name] = whole
        return found

    def members(self, names: Iterable[str]) -> tuple[Person, list[str]]:
        """(all names of those that are meant, the handles among them that nobody explains)."""
        mails: set[str] = set()
        unknown: list[str] = []
        for name in names:
            found = self._mails(known_as(name))
            mails.update(mail for mail in found if mail)
            if not found or None in found:
                unknown.append(name)
        return self._whole(mails), unknown

    def _mails(self, name: str) -> set[str | None]:
        """The addresses behind a name; None stands for a handle without any."""
        found: set[str | None] = set()
        seen: set[str] = set()
        todo = [name]
        while todo:
            name = todo.pop()
            if name in seen:
                continue
            seen.add(name)
            if not is_handle(name):
                found.add(name)
            elif entries := self._entries.get(name):
                todo += entries
            else:
                mails = [other for other in self._whole({name}) if not is_handle(other)]
                found.update(mails or [None])
        return found

    def _whole(self, names: set[str]) -> Person:
        """With all other names of the same people."""
        if not self._same:
            return frozenset(names)
        found = set(names)
        for each in self._same:
            if not found.isdisjoint(each):
                found |= each
        return frozenset(found)


def known_as(who: str) -> str:
    """The address in lower case, or the handle with its `@`."""
    found = _MAIL.search(who)
    text = (found[1] if found else who).strip().casefold()
    return text if "@" in text[1:] else f"@{text.lstrip('@')}"


def is_handle(name: str) -> bool:
    """True for `@jane`, False for an address."""
    return name.startswith("@")


def line_to_add(handle: str) -> str:
    """What to write below `people` of the policy, so that a handle means somebody."""
    return f"add  '{known_as(handle)}': [name@example.com]  below people: in policy.yaml"
