"""What a shell may complete: runs, experiments, artifacts, models. Silent where there are none."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

import click

from gitrack.errors import GitrackError

if TYPE_CHECKING:
    from gitrack.registry.opened import OpenRegistry
    from gitrack.store.registry import Registry

#: More are of no use to anybody who looks for one.
_MOST = 200


def runs(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """Ids, their random tails and names that begin so, the newest first; `churn@production`."""
    name, at, _ = incomplete.partition("@")
    if name and at:
        return _registered(lambda registry: _of_model(registry, name), incomplete)
    found: dict[str, None] = {}
    ids, names = _columns("id", "name")
    for run_id, name in zip(reversed(ids), reversed(names), strict=True):
        for text in (run_id, run_id.rpartition("-")[2], name):
            if incomplete and text.startswith(incomplete):
                found[text] = None
    if not incomplete:
        found = dict.fromkeys(["@last", *reversed(ids)])
    return [text for text in found if text.isprintable()][:_MOST]


def experiments(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """Experiments that begin so, by name."""
    (names,) = _columns("experiment")
    return sorted({name for name in names if name.startswith(incomplete)})[:_MOST]


def named(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """Named artifacts that begin so."""
    from gitrack.store import open_store
    from gitrack.store.named import NamedArtifacts

    try:
        names = NamedArtifacts(open_store().branch).names()
    except GitrackError:
        return []
    return [name for name in names if name.startswith(incomplete) and name.isprintable()][:_MOST]


def artifacts(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """References to artifacts: versions of a name, what a run left, else names and runs."""
    from gitrack.store import open_store
    from gitrack.store.named import LATEST, NamedArtifacts

    name, colon, _ = incomplete.partition(":")
    run, slash, _ = incomplete.rpartition("/")
    try:
        store = open_store()
        known = NamedArtifacts(store.branch)
        if colon and known.numbers(name):
            pointers = [LATEST, *known.alias_names(name), *reversed(known.numbers(name))]
            versions = (p if isinstance(p, str) else f"v{p}" for p in pointers)
            found = [f"{name}:{version}" for version in versions]
        elif slash:
            reference = run.partition("/")[0]
            found = [f"{reference}/{a.path}" for a in store.run(reference).artifacts]
        else:
            found = [*known.names(), *runs(ctx, param, incomplete)]
    except GitrackError:
        return []
    return [text for text in found if text.startswith(incomplete) and text.isprintable()][:_MOST]


def data(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """Names of data sets that begin so."""
    from gitrack.store import open_store

    try:
        table = open_store().table()
    except GitrackError:
        return []
    names = [name for name in table.names() if name.startswith("data.") and name.endswith(".name")]
    found = {str(value) for name in names for value in table.column(name) if value is not None}
    return sorted(name for name in found if name.startswith(incomplete))[:_MOST]


def models(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """Registered models that begin so."""
    return _registered(lambda registry: registry.models(), incomplete)


def versions(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """Stages, aliases and numbers of the model that was typed before."""
    name = str(ctx.params.get("name") or "")

    def found(registry: Registry) -> Iterable[str]:
        stages = (stage for stage, held in registry.stages(name).items() if held)
        pointers = (f"@{alias}" for alias in registry.alias_names(name))
        numbers = (str(number) for number in reversed(registry.numbers(name)))
        return ["latest", *stages, *pointers, *numbers]

    return _registered(found, incomplete) if name else []


def stages(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """Stages that the policy has for the model that was typed before."""
    from gitrack.registry.opened import open_registry

    try:
        known = open_registry().ruling.policy.stages(str(ctx.params.get("name") or ""))
    except GitrackError:
        return []
    return [stage for stage in known if stage.startswith(incomplete)]


def aliases(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """Aliases of the model that was typed before."""
    name = str(ctx.params.get("name") or "")
    return _registered(lambda registry: registry.alias_names(name), incomplete) if name else []


def evidence(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """Kinds of evidence that the policy's gates ask for."""
    from gitrack.registry.opened import open_registry

    try:
        asked = asked_evidence(open_registry(), str(ctx.params.get("name") or ""))
    except GitrackError:
        return []
    return [kind for kind in asked if kind.startswith(incomplete)]


def asked_evidence(opened: OpenRegistry, name: str) -> list[str]:
    """The kinds of evidence that the gates of a model ask for, and approval. Raises ConfigError."""
    from gitrack.config.gates import EvidenceGate

    asked = (
        gate.evidence
        for stage in opened.ruling.policy.stages(name).values()
        for gate in (*stage.gates, *stage.rollback.gates)
        if isinstance(gate, EvidenceGate)
    )
    return list(dict.fromkeys([*asked, "approval"]))


def _of_model(registry: Registry, name: str) -> list[str]:
    """The runs of a model's versions, by stage, alias and number."""
    stages = [stage for stage, held in registry.stages(name).items() if held]
    numbers = map(str, reversed(registry.numbers(name)))
    return [f"{name}@{one}" for one in (*stages, *registry.alias_names(name), *numbers)]


def _registered(find: Callable[[Registry], Iterable[str]], incomplete: str) -> list[str]:
    from gitrack.store import open_store
    from gitrack.store.registry import Registry

    try:
        found = list(find(Registry(open_store().branch)))
    except GitrackError:
        return []
    return [text for text in found if text.startswith(incomplete) and text.isprintable()][:_MOST]


def _columns(*names: str) -> list[list[str]]:
    """Columns of the table of runs; empty ones where there is no repository or branch."""
    from gitrack.store import open_store

    try:
        table = open_store().table()
        return [[str(value or "") for value in table.column(name)] for name in names]
    except GitrackError:
        return [[] for _ in names]
