"""The filter language in the browser: it finds what the command line finds, and says what it says.

The same table and cases as the command line's tests, then many filters made up from pieces.
"""

from __future__ import annotations

import math
import random
from datetime import timedelta
from typing import Any

import pytest

from gitrack.errors import InvalidFilter
from gitrack.model.query import parse
from tests.model.query.cases import CURVES, FAULTS, MLFLOW, MORE, NOW, TIMES
from tests.model.query.tables import RUNS, Columns

pytestmark = pytest.mark.browser

#: A page's table: its columns come as `[name, cells, rows whose number is a float]`.
_ASK = """
([columns, rows, filters, now]) => {
  const named = { NaN, Infinity, "-Infinity": -Infinity };
  const cells = new Map(columns.map(([name, values, floats]) => {
    const own = values.map((value) => (value && value.number ? named[value.number] : value));
    own.floats = new Set(floats);
    return [name, own];
  }));
  const table = { rows, names: () => [...cells.keys()], column: (name) => cells.get(name) || null };
  return filters.map((text) => {
    try {
      const query = gitrack.filter.parse(text, table);
      const column = (name) => (query.names.includes(name) ? cells.get(name) : null);
      const needed = { ...table, column };
      return { rows: query.select(needed, now), missing: query.missing(table) };
    } catch (fault) {
      if (fault.name !== "InvalidFilter") return { broken: String(fault.stack) };
      return { why: fault.message, at: [...text.slice(0, fault.at)].length, hint: fault.hint };
    }
  });
}
"""

MORE_CELLS = Columns(
    {
        "id": [f"r{row}" for row in range(8)],
        "started": [f"2026-01-0{row + 1}T0{row}:30:15.{row}23Z" for row in range(8)],
        "ended": [
            f"2026-01-0{row + 1}T0{row + 1}:30:15.000Z" if row % 3 else None for row in range(8)
        ],
        "status": ["finished", "failed", "killed", "running"] * 2,
        "params.p": [1, 1.0, "1", True, None, 1e-05, "1e-05", float("nan")],
        "params.q": ["", "Größe ß", "日本\n語", "x" * 50, "a.b*c", "😀z", "\uffff", "a%_b"],
        "params.d": [
            "2026-01-02",
            "2026-02",
            "2026-01-02T10:00Z",
            "9999-12",
            "2026-02-30",
            7,
            "0001-01-01",
            None,
        ],
        "params.n": [1e16, 123456.789, -0.0, 1e22, 10**15, 0.1 + 0.2, -1e-7, 5e-324],
        "params.depth": [8, 6, 4, 8, 8, 6, None, "8"],
        "metrics.m": [0.1, float("nan"), float("inf"), None, -3, 0, 0.5, 1],
        "metrics.loss": [1, 2, 3, None, 5, 6, 7, 8],
        "curves.loss.min": [0.5, None, 1, None, 2, 2, 2, 2],
        "curves.loss.count": [9, None, 1, None, 2, 2, 2, 2],
        "tags.depth": ["a", None, None, None, None, None, None, None],
        "tags.learning rate": ["a", "b", None, None, None, None, "1", "2"],
        "code.commit": ["3d5e", None, None, None, None, None, None, "a"],
        "data.t.name": ["t", "t", None, None, "u", None, None, None],
        "data.t.role": ["train", "test", None, None, "train", None, None, None],
        "data.v.name": ["v", None, None, None, "t", None, None, None],
        "data.v.dvc": ["md5:", "md5:ab", "plain", None, "md5:x:y", None, None, None],
    }
)

KEYS = """
params.p params.q params.d params.n params.depth metrics.m metrics.loss metrics.loss.min
loss.max metrics.loss.count metrics.nowhere tags.`learning_rate` tags."learning_rate" depth
status started ended duration started name run_name author user_id code.commit code.nope
dataset.name dataset.digest datasets.role dataset.nope artifact_uri id attributes.id
attr.run_id tags.x p q n loss lerning_rate metrics.los paramz.q attributes.depht code
data.t.name data.t.rows seeds.x größe
""".split()  # noqa: SIM905
OPERATORS = "= == != <> < <= > >= ~ !~ like ilike contains matches rlike LIKE".split()  # noqa: SIM905
VALUES = """
1 1.0 '1' "1" 0.5 -3 1e-5 '1e-05' true TRUE 'true' inf 'nan' finished 'FINISHED' 2026-01
2026-01-02 '2026-01-02' 2026-01-02T10:00 '2026-01-02_10:00' 2026-02-30 now now-7d 'now_-_2d'
now+1h 30s 1h30m 90m 'x' '' 't' 'a%' '%' '_' '%_b' 'a%b%' '😀_' 'gr%' '%ß' '1e+16'
'0.30000000000000004' '-0.0' '1e+22' '5e-324' 1767225600000 '2026-01-02T10:00:00+05:30'
'日本.語' '(?i)GR' '^x+$' '\\d+' '[[:alpha:]]' '(a' 'a{2,1}' '.' '.\\n' 'md5:' bare/word.x
'it''s' "a""b" 0x10 1. .5 +1 - 1e400 123456789012345678901234567890 '\uffff' z
""".split()  # noqa: SIM905
PIECES = [
    *KEYS,
    *OPERATORS,
    *VALUES,
    *"and or not ( ) , in between is null nan in ( ) ; ' ` \" $ not".split(),  # noqa: SIM905
]

