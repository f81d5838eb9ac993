"""What programs read: JSON of everything, a feed, a sitemap, badges, and all runs as Parquet.

The JSON of a run is made with its page.
"""

from __future__ import annotations

from functools import partial

from gitrack.site.contents import Contents
from gitrack.site.incremental import Made, Unit
from gitrack.site.machine import api, badges, feed, parquet
from gitrack.site.pages.group import Group
from gitrack.site.pages.registry import in_order, measure_of, result_of
from gitrack.site.parts import Units
from gitrack.store.registry.whole import KnownModel


def units(contents: Contents) -> Units:
    """By experiment, by model, and for the whole site."""
    for group in contents.groups:
        inputs = [(run.id, run.name, run.status, run.started) for run in group.runs]
        yield Unit(f"api-experiment:{group.name}", inputs, partial(_experiment, group))
    for model in contents.models:
        runs = [contents.by_id[v.run].run for v in model.versions if v.run in contents.by_id]
        yield Unit(
            f"api-model:{model.name}",
            (contents.settings, model, contents.trees(runs)),
            partial(_model, contents, model),
        )
    trees = contents.trees(contents.runs)
    yield Unit(
        "api-index",
        (contents.settings, contents.commit, trees, contents.models),
        partial(_index, contents),
    )
    yield Unit("parquet", (contents.settings, trees), partial(_parquet, contents))
    if contents.models:
        about = (contents.settings, contents.models, contents.extras.url)
        yield Unit("feed", about, partial(_feed, contents))


def _experiment(group: Group) -> Made:
    path = api.experiment_path(group.name)
    return Made({path: api.experiment_document(group.name, group.runs)})


def _model(contents: Contents, model: KnownModel) -> Made:
    runs = {run.id: run for run in contents.runs}
    made = api.model_documents(model, runs)
    measure = measure_of(model, runs, contents.goals)
    numbered = {version.version: version for version in model.versions}
    for stage in in_order(model.stages):
        standing = model.stages[stage]
        version = numbered.get(standing[-1]) if standing else None
        result = result_of(runs.get(version.run) if version else None, measure)
        words = [f"v{standing[-1]}"] if standing else ["nobody"]
        if result:
            words.append(f"{result.metric} {result.value}")
        data = badges.badge(f"{model.name} {stage}", " · ".join(words), held=bool(standing))
        made[badges.badge_path(model.name, stage)] = data
    return Made(made)


def _index(contents: Contents) -> Made:
    data = api.index_document(
        title=contents.frame.title,
        branch=contents.frame.branch,
        commit=contents.commit,
        runs=contents.runs,
        experiments=[group.name for group in contents.groups],
        models=contents.models,
    )
    return Made({f"{api.ROOT}/index.json": data})


def _parquet(contents: Contents) -> Made:
    return Made({parquet.PATH: parquet.parquet(contents.runs)})


def _feed(contents: Contents) -> Made:
    data = feed.feed(contents.frame.title, contents.models, contents.extras.url)
    return Made({feed.PATH: data})
