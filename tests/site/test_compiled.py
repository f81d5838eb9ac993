"""Templates are compiled once; whatever became of what was kept, pages are the same."""

from __future__ import annotations

import jinja2
import pytest

from gitrack.site.pages.frame import Frame
from gitrack.site.pages.search import search_page
from gitrack.site.render import Renderer


def page(cache=None):
    frame = Frame(title="T", branch="gitrack")
    return Renderer(cache).page("search.html", search_page(frame, []), "search.html")


@pytest.fixture
def compiled(monkeypatch):
    """The templates that were compiled."""
    names = []
    original = jinja2.Environment.compile

    def told(self, source, name=None, *rest, **options):
        names.append(name)
        return original(self, source, name, *rest, **options)

    monkeypatch.setattr(jinja2.Environment, "compile", told)
    return names


def test_a_template_is_compiled_once(tmp_path, compiled):
    first = page(tmp_path / "cache")
    assert "search.html" in compiled
    compiled.clear()

    assert page(tmp_path / "cache") == first == page()
    compiled.clear()
    page(tmp_path / "cache")
    assert compiled == []


@pytest.mark.parametrize("harm", [lambda d: d[:-9], lambda d: b"", lambda d: d[:20] + b"\0" * 99])
def test_a_damaged_file_is_compiled_anew(tmp_path, compiled, harm):
    first = page(tmp_path)
    for file in tmp_path.iterdir():
        file.write_bytes(harm(file.read_bytes()))
    compiled.clear()

    assert page(tmp_path) == first
    assert "search.html" in compiled
    compiled.clear()
    assert page(tmp_path) == first
    assert compiled == []


def test_other_code_compiles_anew(tmp_path, compiled, monkeypatch):
    page(tmp_path)
    compiled.clear()
    monkeypatch.setattr("gitrack.site.render.generator", lambda: b"another")
    page(tmp_path)
    assert "search.html" in compiled


def test_a_folder_that_cannot_be_written_costs_time_only(tmp_path):
    (tmp_path / "cache").write_text("a file")
    assert page(tmp_path / "cache") == page()