PATTERNS = r"""
a b+ ^ab?c$ a|b \d{2,3} (?i)XGB (?:ab){2} x{ () a|| (a|b)*c [^a-c] [a-c_]+$ \bab\b \Bb .*x
(?s).+ (?m)^b$ (a [a *a a** (?=a) (a)\1 a{3,2} a{99999} [z-a] \ ((a{50}){50}){50} \_ [\b]
\pZ \p{Greek} \p{Foo} (?<n>a) (?<=a) (?P<n>a) (?P=n) a{2}{3} ^* (|a)* a*+ [[:foo:]] \Qa.b\E
\z \Z \8 \12 \x{61} \x4 \é (?i (?z) a|* (*a) []a] [a-b-c] [^] x{,3} a{1001} (a{30}){40}
[\d-z] [a-\d] (?i-s:A) \pL+ \p (?# [[a] \u0041 (?i)ß [[:^alpha:]] \PL \p{^Lu} (a+)+$
(?:(?i)B)b (?i:B)B \n (a|aa)+$ (x+x+)+y
""".split()  # noqa: SIM905
TEXTS = [
    "",
    "a",
    "ab",
    "abc",
    "aab b",
    "xgb",
    "XGB",
    "a\nb\nc",
    "12",
    "a1_",
    "é",
    "α",
    "ß",
    "]",
    "a.b",
    "x{,3}",
    "Bb",
    "bb",
]


@pytest.fixture
def ask(visit, flights_site):
    """Asks the page: filters and a table in, what was found or said out."""
    opened = visit(f"{flights_site.as_uri()}/")
    opened.go("compare.html")
    opened.page.evaluate("() => gitrack.filter || gitrack.load('assets/filter.js')")

    def asked(table: Columns, filters: list[str]) -> list[dict[str, Any]]:
        columns = [_column(table, name) for name in table.names()]
        now = NOW.timestamp() * 1000
        found: list[dict[str, Any]] = opened.page.evaluate(
            _ASK, [columns, table.rows, filters, now]
        )
        return found

    asked.page = opened.page
    yield asked
    assert opened.trouble == []


def _column(table: Columns, name: str) -> list[Any]:
    cells = list(table.column(name))
    floats = [row for row, cell in enumerate(cells) if isinstance(cell, float)]
    return [name, [_cell(cell) for cell in cells], floats]


def _cell(cell: Any) -> Any:
    if isinstance(cell, float) and not math.isfinite(cell):
        return {"number": "NaN" if math.isnan(cell) else "Infinity" if cell > 0 else "-Infinity"}
    return cell


def said(table: Columns, text: str) -> dict[str, Any]:
    """What the command line finds, or says."""
    try:
        query = parse(text)
        return {"rows": query.select(table, now=NOW), "missing": query.missing(table)}
    except InvalidFilter as fault:
        why, *place = fault.message.split("\n")
        return {"why": why, "at": place, "hint": fault.hint}


def test_the_page_finds_what_the_command_line_finds(ask):
    cases = [*MLFLOW, *MORE, *TIMES, *CURVES]

    answers = ask(RUNS, [text for text, _ in cases])

    ids = RUNS.column("id")
    found = ["".join(ids[row] for row in answer.get("rows", [])) for answer in answers]
    assert [(text, got) for (text, _), got in zip(cases, found, strict=True)] == cases


def test_the_page_marks_what_it_cannot_understand(ask):
    answers = ask(RUNS, [text for text, *_ in FAULTS])

    for (text, why, caret, hint), answer in zip(FAULTS, answers, strict=True):
        assert (answer["at"], hint is None or hint in answer["hint"]) == (caret, True), text
        assert why in answer["why"], text


