"""Regular expressions whose time grows with the text alone, whatever pattern and text are.

Python's `re` needs minutes for some short patterns on some short texts, and neither the texts on
a branch nor a pattern in a link are to be trusted. This one walks all ways through the pattern
at once and remembers where it came to. It knows characters, `.`, classes, `\\d \\w \\s \\b` and
their opposites, groups, `|`, `* + ? {m,n}`, `^ $` and a leading `(?i)`; no look-around and no
backreferences.
"""

from __future__ import annotations

from collections.abc import Callable

Accepts = Callable[[str], bool]

_MAX_STATES = 2000
_MAX_MEMORY = 20_000
_MAX_DEPTH = 50

_CLASSES: dict[str, Accepts] = {
    "d": str.isdecimal,
    "w": lambda c: c.isalnum() or c == "_",
    "s": str.isspace,
}
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "f": "\f", "v": "\v"}


class BadRegex(ValueError):
    """What is wrong with a pattern, and where."""

    def __init__(self, why: str, at: int) -> None:
        super().__init__(why)
        self.at = at


class Regex:
    """A pattern that `found_in` searches for anywhere in a text."""

    def __init__(self, pattern: str) -> None:
        builder = _Builder(pattern)
        self._first, last = builder.pattern()
        self._accept = last
        self._nodes = builder.nodes
        self._ids: dict[tuple[frozenset[int], str], int] = {}
        self._sets: list[tuple[frozenset[int], str]] = []
        self._next: dict[tuple[int, str], int] = {}

    def found_in(self, text: str) -> bool:
        """Does the pattern match somewhere in the text?"""
        if len(self._next) > _MAX_MEMORY:
            self._ids, self._sets, self._next = {}, [], {}
        following = self._next
        state = self._id(frozenset(), "start")
        for character in text:
            known = following.get((state, character))
            if known is None:
                known = following[state, character] = self._step(state, character)
            if known < 0:
                return True
            state = known
        return self._accept in self._closure(state, None)

    def _id(self, positions: frozenset[int], before: str) -> int:
        state = self._ids.setdefault((positions, before), len(self._sets))
        if state == len(self._sets):
            self._sets.append((positions, before))
        return state

    def _step(self, state: int, character: str) -> int:
        """The state after one more character; -1 once the pattern was found."""
        reached = self._closure(state, character)
        if self._accept in reached:
            return -1
        positions = frozenset(
            target
            for position in reached
            for accepts, target in (self._nodes[position].moves)
            if accepts(character)
        )
        return self._id(positions, "word" if _CLASSES["w"](character) else "other")

    def _closure(self, state: int, character: str | None) -> set[int]:
        """Every position that can be reached before `character` (None: the end) is read."""
        positions, before = self._sets[state]
        word = character is not None and _CLASSES["w"](character)
        holds = {
            "": True,
            "^": before == "start",
            "$": character is None,
            "b": (before == "word") != word,
            "B": (before == "word") == word,
        }
        reached: set[int] = set()
        todo = [self._first, *positions]
        while todo:
            position = todo.pop()
            if position not in reached:
                reached.add(position)
                todo += [to for sign, to in self._nodes[position].jumps if holds[sign]]
        return reached


class _Node:
    """A position in the pattern: what leads on by a character, and what without one."""

    __slots__ = ("jumps", "moves")

    def __init__(self) -> None:
        self.jumps: list[tuple[str, int]] = []
        self.moves: list[tuple[Accepts, int]] = []


