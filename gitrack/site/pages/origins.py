"""Where a run stands among others: what it used, which versions it made, what is proven of it."""

from __future__ import annotations

from collections.abc import Set

import msgspec

from gitrack.model.run import Artifact, Evidence, Run, Use
from gitrack.site import display
from gitrack.site.exhibits import Exhibits, shell
from gitrack.site.links import run_page
from gitrack.store.made import AllVersions


class UseView(msgspec.Struct, frozen=True, kw_only=True):
    """Something that a run read. `run` left it there; `href` leads to its page, if it has one."""

    what: str
    where: str | None
    run: str | None
    href: str | None
    md5: str | None


class MadeView(msgspec.Struct, frozen=True, kw_only=True):
    """A version of a named artifact that the run's bytes are; an older run may have made it."""

    what: str
    aliases: tuple[str, ...]
    path: str
    first: str | None
    first_href: str | None
    command: str


class EvidenceView(msgspec.Struct, frozen=True, kw_only=True):
    """A fact, and the way to the artifact that proves it."""

    name: str
    passed: bool
    detail: str | None
    report: str | None
    href: str | None
    time: str | None


class ModelView(msgspec.Struct, frozen=True, kw_only=True):
    """A model, what goes in and comes out, and how Python gets it back."""

    path: str
    flavor: str | None
    inputs: str | None
    outputs: str | None
    size: str | None
    load: str | None


class Origins(msgspec.Struct, frozen=True, kw_only=True):
    """What the page shows of all this."""

    used: tuple[UseView, ...] = ()
    made: tuple[MadeView, ...] = ()
    evidence: tuple[EvidenceView, ...] = ()
    models: tuple[ModelView, ...] = ()


def origins(run: Run, shown: Exhibits, versions: AllVersions, ids: Set[str]) -> Origins:
    """Of one run; `ids` are those of all runs that have a page."""
    reports = {text.path: text.href for text in shown.texts}
    reports |= {picture.path: picture.source for picture in shown.pictures if not picture.inline}
    return Origins(
        used=tuple(_used(use, ids) for use in run.uses),
        made=tuple(
            view for artifact in run.artifacts if (view := _made(artifact, run, versions, ids))
        ),
        evidence=tuple(_evidence(fact, reports) for fact in run.evidence),
        models=tuple(_model(artifact, run) for artifact in run.artifacts if _is_model(artifact)),
    )


def _used(use: Use, ids: Set[str]) -> UseView:
    if use.name is not None:
        what = use.name if use.version is None else f"{use.name}:v{use.version}"
        where = use.path
    else:
        what, where = use.path or use.uri or "something elsewhere", None
    return UseView(
        what=what,
        where=where,
        run=use.run,
        href=run_page(use.run) if use.run in ids and use.run else None,
        md5=use.md5,
    )


def _made(artifact: Artifact, run: Run, versions: AllVersions, ids: Set[str]) -> MadeView | None:
    found = versions.of(artifact)
    if found is None:
        return None
    what = f"{found.name}:v{found.version}"
    first = None if found.run == run.id else found.run
    return MadeView(
        what=what,
        aliases=found.aliases,
        path=artifact.path,
        first=first,
        first_href=run_page(first) if first in ids and first else None,
        command=shell("gitrack", "artifact", "get", what),
    )


def _evidence(fact: Evidence, reports: dict[str, str]) -> EvidenceView:
    return EvidenceView(
        name=fact.name,
        passed=fact.passed,
        detail=fact.detail,
        report=fact.report,
        href=reports.get(fact.report) if fact.report else None,
        time=display.absolute(fact.time),
    )


def _is_model(artifact: Artifact) -> bool:
    return artifact.kind == "model" and artifact.flavor is not None


def _model(artifact: Artifact, run: Run) -> ModelView:
    reference = f"runs:/{run.id}/{artifact.path}"
    return ModelView(
        path=artifact.path,
        flavor=artifact.flavor,
        inputs=artifact.inputs,
        outputs=artifact.outputs,
        size=display.size(artifact.size),
        load=f"gitrack.load_model({_quoted(reference)})",
    )


def _quoted(text: str) -> str:
    """A string as Python reads it, in the quotes that the documentation uses."""
    shown = repr(text)
    return f'"{shown[1:-1]}"' if shown[0] == "'" and '"' not in shown else shown
