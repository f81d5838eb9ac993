"""How the runs of an experiment stand by a metric, in a file that all of their pages share.

    gitrack.places([[metric, [best value, next, …], [[value, place], …], runs], …])

The best ones are told exactly; of the others every so many, for a page to say about which place.
"""

from __future__ import annotations

import math

from gitrack.site.pages.group import Group, is_system

_BEST = 60
_MARKS = 100
_METRICS = 12


def places(group: Group) -> list[list[object]]:
    """By metric, for those of which it is known which way is better."""
    told: list[list[object]] = []
    names = [n for n in group.metrics if not is_system(n) and group.goals.goal(n) is not None]
    for name in names[:_METRICS]:
        known = (run.metrics[name] for run in group.runs if name in run.metrics)
        upwards = group.goals.goal(name) == "maximize"
        values = sorted((v for v in known if not math.isnan(v)), reverse=upwards)
        rest = len(values) - _BEST
        every = max(1, rest // _MARKS)
        marks = [[values[at], at + 1] for at in range(_BEST, len(values), every)]
        told.append([name, values[:_BEST], marks, len(values)])
    return told
