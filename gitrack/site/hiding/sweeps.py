"""Sweeps as the site may show them."""

from __future__ import annotations

import msgspec

from gitrack.model.sweep import Sweep
from gitrack.site.hiding.rules import Hide


def shown_sweep(sweep: Sweep, hide: Hide) -> Sweep:
    """Without the params that are hidden, and on a public site without whoever made it.

    A metric that is hidden has no name, and no run has a value of it.
    A command may hold the values of what is hidden, and nobody can tell where: it goes with them.
    """
    parameters = {name: one for name, one in sweep.parameters.items() if not hide.param(name)}
    fewer = len(parameters) < len(sweep.parameters)
    metric = sweep.metric
    if hide.metric(metric.name):
        metric = msgspec.structs.replace(metric, name="")
    return msgspec.structs.replace(
        sweep,
        metric=metric,
        parameters=parameters,
        command=None if fewer else sweep.command,
        by=None if hide.public else sweep.by,
    )
