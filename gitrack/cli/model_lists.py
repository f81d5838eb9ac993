"""What `gitrack model ls` lists: all registered models, or the versions of one."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from gitrack.cli.artifact_lists import Listing
from gitrack.cli.standing import Standing
from gitrack.cli.table import terminal_width
from gitrack.model.display import day_and_time, number
from gitrack.model.ids import short
from gitrack.model.ranking import telling

if TYPE_CHECKING:
    from gitrack.model.registered import ModelVersion, RegisteredModel
    from gitrack.registry.opened import OpenRegistry
    from gitrack.store.registry import Registry

#: Metrics that a list shows; `--json` has them all.
_METRICS = 3
_DIGITS = 4


def primary_metric(opened: OpenRegistry, name: str, about: RegisteredModel | None) -> str | None:
    """The metric that ranks the versions of a model: as the policy says, else as its record."""
    rules = opened.ruling.policy.models.get(name)
    if rules is not None and rules.primary_metric is not None:
        return rules.primary_metric.name
    return about.primary_metric if about is not None else None


def models(registry: Registry) -> Listing:
    """Every registered model: how many versions, which stand where."""
    rows: list[Sequence[str]] = []
    records = []
    for name in registry.models():
        about, numbers = registry.model(name), registry.numbers(name)
        stages = {stage: held for stage, held in registry.stages(name).items() if held}
        aliases = registry.aliases(name)
        stands = [
            f"{stage}={_listed(held)}" for stage, held in stages.items() if stage != "archived"
        ]
        rows.append((
            name,
            str(len(numbers)),
            f"v{numbers[-1]}" if numbers else "",
            ", ".join(stands),
            ", ".join(f"@{alias}=v{number}" for alias, number in aliases.items()),
            (about.description if about else None) or "",
        ))  # fmt: skip
        records.append({
            "name": name,
            "versions": numbers,
            "stages": stages,
            "aliases": aliases,
            "about": None if about is None else msgspec.to_builtins(about),
        })  # fmt: skip
    registry.strays()
    following = f"gitrack model ls {shlex.quote(str(rows[0][0]))}" if rows else None
    return Listing(
        headers=("NAME", "VERSIONS", "LATEST", "STANDING", "ALIASES", "ABOUT"),
        rows=rows,
        records=records,
        faults=registry.faults,
        next=following or "gitrack model register RUN NAME",
    )


def versions(opened: OpenRegistry, registry: Registry, name: str) -> Listing:
    """The versions of a model, the newest first, with the metrics of their runs."""
    stages, aliases = registry.stages(name), registry.aliases(name)
    found = registry.versions(name)[::-1]
    metrics = _metrics(opened, found)
    primary = primary_metric(opened, name, registry.model(name))
    chosen = _chosen(metrics, primary)
    rows: list[Sequence[str]] = []
    records = []
    for version in found:
        stands = Standing(
            model=name,
            version=version.version,
            stages=[stage for stage, held in stages.items() if version.version in held],
            aliases=[alias for alias, held in aliases.items() if held == version.version],
        )
        own = metrics.get(version.run, {})
        rows.append((
            f"v{version.version}",
            ", ".join(stands.stages),
            ", ".join(f"@{alias}" for alias in stands.aliases),
            *(_number(own.get(metric)) for metric in chosen),
            short(version.run),
            day_and_time(version.created or ""),
            version.description or "",
        ))  # fmt: skip
        records.append({
            **msgspec.to_builtins(version),
            "stages": stands.stages,
            "aliases": stands.aliases,
            "metrics": own,
        })  # fmt: skip
    last = found[0].version if found else 1
    return Listing(
        headers=("VERSION", "STAGES", "ALIASES", *chosen, "RUN", "CREATED (UTC)", "ABOUT"),
        rows=rows,
        records=records,
        faults=registry.faults,
        next=f"gitrack model show {shlex.quote(name)} {last}",
    )


def _metrics(opened: OpenRegistry, found: Sequence[ModelVersion]) -> dict[str, dict[str, Any]]:
    """The metrics of the runs of versions, by run, from the index."""
    table = opened.store.table()
    wanted = {version.run for version in found}
    places = {str(run): row for row, run in enumerate(table.column("id")) if run in wanted}
    rows = list(places.values())
    metrics: dict[str, dict[str, Any]] = {run: {} for run in places}
    for column in table.names():
        section, _, metric = column.partition(".")
        if section != "metrics" or not rows:
            continue
        for run, cell in zip(places, table.cells(column, rows), strict=True):
            if cell is not None:
                metrics[run][metric] = cell
    return metrics


def _chosen(metrics: dict[str, dict[str, Any]], primary: str | None) -> list[str]:
    names = {metric for own in metrics.values() for metric in own}
    ordered = sorted(names, key=lambda name: (name != primary, telling(name)))
    return ordered if terminal_width() is None else ordered[:_METRICS]


def _number(value: Any) -> str:
    return "" if value is None else number(value, _DIGITS)


def _listed(numbers: Sequence[int]) -> str:
    return "+".join(f"v{number}" for number in numbers)
