"""Who made the commits of a pull request: authors, what they put in, signatures, trailers.

An author's name is whatever a commit says, unless a signature vouches for it. So a trailer such as
`Approved-by: Bob <bob@example.com>` counts only where Bob himself is the author of the commit and
his signature is good: anybody can write such a line, and anybody can write Bob's name above it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from functools import cached_property
from typing import NamedTuple

from gitrack.registry.check.changes import Trees
from gitrack.registry.gates.approval import Approval
from gitrack.registry.people import known_as
from gitrack.store.git.message import split_message
from gitrack.store.git.signatures import Signature, Signed, verified

#: Nobody reviews more, and each costs a look at its folders.
MOST_COMMITS = 20_000
_PERSON = re.compile(r"(?P<name>.*?) ?<(?P<mail>[^<>\n]*)> (?P<time>-?\d{1,15}) [+-]\d{4}\Z")
_APPROVES = re.compile(r"(?:Approved-by|Reviewed-by):\s*(.+)\Z", re.IGNORECASE)
_WITH = re.compile(r"Co-authored-by:\s*(.+)\Z", re.IGNORECASE)
#: Who commits what is squashed or edited on the host's pages.
_HOSTS = frozenset(("noreply@github.com", "noreply@gitlab.com"))
#: Nobody reads a longer one. Programs that read the history have to.
LONGEST_MESSAGE = 100_000
_SIGNED = re.compile(rb"^gpgsig(?:-sha256)? ", re.MULTILINE)


class Person(NamedTuple):
    """As a commit names its author or committer."""

    name: str
    mail: str
    time: int

    def __str__(self) -> str:
        return f"{self.name} <{self.mail}>"


class Commit(NamedTuple):
    """One commit of the pull request."""

    id: str
    parents: tuple[str, ...]
    author: Person
    committer: Person
    subject: str
    trailers: tuple[str, ...]
    #: How many bytes its message has. Of a very long one only the beginning is read.
    length: int = 0
    #: False if it names its author or committer in no way that git has, or twice.
    orderly: bool = True

    @property
    def people(self) -> list[str]:
        """Who has made it. A squash of the host names the others as co-authors."""
        found = [str(self.author)]
        if self.committer.mail.casefold() in _HOSTS:
            found += [said[1] for line in self.trailers if (said := _WITH.match(line))]
        return found

    def is_by(self, who: str) -> bool:
        """True if somebody with this e-mail address made it."""
        return known_as(who) in {known_as(person) for person in self.people}


class Commits:
    """What a pull request brings: the commits of its head that its base lacks, oldest first."""

    def __init__(self, trees: Trees, base: str, head: str) -> None:
        self._trees = trees
        self._base = base
        self._head = head
        self._parsed: dict[str, Commit] = {}
        self._signed: dict[str, Signature] = {}

    @cached_property
    def ids(self) -> list[str]:
        """Their ids."""
        listed = self._trees.repository.git(
            "rev-list",
            "--topo-order",
            "--reverse",
            f"--max-count={MOST_COMMITS}",
            self._head,
            f"^{self._base}",
        )
        return listed.split()

    def __iter__(self) -> Iterator[Commit]:
        return map(self.commit, self.ids)

    def commit(self, id: str) -> Commit:
        """One of them, or of the base."""
        known = self._parsed.get(id)
        if known is None:
            raw = self._trees.reader.object(bytes.fromhex(id), b"commit")
            known = self._parsed[id] = _parse(id, raw)
        return known

    def which_write(self, path: str) -> list[Commit]:
        """The commits that put a file there, or other contents than any of their parents has."""
        side = self._trees.side
        found = []
        for commit in self:
            here = side(commit.id, path)
            if here is not None and all(here != side(parent, path) for parent in commit.parents):
                found.append(commit)
        return found

    def which_remove(self, path: str) -> list[Commit]:
        """The commits that take a file away which one of their parents has.

        A merge of the base into the pull request takes nothing away by itself.
        """
        side = self._trees.side
        return [
            commit
            for commit in self
            if side(commit.id, path) is None
            and commit.parents
            and all(side(parent, path) is not None for parent in commit.parents)
        ]

    def signature(self, id: str) -> Signature:
        """What a commit's signature is worth, as git judges it with the keys it knows here."""
        known = self._signed.get(id)
        if known is None:
            raw = self._trees.reader.object(bytes.fromhex(id), b"commit")
            known = Signature(Signed.UNSIGNED)
            if _SIGNED.search(raw.partition(b"\n\n")[0]):
                found = verified(self._trees.repository, [id])
                known = found.get(id, Signature(Signed.UNKNOWN))
            self._signed[id] = known
        return known

    def is_signed(self, commit: Commit) -> bool:
        """True if a good signature is that of the commit's author, where it tells whose it is."""
        found = self.signature(commit.id)
        if found.state is not Signed.GOOD:
            return False
        signer = found.signer or ""
        return "@" not in signer or known_as(signer) == known_as(str(commit.author))

    def approvals(self) -> tuple[list[Approval], list[str]]:
        """(what signed trailers of the approvers themselves say, those that cannot count)."""
        given: list[Approval] = []
        void: list[str] = []
        for commit in self:
            for line in commit.trailers:
                said = _APPROVES.match(line)
                if said is None:
                    continue
                who, place = said[1].strip(), f"a trailer of {commit.id[:12]}"
                if known_as(who) != known_as(str(commit.author)):
                    void.append(f"{place} names {who}, but {commit.author} wrote it")
                elif not self.is_signed(commit):
                    void.append(f"{place} names {who}, but no good signature says that it is so")
                else:
                    given.append(Approval(by=who, source=place))
        return given, void


def _parse(id: str, raw: bytes) -> Commit:
    head, _, message = raw.partition(b"\n\n")
    parents: list[str] = []
    people: dict[str, Person] = {}
    named: Counter[str] = Counter()
    for line in head.decode("utf-8", "replace").split("\n"):
        word, _, rest = line.partition(" ")
        if word == "parent":
            parents.append(rest)
        elif word in ("author", "committer"):
            named[word] += 1
            found = _PERSON.match(rest)
            if found is not None and word not in people:
                people[word] = Person(found["name"], found["mail"], int(found["time"]))
    nobody = Person("nobody", "", 0)
    author = people.get("author", nobody)
    # cut off, what was the last paragraph holds no trailers
    whole = len(message) <= LONGEST_MESSAGE
    text = message[:LONGEST_MESSAGE].decode("utf-8", "replace").strip()
    subject, _, trailers = split_message(text) if text else ("", [], [])
    committer = people.get("committer", author)
    return Commit(
        id,
        tuple(parents),
        author,
        committer,
        subject,
        tuple(trailers) if whole else (),
        len(message),
        len(people) == 2 and named.total() == 2,
    )
