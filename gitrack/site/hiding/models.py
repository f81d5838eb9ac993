"""What a site leaves out of registered models: people on a public one, metrics and tags by name."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import TypeVar

from msgspec.structs import replace

from gitrack.model.promotion import Promotion, Verdict
from gitrack.model.registered import Proof
from gitrack.store.registry.whole import KnownModel

#: True for a name that is hidden.
Hidden = Callable[[str], bool]

_V = TypeVar("_V")

#: From the beginning of a word only: a long one is not tried at each of its letters.
_MAIL = re.compile(r"(?<![^\s<>\"'(),;:])[^\s<>\"'(),;:]+@[^\s<>\"'(),;:]+")
#: Gates whose sentences and values say who did something.
_ABOUT_PEOPLE = frozenset(("approvals", "evidence"))
_ABOUT_METRICS = frozenset(("metric", "no_regression"))
_ABOUT_TAGS = frozenset(("tag", "tags"))


def nameless(model: KnownModel) -> KnownModel:
    """The model without names of people, addresses and links; facts about them stay."""
    about = model.about and replace(model.about, owners=[], by=None)
    return replace(
        model,
        about=about,
        versions=tuple(replace(version, by=None) for version in model.versions),
        pointers={name: replace(pointer, by=None) for name, pointer in model.pointers.items()},
        proofs={
            number: {name: _nameless_proof(proof) for name, proof in found.items()}
            for number, found in model.proofs.items()
        },
        promotions={id: _nameless_promotion(one) for id, one in model.promotions.items()},
    )


def people(model: KnownModel) -> Iterator[str | None]:
    """Everybody whom the model's records name as who did something."""
    if model.about:
        yield from (*model.about.owners, model.about.by)
    for version in model.versions:
        yield version.by
    for pointer in model.pointers.values():
        yield pointer.by
    for found in model.proofs.values():
        yield from (proof.by for proof in found.values())
    for promotion in model.promotions.values():
        yield promotion.by


def without(model: KnownModel, metric: Hidden, tag: Hidden) -> KnownModel:
    """The model without hidden tags, and without gates that ask for a hidden metric or tag."""
    return replace(
        model,
        about=model.about and replace(model.about, tags=_without(model.about.tags, tag)),
        versions=tuple(replace(v, tags=_without(v.tags, tag)) for v in model.versions),
        promotions={
            id: replace(
                one,
                verdicts=[v for v in one.verdicts if not _asks_for(v, metric, tag)],
            )
            for id, one in model.promotions.items()
        },
    )


def without_mail(text: str) -> str:
    """A text without addresses of people."""
    return _MAIL.sub("…", text)


def _nameless_proof(proof: Proof) -> Proof:
    note = proof.note and _MAIL.sub("…", proof.note)
    return replace(proof, by="", note=note, links=[], details={})


def _nameless_promotion(promotion: Promotion) -> Promotion:
    return replace(
        promotion,
        by="",
        why=_MAIL.sub("…", promotion.why),
        verdicts=[_nameless_verdict(verdict) for verdict in promotion.verdicts],
    )


def _nameless_verdict(verdict: Verdict) -> Verdict:
    if verdict.kind in _ABOUT_PEOPLE:
        plain = verdict.value if not isinstance(verdict.value, str) else None
        return replace(verdict, gate=_MAIL.sub("…", verdict.gate), says="", value=plain)
    return replace(verdict, says=_MAIL.sub("…", verdict.says))


def _asks_for(verdict: Verdict, metric: Hidden, tag: Hidden) -> bool:
    """Does the rule name something hidden? Names stand in it as words of their own."""
    hidden = (
        metric if verdict.kind in _ABOUT_METRICS else tag if verdict.kind in _ABOUT_TAGS else None
    )
    if hidden is None:
        return False
    key = (verdict.source or "").rpartition(":")[2].partition(".")[2]
    words = [verdict.gate, key, *re.split(r"[\s,:]+", verdict.gate)]
    return any(hidden(word.strip("'\"[]()")) for word in words if word)


def _without(values: Mapping[str, _V], hidden: Hidden) -> dict[str, _V]:
    return {name: value for name, value in values.items() if not hidden(name)}
