"""Saved views, as tables get them: nothing that the site hides, nothing that means nothing."""

from __future__ import annotations

import json

import pytest

from gitrack.config.views import NamedView, View
from gitrack.errors import ConfigError
from gitrack.site import build_site
from gitrack.site.extras import Extras
from gitrack.site.hiding.rules import Hide
from gitrack.site.views import views_data
from tests.site.flights import MadeStore


def named(name: str = "best", **fields) -> NamedView:
    return NamedView(name=name, path=f".tracking/views/{name}.yaml", view=View(**fields))


def test_keys_become_the_names_of_columns():
    view = named(
        title="Best",
        experiment="Über alles",
        filter=" start_time > now-7d ",
        order=("metrics.auc desc, tag.`a b`", "created"),
        pinned=("metrics.auc",),
        group="replicates",
    )

    (data,) = views_data([view], Hide())

    assert data["title"] == "Best"
    assert str(data["table"]).startswith("data/tables/experiments/")
    assert data["state"] == {
        "filter": "start_time > now-7d",
        "order": [["metrics.auc", "desc"], ["tags.a b", "asc"], ["started", "asc"]],
        "pinned": ["metrics.auc"],
        "group": "replicates",
    }


def test_plain_words_are_a_filter_too():
    (data,) = views_data([named(filter="weather depth8")], Hide())

    assert data["state"] == {"filter": "weather depth8"}


def test_a_view_without_a_title_goes_by_its_file():
    (data,) = views_data([named("late-ones")], Hide())

    assert (data["title"], data["table"], data["state"]) == ("late-ones", None, {})


@pytest.mark.parametrize(
    "fields", [{"filter": "metrics.auc >> 3"}, {"order": ("metrics.auc descending please",)}]
)
def test_a_view_that_means_nothing_fails_the_build_and_names_its_file(fields):
    with pytest.raises(
        ConfigError, match=r"\.tracking/views/best\.yaml: .*understood here"
    ) as told:
        views_data([named(**fields)], Hide())

    assert "^" in told.value.message


@pytest.mark.parametrize(
    ("fields", "shown"),
    [
        ({"filter": "params.data_path contains 'x'"}, None),
        ({"filter": "data_path contains 'x'"}, None),
        ({"filter": "metrics.auc > 1", "order": ("params.data_path",)}, None),
        ({"group": "params.data_path"}, None),
        ({"columns": ("params.data_path", "params.lr")}, ["params.lr"]),
    ],
)
def test_what_is_hidden_is_not_told_by_a_view(fields, shown):
    found = views_data([named(**fields)], Hide(params=("*_path",)))

    assert [one["state"].get("columns") for one in found] == ([shown] if shown else [])
    assert "data_path" not in json.dumps(found)


def test_a_view_that_changes_makes_its_script_again_and_no_page(tmp_path, bundles):
    def build(title):
        return build_site(
            MadeStore(bundles),
            tmp_path / "site",
            title="T",
            commit="c",
            cache=tmp_path / "cache",
            extras=Extras(views=(named(title=title),)),
        )

    build("One")
    report = build("Other")

    assert report.made == 1
    assert '"Other"' in (tmp_path / "site/data/views.js").read_text()