def test_filters_made_up_of_pieces_mean_the_same_in_both(ask):
    chance = random.Random(11)
    filters = [_made_up(chance) for _ in range(2500)]

    answers = ask(MORE_CELLS, filters)

    wrong = []
    for text, answer in zip(filters, answers, strict=True):
        expected = said(MORE_CELLS, text)
        if "at" in expected:
            place = expected.pop("at")
            at = answer.pop("at", None)
            if place and at is not None:
                shown = place[1].index("^") - 2
                assert at == shown or len(text) > 55 or not text.isascii(), text
        if answer != expected:
            wrong.append((text, answer, expected))
    assert wrong == []


def _made_up(chance: random.Random) -> str:
    if chance.random() < 0.25:
        words = chance.choices(PIECES, k=chance.randint(1, 9))
        return " ".join(words)
    return _either(chance, 2).replace("learning_rate", "learning rate")


def _either(chance: random.Random, depth: int) -> str:
    what = chance.random()
    if depth and what < 0.25:
        return f"({_either(chance, depth - 1)} or {_either(chance, depth - 1)})"
    if depth and what < 0.45:
        return f"{_either(chance, depth - 1)} and {_either(chance, depth - 1)}"
    if depth and what < 0.55:
        return f"not {_either(chance, depth - 1)}"
    key, no = chance.choice(KEYS), chance.choice(["", "", "not "])
    value, other = (chance.choice(VALUES).replace("_", " ", 1) for _ in range(2))
    form = chance.random()
    if form < 0.12:
        return f"{key} {no}in ({value}, {other})"
    if form < 0.22:
        return f"{key} {no}between {value} and {other}"
    if form < 0.3:
        return f"{key} is {no}{chance.choice(['null', 'nan'])}"
    if form < 0.45:
        return f"{key} {no}{chance.choice(['like', 'ilike', 'contains', 'matches'])} {value}"
    return f"{key} {chance.choice(OPERATORS)} {value}"


def test_patterns_match_and_are_refused_alike(ask):
    table = Columns({"id": [str(n) for n in range(len(TEXTS))], "tags.t": TEXTS})
    filters = ["tags.t ~ '{}'".format(pattern.replace("'", "''")) for pattern in PATTERNS]

    answers = ask(table, filters)

    wrong = []
    for text, answer in zip(filters, answers, strict=True):
        expected = said(table, text)
        expected.pop("at", None)
        answer.pop("at", None)
        if answer != expected:
            wrong.append((text, answer, expected))
    assert wrong == []


def test_no_pattern_takes_the_page_long(ask):
    table = Columns({"id": ["a"], "tags.t": ["a" * 5000 + "!"]})

    hostile = ["(a+)+$", "^(a|a)*$", "(a*)*b", ".*.*.*.*.*x", "((a{30}){30})$" + "(" * 500]

    answers = ask(table, [f"tags.t ~ '{pattern}'" for pattern in hostile])

    assert [answer.get("rows") for answer in answers] == [[], [], [], [], None]


def test_filters_without_measure_are_refused(ask):
    long = [
        "(" * 500 + "id = 'a'" + ")" * 500,
        "not " * 500 + "id = 'a'",
        "id = 'a' and " * 5000,
        "(" * 19_000,
    ]

    answers = ask(RUNS, long)

    assert answers[0]["rows"] == [0]
    assert [answer["why"].split(" ")[-2:] for answer in answers[1:3]] == [
        ["too", "deep"],
        ["too", "long"],
    ]
    assert "too early" in answers[3]["why"]


def test_ten_thousand_rows_are_filtered_while_typing(ask):
    """Once without a measure of time: that a filter over many rows is right."""
    rows = 10_000
    start = NOW - timedelta(days=400)
    table = Columns(
        {
            "id": [f"r{row}" for row in range(rows)],
            "started": [
                f"{start + timedelta(minutes=50 * row):%Y-%m-%dT%H:%M:%S}.000Z"
                for row in range(rows)
            ],
            "params.depth": [row % 9 for row in range(rows)],
            "metrics.auc": [row / rows for row in range(rows)],
            "tags.note": [f"note {row % 77}" for row in range(rows)],
        }
    )
    text = "auc > 0.5 and (depth <= 4 or note contains '7') and started > now-90d"

    (answer,) = ask(table, [text])

    assert answer["rows"] == parse(text).select(table, now=NOW)
