"""Whatever is on the branch becomes text on the site: no element and no address of its own."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from gitrack.site import build_site, links
from gitrack.store import open_store
from tests.site.hostile import EVIL as EVIL_TEXT
from tests.site.hostile import IDS, MODEL, evil_branch, evil_run


@pytest.fixture
def evil_site(repo: Path, tmp_path: Path) -> Path:
    """The site of a branch that was written to do harm."""
    evil_branch(repo)
    store = open_store(repo)
    tip = store.branch.tip()
    report = build_site(store.at(tip), tmp_path / "site", title=EVIL_TEXT, commit=tip)
    assert report.runs == 3
    assert report.faults
    return tmp_path / "site"


#: What we write into styles ourselves: where things stand, in numbers.
_PLACES = re.compile(r"(?:\s*[a-z-]+:\s*-?\d+(?:\.\d+)?(?:%|px)?\s*(?:;|$))+", re.ASCII)


class _Page(HTMLParser):
    """Every element and address of a page, and its text."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.addresses: list[str] = []
        self.handlers: list[str] = []
        self.text = ""

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        for name, value in attrs:
            placed = name == "style" and _PLACES.fullmatch(value or "")
            # a frame that runs nothing holds documents of users, and nothing else does
            framed = name == "srcdoc" and tag == "iframe" and dict(attrs).get("sandbox") == ""
            barred = name.startswith("on") or name in ("style", "srcdoc", "formaction")
            if barred and not placed and not framed:
                self.handlers.append(f"{tag} {name}")
            if name in ("href", "src"):
                self.addresses.append(value or "")

    def handle_data(self, data):
        self.text += data


def read(path: Path) -> _Page:
    page = _Page()
    page.feed(path.read_text("utf-8"))
    return page


def test_pages_hold_no_element_and_no_address_of_a_user(evil_site):
    ours = re.compile(
        r"(?:\.\./)*(?:[a-z]+\.(?:html|xml)|(?:assets|data|runs|experiments|models|sweeps"
        r"|datasets|reports|api|badges|documents|files)/[\w./~-]+)?"
    )
    for path in evil_site.rglob("*.html"):
        page = read(path)
        assert page.handlers == [], path.name
        assert not page.tags & {"object", "embed", "form", "base", "foreignobject"}
        assert "iframe" not in page.tags or "documents" in path.parts, path
        for address in page.addresses:
            whole = ours.fullmatch(address.partition("#")[0])
            assert whole or address.startswith("data:image/svg+xml;base64,"), address
        assert "\u202e" not in page.text
        assert "\u2028alert" not in page.text


def test_every_field_is_shown_as_what_it_is(evil_site):
    """None is lost: what is odd is not left out, it is harmless."""
    text = read(evil_site / f"runs/{IDS[0]}.html").text
    shown = EVIL_TEXT.replace("\u202e", "⟨U+202E⟩")
    run = evil_run(1)
    fields = 40 + len(run.data) + len(run.artifacts)
    assert text.count(shown) > fields
    assert text.count("javascript:alert(3)") > 5


def test_a_model_and_its_promotions_are_shown_as_what_they_are(evil_site):
    text = read(evil_site / links.model_page(MODEL)).text
    shown = EVIL_TEXT.replace("\u202e", "⟨U+202E⟩")

    assert MODEL in text
    assert text.count(shown) > 25
    assert text.count("javascript:alert(3)") > 5
    assert MODEL in read(evil_site / "index.html").text


def test_scripts_of_data_are_data(evil_site):
    for path in (evil_site / "data").rglob("*.js"):
        text = path.read_bytes().decode("ascii")
        assert not set(text) & set("<>&"), path
        assert text.count("\n") == 1, path
        call = re.fullmatch(r"gitrack(?:\.[a-z]+)+\((.*)\);\n", text)
        assert call, path
        json.loads(f"[{call[1]}]")


def test_files_of_users_are_pictures_or_plain_text_under_names_of_ours(evil_site):
    found = [path for path in (evil_site / "files").rglob("*") if path.is_file()]
    assert found
    for path in found:
        assert re.fullmatch(r"[a-z0-9][a-z0-9._-]{0,90}\.txt", path.name), path.name


def test_nothing_lies_outside(evil_site, tmp_path):
    assert {path.name for path in tmp_path.iterdir()} == {"project", "site"}
