"""Saved views: strict files, whose faults are named by their line."""

from __future__ import annotations

import pytest

from gitrack.config.views import VIEWS_FOLDER, View, load_views
from gitrack.errors import ConfigError


@pytest.fixture
def views(tmp_path):
    folder = tmp_path / VIEWS_FOLDER
    folder.mkdir(parents=True)
    return folder


def test_a_project_without_views_has_none(tmp_path):
    assert load_views(None) == ()
    assert load_views(tmp_path) == ()


def test_views_come_by_the_names_of_their_files(tmp_path, views):
    (views / "b.yaml").write_text("title: Second\n")
    (views / "a.yaml").write_text(
        "filter: metrics.auc > 0.8\norder: [metrics.auc desc]\ncolumns:\n- metrics.auc\n"
        "group: tags.team\nscales: true\n"
    )
    (views / "notes.md").write_text("not a view")

    first, second = load_views(tmp_path)

    assert (first.name, first.path) == ("a", ".tracking/views/a.yaml")
    assert first.view == View(
        filter="metrics.auc > 0.8",
        order=("metrics.auc desc",),
        columns=("metrics.auc",),
        group="tags.team",
        scales=True,
    )
    assert second.view.title == "Second"


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("a.yaml", "filtre: status = failed\n", r"\.tracking/views/a\.yaml:1: .*filtre"),
        ("a.yaml", "title: T\ncolumns: metrics.auc\n", r"a\.yaml:2: "),
        ("a.yaml", "title: T\ngroup: metrics.auc\n", r"a\.yaml:2: .*by which no table is grouped"),
        ("a.yaml", "columns:\n- metrics.auc\n- ' '\n", r"a\.yaml:3: .*is empty"),
        ("a.yaml", "scales: perhaps\n", r"a\.yaml:1: "),
        ("a.yaml", "title: [\n", r"a\.yaml:\d"),
        ("A b.yaml", "title: T\n", "is not a name for a view"),
        ("a.yml", "title: T\n", r"not end in \.yaml; mv \.tracking/views/a\.yml \S+/a\.yaml"),
    ],
)
def test_what_is_no_view_is_refused(tmp_path, views, name, text, told):
    (views / name).write_text(text)

    with pytest.raises(ConfigError, match=told):
        load_views(tmp_path)


def test_so_many_views_help_nobody(tmp_path, views):
    for number in range(101):
        (views / f"v{number}.yaml").write_text("")

    with pytest.raises(ConfigError, match="101 views"):
        load_views(tmp_path)
