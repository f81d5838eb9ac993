"""Where the questions that people come with are answered, with what this project has to ask of."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

import msgspec

from gitrack.model.run import Run
from gitrack.site.links import experiment_page, model_page, slug
from gitrack.site.pages.group import Group
from gitrack.site.pages.registry import PRODUCTION
from gitrack.store.registry.whole import KnownModel


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """A question, the page that answers it, and what is looked at there (a user's word)."""

    asks: str
    href: str
    leads: str
    about: str | None = None


def questions(
    groups: Sequence[Group],
    models: Sequence[KnownModel],
    runs: Mapping[str, Run],
    pages: Collection[str],
    *,
    timeline: bool,
) -> tuple[Question, ...]:
    """Those that can be answered here; `pages` are those that this site has so far.

    `timeline` says whether models' pages tell which version stood where on any day.
    """
    serving = [model for model in models if model_page(model.name) in pages]
    # whoever comes asks of what serves people: the model that was promoted last
    serving.sort(key=lambda m: max((p.at for p in m.promotions.values()), default=""), reverse=True)
    model = next((m for m in serving if m.stages.get(PRODUCTION)), None)
    return tuple(_asked(groups, model, runs, pages, timeline))


def _asked(
    groups: Sequence[Group],
    model: KnownModel | None,
    runs: Mapping[str, Run],
    pages: Collection[str],
    timeline: bool,
) -> Iterator[Question]:
    if model is not None:
        yield Question(
            asks="What was in production on a past day, with which code and data?",
            href=f"{model_page(model.name)}#{'timeline' if timeline else 'promotions'}",
            leads="The timeline of" if timeline else "The promotions of",
            about=model.name,
        )
    meant = [group for group in groups if any(run.tags.get("hypothesis") for run in group.runs)]
    newest = max(
        meant or groups, key=lambda group: (group.runs[0].started, group.name), default=None
    )
    if newest is not None:
        yield Question(
            asks="We tried something: what came of it?",
            href="search.html" if "search.html" in pages else experiment_page(newest.name),
            leads="Search hypotheses, tags and notes"
            if "search.html" in pages
            else "The verdict of",
            about=None if "search.html" in pages else newest.name,
        )
    pair = _pair(groups, model, runs)
    if pair is not None:
        yield Question(
            asks="Two models: which is better, and why?",
            href=f"compare.html#runs={slug(pair[0].id)},{slug(pair[1].id)}",
            leads="The best run so far beside",
            about=f"{model.name} in production" if model else pair[0].name or pair[0].id,
        )
    if model is None:
        return
    yield Question(
        asks="It has become worse: can we go back?",
        href=f"{model_page(model.name)}#promotions",
        leads="What stood there before:",
        about=model.name,
    )
    before = _before(model, runs)
    if before is not None:
        old, new = before
        yield Question(
            asks=f"Why do v{old[0]} and v{new[0]} differ?",
            href=f"compare.html#runs={slug(old[1].id)},{slug(new[1].id)}",
            leads="Likely causes, ranked:",
            about=f"{model.name} v{old[0]} and v{new[0]}",
        )


def _pair(
    groups: Sequence[Group], model: KnownModel | None, runs: Mapping[str, Run]
) -> tuple[Run, Run] | None:
    """What is in production and the best of the newest experiment; else the best of two."""
    newest = sorted(groups, key=lambda group: (group.runs[0].started, group.name), reverse=True)
    best = [group.best for group in newest if group.best is not None]
    standing = _run(model, model.stages[PRODUCTION][-1], runs) if model else None
    if standing is not None:
        best = [standing, *(run for run in best if run.id != standing.id)]
    elif len(best) > 1:
        best = [best[1], best[0]]
    return (best[0], best[1]) if len(best) > 1 else None


def _before(
    model: KnownModel, runs: Mapping[str, Run]
) -> tuple[tuple[int, Run], tuple[int, Run]] | None:
    """The version in production, and the one that was there before it."""
    served = [
        p.version
        for p in sorted(model.promotions.values(), key=lambda p: p.at)
        if p.to == PRODUCTION and not p.draft
    ]
    now = model.stages[PRODUCTION][-1]
    earlier = [number for number in served if number != now]
    if not earlier:
        return None
    old, new = _run(model, earlier[-1], runs), _run(model, now, runs)
    return ((earlier[-1], old), (now, new)) if old and new and old.id != new.id else None


def _run(model: KnownModel, number: int, runs: Mapping[str, Run]) -> Run | None:
    return next((runs.get(v.run) for v in model.versions if v.version == number), None)
