"""The grammar of filters, for lark."""

from __future__ import annotations

from gitrack.model.query.keys import KEY
from gitrack.model.query.times import DATE, DURATION, NOW

#: What must not follow a literal or keyword directly: it would be part of a longer word.
_END = r"(?![\w./@:-])"

_NUMBER = r"[+-]?(?:(?:[0-9]+(?:[.][0-9]*)?|[.][0-9]+)(?:[eE][+-]?[0-9]+)?|inf)"
_WORD = r"\w[\w./@:+-]*"


def _terminal(pattern: str, flags: str = "") -> str:
    return "/" + pattern.replace("/", r"\/") + "/" + flags


RULES = rf"""
?start: either
?either: both | both (_OR both)+               -> any_of
?both: single | single (_AND single)+          -> all_of
?single: _NOT single                           -> opposite
    | "(" either ")"
    | KEY COMPARE value                        -> compare
    | KEY negation WORD_COMPARE value          -> compare_word
    | KEY negation IN "(" value ("," value)* ","? ")"  -> within
    | KEY negation BETWEEN value _AND value  -> between
    | KEY IS negation (NULL | NAN)             -> state

negation: NEGATION?
!value: QUOTED | NUMBER | DURATION | DATE | RELATIVE | TRUTH | WORD

COMPARE: "==" | "=" | "!=" | "<>" | "<=" | ">=" | "<" | ">" | "!~" | "~"
WORD_COMPARE.3: /(?:i?like|rlike|contains|matches)\b/i
IN.3: /in\b/i
BETWEEN.3: /between\b/i
IS.3: /is\b/i
NULL.3: /null\b/i
NAN.3: /nan\b/i
NEGATION.3: /not\b/i
_NOT.3: {_terminal("not" + _END, "i")}
_AND.3: /and\b/i
_OR.3: /or\b/i
KEY: {_terminal(KEY)}

QUOTED: /'(?:[^']|'')*'/ | /"(?:[^"]|"")*"/
RELATIVE.6: {_terminal(NOW + _END, "i")}
TRUTH.6: {_terminal("(?:true|false)" + _END, "i")}
DATE.5: {_terminal(DATE + _END)}
DURATION.4: {_terminal(DURATION + _END, "i")}
NUMBER.4: {_terminal(_NUMBER + _END)}
WORD: {_terminal(_WORD)}

%ignore /\s+/
"""

#: How an error names what it would have understood.
WORDS = {
    "KEY": "a key such as metrics.auc",
    "COMPARE": "an operator such as = or >",
    "WORD_COMPARE": "like, contains or matches",
    "IN": "in",
    "BETWEEN": "between",
    "IS": "is",
    "NULL": "null",
    "NAN": "nan",
    "NEGATION": "not",
    "QUOTED": "a value such as 0.9, 'text' or now-7d",
    "LPAR": "(",
    "RPAR": ")",
    "COMMA": "a comma",
    "_AND": "and",
    "_OR": "or",
    "$END": "the end",
}
