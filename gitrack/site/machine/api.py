"""`api/v1/`: the branch as static JSON. docs/how-to/site-api.md says what is in it.

Within version 1 keys are added, never renamed or removed. Numbers that JSON does not have are the
texts `NaN`, `Infinity` and `-Infinity`; keys that have no value are left out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from gitrack.model.promotion import Promotion
from gitrack.model.run import Run
from gitrack.site import display, links, scripts
from gitrack.site.pages.registry import (
    Membership,
    entry_of,
    promotion_anchor,
    registered_as,
    version_href,
)
from gitrack.store.registry.whole import KnownModel

ROOT = "api/v1"
VERSION = 1

_PLAIN = re.compile(r"[a-z0-9][a-z0-9._-]{0,99}\Z")
_RESERVED = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|\Z)")


def segment(name: str) -> str:
    """A name as a part of an address: itself if every system can keep it so, else as its page."""
    plain = _PLAIN.match(name) and not name.endswith(".") and not _RESERVED.match(name)
    if plain and not links.like_ours(name):
        return name
    return links.slug(name)


def run_path(run_id: str) -> str:
    """Where a run's JSON lies."""
    return f"{ROOT}/runs/{segment(run_id)}.json"


def experiment_path(name: str) -> str:
    """Where an experiment's JSON lies."""
    return f"{ROOT}/experiments/{segment(name)}.json"


def model_path(name: str) -> str:
    """Where a registered model's JSON lies."""
    return f"{ROOT}/models/{segment(name)}/index.json"


def stage_path(model: str, stage: str) -> str:
    """Where it is said who stands in a stage."""
    return f"{ROOT}/models/{segment(model)}/stages/{segment(stage)}.json"


def version_path(model: str, number: int) -> str:
    """Where a version's JSON lies."""
    return f"{ROOT}/models/{segment(model)}/versions/{number}.json"


def document(kind: str, **fields: object) -> bytes:
    """One JSON document: what it is first, then its fields."""
    kept = {name: value for name, value in fields.items() if value is not None}
    whole = scripts.plain({"api": VERSION, "kind": kind, **kept})
    # indented afterwards: the standard library does both at once only without its fast half
    text = json.dumps(whole, ensure_ascii=False).encode("utf-8")
    return msgspec.json.format(text, indent=1) + b"\n"


def run_document(run: Run, became: Sequence[Membership]) -> bytes:
    """A run: its record as the site may show it, and what it became."""
    return document(
        "run",
        page=links.run_page(run.id),
        run=_shown(run),
        versions=[
            {"model": one.model, "version": one.version, "stages": list(one.stages)}
            for one in became
        ]
        or None,
    )


def experiment_document(name: str, runs: Iterable[Run]) -> bytes:
    """An experiment and its runs, newest first."""
    return document(
        "experiment",
        name=name,
        page=links.experiment_page(name),
        runs=[_brief(run) for run in runs],
    )


def index_document(
    *,
    title: str,
    branch: str,
    commit: str | None,
    runs: Sequence[Run],
    experiments: Sequence[str],
    models: Sequence[KnownModel],
) -> bytes:
    """Everything that has a document of its own."""
    return document(
        "index",
        title=title,
        branch=branch,
        commit=commit,
        runs=[{**_brief(run), "experiment": run.experiment} for run in runs],
        experiments=[{"name": name, "href": experiment_path(name)} for name in experiments],
        models=[
            {
                "name": model.name,
                "href": model_path(model.name),
                "stages": {stage: stage_path(model.name, stage) for stage in sorted(model.stages)},
            }
            for model in models
        ],
    )


def model_documents(model: KnownModel, runs: Mapping[str, Run]) -> dict[str, bytes]:
    """A model, each of its stages and each of its versions, by their paths."""
    about = model.about
    made = {
        model_path(model.name): document(
            "model",
            name=model.name,
            page=links.model_page(model.name),
            about=_shown(about) if about else None,
            stages={stage: list(model.stages[stage]) for stage in sorted(model.stages)},
            aliases={alias: model.pointers[alias].version for alias in sorted(model.pointers)},
            versions=[
                {"version": v.version, "run": v.run, "href": version_path(model.name, v.version)}
                for v in model.versions
            ],
            promotions=[_promotion(id, one) for id, one in model.promotions.items()],
        )
    }
    became = registered_as([model])
    for version in model.versions:
        known = runs.get(version.run)
        memberships = [m for m in became.get(version.run, ()) if m.version == version.version]
        proofs = model.proofs.get(version.version, {})
        made[version_path(model.name, version.version)] = document(
            "version",
            model=model.name,
            page=version_href(model.name, version.version),
            uri=f"models:/{model.name}/{version.version}",
            version=_shown(version),
            stages=[stage for one in memberships for stage in one.stages],
            aliases=[alias for one in memberships for alias in one.aliases],
            evidence={name: _shown(proofs[name]) for name in sorted(proofs)} or None,
            run={**_brief(known), "metrics": dict(known.metrics)} if known else None,
        )
    for stage in sorted(model.stages):
        made[stage_path(model.name, stage)] = _stage(model, stage, runs)
    return made


def _shown(record: msgspec.Struct) -> dict[str, Any]:
    """A record without the addresses behind people's names: they stay on the branch."""
    shown: dict[str, Any] = msgspec.to_builtins(record)
    for key in ("author", "by"):
        if shown.get(key):
            shown[key] = display.person(shown[key])
    if shown.get("owners"):
        shown["owners"] = [display.person(owner) for owner in shown["owners"]]
    for verdict in shown.get("verdicts", ()):
        verdict["says"] = display.unaddressed(verdict["says"])
    return shown


def _stage(model: KnownModel, stage: str, runs: Mapping[str, Run]) -> bytes:
    numbered = {version.version: version for version in model.versions}
    standing: list[dict[str, Any]] = []
    for number in reversed(model.stages[stage]):
        version = numbered.get(number)
        entered = entry_of(model, number, stage)
        run = runs.get(version.run) if version else None
        standing.append(
            {
                "version": number,
                "href": version_path(model.name, number),
                "uri": f"models:/{model.name}/{number}",
                "run": version.run if version else None,
                "artifact": version.artifact if version else None,
                "since": entered.at if entered else None,
                "metrics": dict(run.metrics) if run else None,
                "code": run.code.commit if run and run.code else None,
            }
        )
    return document("stage", model=model.name, stage=stage, versions=standing)


def _brief(run: Run) -> dict[str, Any]:
    return {
        "id": run.id,
        "name": run.name,
        "status": str(run.status),
        "started": run.started,
        "href": run_path(run.id),
        "page": links.run_page(run.id),
    }


def _promotion(id: str, promotion: Promotion) -> dict[str, Any]:
    page = f"{links.model_page(promotion.model)}#{promotion_anchor(id)}"
    return {"id": id, "page": page, **_shown(promotion)}
