"""Where the questions that people come with are answered, with what this project has to ask of."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

import msgspec

from gitrack.model.run import Run
from gitrack.site.links import experiment_page, model_page, slug
from gitrack.site.pages.group import Group
from gitrack.site.pages.registry import PRODUCTION, stood_before
from gitrack.store.registry.whole import KnownModel


class Lead(msgspec.Struct, frozen=True, kw_only=True):
    """A page that answers, and what is looked at there (`about` is a user's word)."""

    href: str
    says: str
    about: str | None = None


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """A question, and the pages that answer it, the likeliest first."""

    asks: str
    leads: tuple[Lead, ...]


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """Two runs to compare, the older or the standing one first, with what each of them is."""

    asks: str
    one: Run
    other: Run
    one_is: str
    other_is: str

    @property
    def address(self) -> str:
        """What follows `compare.html#`."""
        return f"runs={slug(self.one.id)},{slug(self.other.id)}"


def questions(
    groups: Sequence[Group],
    models: Sequence[KnownModel],
    runs: Mapping[str, Run],
    pages: Collection[str],
    *,
    timeline: bool,
    verdicts: Collection[str] = (),
) -> tuple[Question, ...]:
    """Those that can be answered here; `pages` are those that this site has so far.

    `timeline` says whether models' pages tell which version stood where on any day, `verdicts` are
    the experiments of which it is told what came of them.
    """
    model = _asked_of([one for one in models if model_page(one.name) in pages])
    return tuple(_asked(groups, model, runs, pages, timeline, verdicts))


def asked_pairs(
    groups: Sequence[Group], models: Sequence[KnownModel], runs: Mapping[str, Run]
) -> list[Asked]:
    """The comparisons that the questions lead to."""
    model = _asked_of(models)
    found = [_two(groups, model, runs), _before(model, runs) if model else None]
    return [pair for pair in found if pair is not None]


def _asked_of(models: Sequence[KnownModel]) -> KnownModel | None:
    """Whoever comes asks of what serves people: the model that was promoted last."""
    last = sorted(
        models, key=lambda m: max((p.at for p in m.promotions.values()), default=""), reverse=True
    )
    return next((model for model in last if model.stages.get(PRODUCTION)), None)


def _asked(
    groups: Sequence[Group],
    model: KnownModel | None,
    runs: Mapping[str, Run],
    pages: Collection[str],
    timeline: bool,
    verdicts: Collection[str],
) -> Iterator[Question]:
    if model is not None:
        place, says = (
            ("timeline", "The timeline of") if timeline else ("promotions", "Promotions of")
        )
        lead = Lead(href=f"{model_page(model.name)}#{place}", says=says, about=model.name)
        asks = "What was in production on a past day, with which code and data?"
        yield Question(asks=asks, leads=(lead,))
    tried = tuple(_tried(groups, pages, verdicts))
    if tried:
        yield Question(asks="We tried something: what came of it?", leads=tried)
    two = _two(groups, model, runs)
    if two is not None:
        yield _compared(two, "Side by side:", f"{two.other_is} and {two.one_is}")
    if model is None:
        return
    before = stood_before(model, PRODUCTION)
    if before is not None:
        back = Lead(
            href=f"{model_page(model.name)}#roll-back",
            says=f"Back to v{before} of",
            about=model.name,
        )
        yield Question(asks="It has become worse: can we go back?", leads=(back,))
    differ = _before(model, runs)
    if differ is not None:
        about = f"{differ.one_is} and {differ.other_is}"
        yield _compared(differ, "Likely causes, ranked:", about)


def _compared(pair: Asked, says: str, about: str) -> Question:
    lead = Lead(href=f"compare.html#{pair.address}", says=says, about=about)
    return Question(asks=pair.asks, leads=(lead,))


def _tried(
    groups: Sequence[Group], pages: Collection[str], verdicts: Collection[str]
) -> Iterator[Lead]:
    """The newest experiment of which is told what came of its hypothesis; any other by words."""
    meant = [group for group in groups if any(run.tags.get("hypothesis") for run in group.runs)]
    known = [group for group in meant if group.name in verdicts]
    newest = max(known or meant or groups, key=_begun, default=None)
    if newest is None:
        return
    yield Lead(href=experiment_page(newest.name), says="The verdict of", about=newest.name)
    if "search.html" in pages:
        yield Lead(href="search.html", says="or search hypotheses, tags and notes")


def _begun(group: Group) -> tuple[str, str]:
    return group.runs[0].started, group.name


def _two(
    groups: Sequence[Group], model: KnownModel | None, runs: Mapping[str, Run]
) -> Asked | None:
    """What is in production and the best of the newest other experiment; else the best of two.

    Both have a result by the metric that ranks one of them.
    """
    newest = sorted(groups, key=_begun, reverse=True)
    best = [(group, group.best) for group in newest if group.best is not None]
    standing = _run(model, model.stages[PRODUCTION][-1], runs) if model else None
    one, one_is = standing, f"{model.name} in production" if model else ""
    if one is None:
        if not best:
            return None
        one, one_is = best[0][1], f"the best of {best[0][0].name}"
    for group, other in best:
        measure = group.measure
        if other.id != one.id and measure is not None and measure.metric in one.metrics:
            asks = "Two models: which is better, and why?"
            other_is = f"the best of {group.name}"
            return Asked(asks=asks, one=one, other=other, one_is=one_is, other_is=other_is)
    return None


def _before(model: KnownModel, runs: Mapping[str, Run]) -> Asked | None:
    """The version that was in production before, and the one that is there now."""
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
    if old is None or new is None or old.id == new.id:
        return None
    return Asked(
        asks=f"Why do v{earlier[-1]} and v{now} differ?",
        one=old,
        other=new,
        one_is=f"{model.name} v{earlier[-1]}",
        other_is=f"v{now}",
    )


def _run(model: KnownModel, number: int, runs: Mapping[str, Run]) -> Run | None:
    return next((runs.get(v.run) for v in model.versions if v.version == number), None)
