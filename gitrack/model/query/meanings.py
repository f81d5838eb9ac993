"""What each rule of the grammar means. Imports lark, so it is imported late."""

from __future__ import annotations

from typing import cast

from lark import Token, Transformer, v_args

from gitrack.model.query.keys import read_key
from gitrack.model.query.nodes import And, Key, Node, Not, Operator, Or, Test, Value
from gitrack.model.query.times import covered, from_now, seconds


@v_args(inline=True)
class Meanings(Transformer[Token, Node]):
    """One method a rule, called by lark from the innermost out."""

    def any_of(self, *parts: Node) -> Node:
        return parts[0] if len(parts) == 1 else Or(parts)

    def all_of(self, *parts: Node) -> Node:
        return parts[0] if len(parts) == 1 else And(parts)

    def opposite(self, part: Node) -> Node:
        return Not(part)

    def negation(self, *words: Token) -> bool:
        return bool(words)

    def compare(self, key: Token, sign: Token, value: Value) -> Node:
        operators: dict[str, Operator] = {"==": "=", "!=": "=", "<>": "="}
        operators |= {"~": "matches", "!~": "matches"}
        operator = operators.get(sign) or cast("Operator", str(sign))
        negated = sign in ("!=", "<>", "!~")
        return Test(_key(key), operator, (value,), negated=negated, at=_at(sign))

    def compare_word(self, key: Token, negated: bool, word: Token, value: Value) -> Node:
        operator = "matches" if word.lower() == "rlike" else cast("Operator", str(word).lower())
        return Test(_key(key), operator, (value,), negated=negated, at=_at(word))

    def within(self, key: Token, negated: bool, word: Token, *values: Value) -> Node:
        return Test(_key(key), "in", values, negated=negated, at=_at(word))

    def between(self, key: Token, negated: bool, word: Token, low: Value, high: Value) -> Node:
        return Test(_key(key), "between", (low, high), negated=negated, at=_at(word))

    def state(self, key: Token, word: Token, negated: bool, what: Token) -> Node:
        operator = cast("Operator", str(what).lower())
        return Test(_key(key), operator, negated=negated, at=_at(word))

    def value(self, token: Token) -> Value:
        text, at = str(token), _at(token)
        if token.type == "QUOTED":
            quote = text[0]
            return Value("text", text[1:-1].replace(quote * 2, quote), at=at)
        if token.type == "NUMBER":
            return Value("number", text, number=_number(text), at=at)
        if token.type == "TRUTH":
            return Value("truth", text, number=int(text.lower() == "true"), at=at)
        if token.type == "DURATION":
            return Value("duration", text, number=seconds(text), at=at)
        if token.type == "RELATIVE":
            return Value("now", text, number=from_now(text), at=at)
        if token.type == "DATE" and (span := covered(text)) is not None:
            return Value("date", text, since=span[0], until=span[1], at=at)
        return Value("text", text, at=at)


def _key(token: Token) -> Key:
    return read_key(str(token), _at(token))


def _at(token: Token) -> int:
    return token.start_pos or 0


def _number(text: str) -> int | float:
    """A whole number stays one: 2**60 + 1 is not what a float makes of it."""
    digits = text.lstrip("+-")
    return int(text) if digits.isdigit() and len(digits) <= 300 else float(text)
