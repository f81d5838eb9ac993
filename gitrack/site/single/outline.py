"""Which pages of a site go into one file, in which order, and how its contents list them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from gitrack.site.single.rewriting import anchor

#: What the contents say, the page that says it all, and the folder of the pages of each.
_CHAPTERS = (
    ("Overview", "index.html", ""),
    ("Reports", "reports.html", "reports/"),
    ("Models", "models.html", "models/"),
    ("Experiments", "experiments.html", "experiments/"),
    ("Sweeps", "sweeps.html", "sweeps/"),
    ("Trends", "trends.html", ""),
    ("Data", "data.html", "datasets/"),
    ("Lineage", "lineage.html", ""),
    ("Runs", "runs.html", "runs/"),
)
_KINDS = {
    "reports": "Report",
    "models": "Model",
    "experiments": "Experiment",
    "sweeps": "Sweep",
    "datasets": "Data",
    "runs": "Run",
}
#: More than these are folded away in the contents.
_FOLD = 16


class Entry(msgspec.Struct, frozen=True):
    """A page in the contents."""

    title: str
    anchor: str


class Chapter(msgspec.Struct, frozen=True, kw_only=True):
    """Pages of one kind in the contents; `anchor` is where the page of all of them stands."""

    title: str
    anchor: str | None
    entries: tuple[Entry, ...]
    folded: bool


def in_order(paths: Iterable[str]) -> list[str]:
    """The pages that a file has; of each kind by name, runs from the newest on."""
    there = sorted(paths)
    order: list[str] = []
    for _, whole, folder in _CHAPTERS:
        order += [path for path in there if path == whole]
        inside = [path for path in there if folder and path.startswith(folder)]
        if folder and not inside and whole in order:
            order.remove(whole)  # it only says how to make the first one
        order += reversed(inside) if folder == "runs/" else inside
    return order


def kind(path: str) -> str | None:
    """What a page is of, for pages of one thing."""
    folder, slash, _ = path.partition("/")
    return _KINDS.get(folder) if slash else None


def chapters(order: list[str], titles: Mapping[str, str]) -> list[Chapter]:
    """The contents."""
    found = []
    for title, whole, folder in _CHAPTERS:
        inside = [path for path in order if folder and path.startswith(folder)]
        if whole in order or inside:
            found.append(
                Chapter(
                    title=title,
                    anchor=anchor(whole) if whole in order else None,
                    entries=tuple(Entry(titles[path], anchor(path)) for path in inside),
                    folded=len(inside) > _FOLD,
                )
            )
    return found
