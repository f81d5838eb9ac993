"""What reviewers read is whole, and nothing that a record says becomes markup in it."""

from __future__ import annotations

import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from gitrack.model.run import Code, Dataset, Environment, RunBundle
from gitrack.registry.opened import OpenRegistry
from gitrack.registry.promotion.markdown import code, prose, table
from gitrack.registry.promotion.promote import promote
from tests.registry.promotion.conftest import run_of

Build = Callable[..., OpenRegistry]
Git = Callable[..., str]

HOSTILE = [
    "@octocat fixed #12",
    "](https://evil.example) [click](javascript:alert(1))",
    "![x](https://evil.example/p.png)",
    "<img src=x onerror=alert(1)><script>alert(1)</script>",
    "</code><b>bold</b>",
    "`` ` ``` tick",
    "a | b \\| c \\\\| d",
    "| x | y |\n| --- | --- |",
    "# heading\n\n- list\n> quote",
    "https://evil.example www.evil.example me@evil.example",
    "\u202egnp.exe\u202c \x1b[31mred",
    "deadbeefdeadbeefdeadbeefdeadbeefdeadbeef acme/models#1 GH-7 !3 $4 ~5 %6 &7",
    "&lt;b&gt; &#64;octocat",
    "<!-- hidden --> <details><summary>x</summary>",
    "$$\\frac{1}{2}$$ :rocket: ~~gone~~ **bold** __bold__ _it_",
    "1. one",
    "---",
    "===",
    "    indented",
]