class _Builder:
    """Reads a pattern from left to right. A piece is the pair of its first and last position."""

    def __init__(self, pattern: str) -> None:
        self.text = pattern
        self.at = 0
        self.fold = pattern.startswith("(?i)")
        if self.fold:
            self.at = 4
        self.nodes: list[_Node] = []
        self.depth = 0

    def pattern(self) -> tuple[int, int]:
        piece = self.choice()
        if self.at < len(self.text):
            raise BadRegex("a ')' closes nothing", self.at)
        return piece

    def choice(self) -> tuple[int, int]:
        pieces = [self.sequence()]
        while self.peek() == "|":
            self.at += 1
            pieces.append(self.sequence())
        if len(pieces) == 1:
            return pieces[0]
        first, last = self.node(), self.node()
        for begin, end in pieces:
            self.jump(first, begin)
            self.jump(end, last)
        return first, last

    def sequence(self) -> tuple[int, int]:
        first = last = self.node()
        while self.peek() not in ("", "|", ")"):
            begin, end = self.repeated()
            self.jump(last, begin)
            last = end
        return first, last

    def repeated(self) -> tuple[int, int]:
        start = self.at
        piece = self.atom()
        times = self.times()
        if times is None:
            return piece
        stop = self.at
        if self.peek() == "?":  # lazy: the same texts are found
            self.at = stop = self.at + 1
        if self.peek() in ("*", "+", "?") or (self.peek() == "{" and self.counts() is not None):
            raise BadRegex("a repeat of a repeat", stop)
        least, most = times
        first = last = self.node()
        for count in range(max(least, most if most is not None else least, 1)):
            if count:
                piece = self.again(start, stop)
            begin, end = piece
            self.jump(last, begin)
            if count >= least:
                self.jump(begin, end)
            last = end
        if most is None:
            self.jump(piece[1], piece[0])
        if most == 0:
            first = last = self.node()
        return first, last

    def again(self, start: int, stop: int) -> tuple[int, int]:
        """Another copy of the piece that was read from `start`."""
        self.at = start
        piece = self.atom()
        self.at = stop
        return piece

    def times(self) -> tuple[int, int | None] | None:
        simple: dict[str, tuple[int, int | None]] = {"*": (0, None), "+": (1, None), "?": (0, 1)}
        if self.peek() in simple:
            self.at += 1
            return simple[self.text[self.at - 1]]
        if self.peek() != "{" or (found := self.counts()) is None:
            return None
        least, most, end = found
        if most is not None and most < least:
            raise BadRegex("the second number is smaller than the first", self.at)
        self.at = end
        return least, most

    def counts(self) -> tuple[int, int | None, int] | None:
        """`{2}`, `{2,}`, `{,3}` or `{2,3}` at this place; None where the brace is only a brace."""
        end = self.text.find("}", self.at)
        low, comma, high = self.text[self.at + 1 : end].partition(",") if end > 0 else ("", "", "")
        if not (low or high) or not all(
            part.isascii() and part.isdigit() for part in (low, high) if part
        ):
            return None
        if max(len(low), len(high)) > 4:
            raise BadRegex("too many repeats", self.at)
        least = int(low or 0)
        return least, (int(high) if high else None) if comma else least, end + 1

    def atom(self) -> tuple[int, int]:
        character = self.text[self.at]
        start, self.at = self.at, self.at + 1
        if character == "(":
            return self.group(start)
        if character == "[":
            return self.move(self.in_brackets(start))
        if character == ".":
            return self.move(lambda c: c != "\n")
        if character in "^$":
            return self.sign(character)
        if character == "\\":
            return self.escape(start)
        if character in "*+?":
            raise BadRegex(f"nothing to repeat before {character!r}", start)
        return self.move(self.single(character))

    def group(self, start: int) -> tuple[int, int]:
        if self.text.startswith("?:", self.at):
            self.at += 2
        elif self.peek() == "?":
            raise BadRegex("look-around, names and options of groups are not known here", start)
        self.depth += 1
        if self.depth > _MAX_DEPTH:
            raise BadRegex("too many groups within groups", start)
        piece = self.choice()
        self.depth -= 1
        if self.peek() != ")":
            raise BadRegex("a '(' that is not closed", start)
        self.at += 1
        return piece

    def escape(self, start: int) -> tuple[int, int]:
        character = self.peek()
        self.at += 1
        if character in ("b", "B"):
            return self.sign(character)
        if character == "A":
            return self.sign("^")
        if character == "Z":
            return self.sign("$")
        return self.move(self.escaped(character, start))

    def escaped(self, character: str, start: int) -> Accepts:
        """What a backslash and `character` stand for, outside and inside brackets."""
        if character.lower() in _CLASSES and character:
            accepts = _CLASSES[character.lower()]
            return (lambda c: not accepts(c)) if character.isupper() else accepts
        if character in _ESCAPES:
            return self.single(_ESCAPES[character])
        if not character or character.isalnum():
            raise BadRegex(f"'\\{character}' is not known here", start)
        return self.single(character)

    def in_brackets(self, start: int) -> Accepts:
        negated = self.peek() == "^"
        self.at += negated
        accepted: list[Accepts] = []
        while self.peek() != "]" or not accepted:
            accepted.append(self.member(start))
        self.at += 1
        if negated:
            return lambda c: not any(accepts(c) for accepts in accepted)
        return lambda c: any(accepts(c) for accepts in accepted)

    def member(self, start: int) -> Accepts:
        low = self.peek()
        self.at += 1
        if not low:
            raise BadRegex("a '[' that is not closed", start)
        if low == "\\":
            escape = self.peek()
            self.at += 1
            if escape.isalnum() and escape not in _ESCAPES:
                return self.escaped(escape, self.at - 2)
            low = _ESCAPES.get(escape, escape)
        if self.peek() != "-" or self.text[self.at + 1 : self.at + 2] in ("]", ""):
            return self.single(low)
        high = self.text[self.at + 1]
        self.at += 2
        if high == "\\":
            high = self.peek()
            self.at += 1
        if not low <= high:
            raise BadRegex(f"{low}-{high} is empty", self.at - 3)
        if self.fold:
            return lambda c: low <= c.lower() <= high or low <= c.upper() <= high
        return lambda c: low <= c <= high

    def single(self, character: str) -> Accepts:
        if self.fold:
            return lambda c: c.lower() == character.lower()
        return lambda c: c == character

    def move(self, accepts: Accepts) -> tuple[int, int]:
        first, last = self.node(), self.node()
        self.nodes[first].moves.append((accepts, last))
        return first, last

    def sign(self, which: str) -> tuple[int, int]:
        first, last = self.node(), self.node()
        self.nodes[first].jumps.append((which, last))
        return first, last

    def jump(self, source: int, target: int) -> None:
        self.nodes[source].jumps.append(("", target))

    def node(self) -> int:
        if len(self.nodes) >= _MAX_STATES:
            raise BadRegex("too long when its repeats are written out", self.at)
        self.nodes.append(_Node())
        return len(self.nodes) - 1

    def peek(self) -> str:
        return self.text[self.at : self.at + 1]