class _Seen(HTMLParser):
    """The tags of a page, and the text that does not stand in code."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.outside = ""
        self._code = 0
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self._code += tag == "code"
        self.links += [value or "" for name, value in attrs if name in ("href", "src")]

    def handle_endtag(self, tag: str) -> None:
        self._code -= tag == "code"

    def handle_data(self, data: str) -> None:
        if not self._code:
            self.outside += data


def _rendered(text: str) -> _Seen:
    return _Seen(MarkdownIt("commonmark", {"html": True}).enable(["table"]).render(text))


_HARMLESS = {"p", "code", "table", "thead", "tbody", "tr", "th", "td", "h3", "pre", "blockquote"}
_HARMLESS |= {"ul", "li", "strong"}


def test_what_a_gate_says_reads_as_a_sentence():
    says = "worse by 0.103, between -0.108 and +0.0975 at 95 % (DeLong, 53991 cases); 95% so"
    seen = _rendered(prose(says))
    assert "code" not in seen.tags
    assert says in seen.outside


@pytest.mark.parametrize("text", HOSTILE)
def test_a_value_is_shown_as_it_is_and_means_nothing(text: str):
    cell = _rendered("\n".join(table(("a", "b"), [(code(text), "x")])))
    assert set(cell.tags) <= {"table", "thead", "tbody", "tr", "th", "td", "code"}
    assert cell.tags.count("td") == 2
    assert cell.outside.split() == ["a", "b", "x"]

    line = _rendered(f"> {prose(text)}")
    assert set(line.tags) <= {"blockquote", "p", "code"}
    assert not set("@#<>|[]!`/&$~*_") & set(line.outside)


@given(st.text(max_size=60))
def test_no_text_at_all_breaks_out(text: str):
    cell = _rendered("\n".join(table(("a", "b"), [(code(text), "x")])))
    assert set(cell.tags) <= {"table", "thead", "tbody", "tr", "th", "td", "code"}
    assert cell.tags.count("td") == 2
    line = _rendered(f"> {prose(text) or 'x'}")
    assert set(line.tags) <= {"blockquote", "p", "code"}


def _hostile_run(number: int) -> object:
    evil = dict(enumerate(HOSTILE))
    return run_of(
        number,
        name=HOSTILE[3],
        author=HOSTILE[0],
        params={f"{text} {number}": f"{text} {number}" for text in HOSTILE},
        metrics={"auc": 0.95, **dict.fromkeys(HOSTILE, 0.5 + number)},
        data=[Dataset(name=text, role=evil[2], version=f"{text}{number}") for text in HOSTILE],
        environment=Environment(python=f"{HOSTILE[9]} {number}", image=HOSTILE[4] + str(number)),
        code=Code(commit=HOSTILE[6] + str(number)),
    )


def test_no_field_of_a_record_becomes_markup(registry: Build):
    opened = registry(None, {n: _hostile_run(n) for n in (1, 2)})
    promote("churn", 1, to="production", why="first", direct=True, where=opened)
    done = promote("churn", 2, to="production", why=" ".join(HOSTILE), where=opened)

    seen = _rendered(done.text)
    assert set(seen.tags) <= _HARMLESS
    assert not seen.links
    assert not set("@#<>|[]`$~*_") & set(seen.outside)
    assert "evil" not in seen.outside
    assert done.title == "churn v2 → production"


def test_the_text_says_what_reviewers_need(registry: Build, git: Git, repo: Path):
    old = git(repo, "rev-parse", "HEAD")
    (repo / "train.py").write_text("print('better')\n")
    git(repo, "commit", "-qam", "weather features @octocat")
    new = git(repo, "rev-parse", "HEAD")
    git(repo, "remote", "add", "origin", "git@github.com:acme/models.git")
    runs = {2: run_of(2, code=Code(commit=old)), 3: run_of(3, code=Code(commit=new))}
    opened = registry(runs=runs)
    bundles = [
        RunBundle(run=run, files={"environment.txt": f"numpy==1.{n}\npandas==2.0\n".encode()})
        for n, run in runs.items()
    ]
    opened.store.commit_runs(bundles)
    git(repo, "update-ref", "refs/remotes/origin/gitrack", "gitrack")
    for number in (2, 3):
        promote("churn", number, to="staging", why="good", direct=True, where=opened)
        git(repo, "update-ref", "refs/remotes/origin/gitrack", "gitrack")
        if number == 2:
            done = promote("churn", 2, to="production", why="first", push=False, where=opened)
            git(repo, "fetch", "-q", ".", f"{done.branch}:gitrack")
            git(repo, "update-ref", "refs/remotes/origin/gitrack", "gitrack")

    done = promote("churn", 3, to="production", why="7 days in shadow.", push=False, where=opened)

    assert "> 7 days in shadow" in done.text
    assert re.search(r"^### Gates: \d+ passed$", done.text, re.MULTILINE)
    assert "### Metrics against v2, which stands there now" in done.text
    assert "| `auc` | `0.93` | `0.9` | `+0.03` |" in done.text
    assert f"[compare](https://github.com/acme/models/compare/{old}...{new})" in done.text
    assert "`weather features @octocat`" in done.text
    assert "| `depth` | `7` | `6` |" in done.text
    assert "`lr`" not in done.text
    assert "| `numpy` | `1.3` | `1.2` |" in done.text
    assert "`pandas`" not in done.text
    assert "`flights (train)`" in done.text
    assert 'gitrack rollback churn --stage production --why "…"' in done.text
    assert "✅ | `auc no worse than in production" in done.text
    (regression,) = (line for line in done.text.splitlines() if "no worse than in" in line)
    assert regression.split(" | ")[2] == "`0.93`"
    assert regression.split(" | ")[5] == "`0.9`"  # who stands there now
    assert done.open is not None
    assert done.open.startswith("https://github.com/acme/models/compare/gitrack...promote%2Fchurn")
    assert done.next[0] == "git push origin promote/churn-v3-production"


def test_a_text_fits_into_what_hosts_take(registry: Build):
    many = {f"metric-{number:05}-{'x' * 180}": 0.5 for number in range(400)}
    params = {f"param-{number:05}-{'y' * 180}": "z" * 190 for number in range(400)}
    runs = {n: run_of(n, metrics={"auc": 0.9, **many}, params=params) for n in (1, 2)}
    opened = registry(None, runs)
    promote("churn", 1, to="production", why="first", direct=True, where=opened)
    done = promote("churn", 2, to="production", why="second", where=opened)
    assert len(done.text) <= 60_000
    assert "and 361 more" in done.text
    assert "### The way back" in done.text
