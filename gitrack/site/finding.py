"""What can be looked for on the site: runs in pieces of fixed size, and everything else."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

from gitrack.model.promotion import Promotion
from gitrack.model.registered import Proof
from gitrack.model.run import Run
from gitrack.site import display, links
from gitrack.site.contents import Contents
from gitrack.site.pages.overview import hypothesis
from gitrack.site.pages.registry import promotion_anchor, version_href
from gitrack.site.reports.specs import read_specs
from gitrack.store.registry.whole import KnownModel

#: Of a text: who looks for words finds them where it begins.
_LONGEST = 600
#: A param of more characters is a text rather than a choice.
_CHOICE = 120
#: Contents of one data set whose labels and hashes can be looked for.
_MOST_VERSIONS = 200

#: Kind, title, page, what is said beside the title, and more words by which it is found.
Entry = tuple[str, str, str, str, str]


def entries(contents: Contents) -> list[Entry]:
    """Everything but runs, in the order in which equally good finds are shown."""
    return [
        *(
            ("page", word, href, "", "")
            for word, href in (("Overview", "index.html"), *contents.frame.nav)
        ),
        *(entry for model in contents.models for entry in _model(model)),
        *(
            (
                "experiment",
                group.name,
                links.experiment_page(group.name),
                _many(len(group.runs), "run"),
                _short(hypothesis(group.runs)),
            )
            for group in contents.groups
        ),
        *(
            (
                "sweep",
                sweep.name or sweep.id,
                links.sweep_page(sweep.id),
                sweep.method or "",
                _words([sweep.id, sweep.description or ""]),
            )
            for sweep in contents.sweeps
        ),
        *_reports(contents),
        *_charts(contents),
        *_data(contents),
    ]


def _model(model: KnownModel) -> Iterator[Entry]:
    about = model.about
    words = [about.description or "", *_pairs(about.tags)] if about else []
    page = links.model_page(model.name)
    yield "model", model.name, page, _many(len(model.versions), "version"), _words(words)
    for version in reversed(model.versions):
        words = [version.run, version.description or "", *_pairs(version.tags)]
        words += model.pointed(version.version)
        said = ", ".join(model.standing(version.version)) or "in no stage"
        title = f"{model.name} v{version.version}"
        yield "version", title, version_href(model.name, version.version), said, _words(words)
    for id, promotion in reversed(model.promotions.items()):
        yield _promotion(page, id, promotion)
    for number in sorted(model.proofs, reverse=True):
        for _, proof in sorted(model.proofs[number].items()):
            yield _proof(model.name, page, proof)


def _promotion(page: str, id: str, promotion: Promotion) -> Entry:
    title = f"{promotion.model} v{promotion.version} to {promotion.to}"
    day = (display.absolute(promotion.at) or "")[:10]
    words = [promotion.why, display.person(promotion.by) or "", promotion.run]
    return "promotion", title, f"{page}#{promotion_anchor(id)}", day, _words(words)


def _proof(model: str, page: str, proof: Proof) -> Entry:
    said = "passed" if proof.passed else "not passed"
    words = [proof.note or "", display.person(proof.by) or "", *proof.links]
    title = f"{proof.kind} of {model} v{proof.version}"
    return "evidence", title, f"{page}#evidence", said, _words(words)


def _data(contents: Contents) -> Iterator[Entry]:
    for one in contents.data_sets.sets:
        words: dict[str, None] = {}
        for version in islice(one.versions, _MOST_VERSIONS):
            words |= dict.fromkeys((version.identity, *version.labels, version.latest.path or ""))
        page = links.data_set_page(one.name)
        yield (
            "data",
            one.name,
            page,
            _many(len(one.versions), "version"),
            " · ".join(filter(None, words)),
        )


def _reports(contents: Contents) -> Iterator[Entry]:
    """By their first heading, and by what stands before long texts go on."""
    written = contents.extras.reports
    texts = written.texts if written else {}
    for path in sorted(texts):
        lines = texts[path].splitlines()
        title = next((line[2:].strip() for line in lines if line.startswith("# ")), "")
        said = " ".join(line.strip("# ") for line in lines if not line.startswith("```"))
        yield "report", title or path, links.report_page(path), "", _short(said)


def _charts(contents: Contents) -> Iterator[Entry]:
    """Charts of the project by their titles, and by the names that reports call them."""
    written = contents.extras.reports
    for name, spec in read_specs(written.charts if written else {}).items():
        yield "chart", spec.title, links.chart_place(name), "", _words([name, spec.file])


def piece(runs: Sequence[Run]) -> dict[str, object]:
    """Some runs, the oldest first. Tags, choices, people and commits are written once each."""
    experiments: dict[str, int] = {}
    texts: dict[tuple[str, str, str], int] = {}
    rows = []
    for run in runs:
        experiment = experiments.setdefault(run.experiment, len(experiments))
        said = [texts.setdefault(text, len(texts)) for text in _texts(run)]
        page = links.run_page(run.id)
        row = [run.id, run.name or 0, experiment, str(run.status), run.started, said]
        row.append(_words([run.notes or "", run.error or ""]))
        rows.append(row if page == f"runs/{run.id}.html" else [*row, page])
    return {"experiments": list(experiments), "texts": list(texts), "runs": rows}


def _texts(run: Run) -> Iterator[tuple[str, str, str]]:
    """`(tag, team, logistics-ml)`: what runs have in common."""
    for name in sorted(run.tags):
        yield "tag", name, _short(display.setting(run.tags[name]))
    for name in sorted(run.params):
        value = run.params[name]
        if isinstance(value, str) and 0 < len(value) <= _CHOICE:
            yield "param", name, value
    person = display.person(run.author)
    if person:
        yield "author", "author", person
    if run.code and run.code.commit:
        yield "commit", "code.commit", run.code.commit
    for name in sorted({data.name for data in run.data}):
        yield "data", "data", name


def _pairs(tags: dict[str, str | float | int | bool | None]) -> Iterator[str]:
    for name in sorted(tags):
        yield f"{name}: {display.setting(tags[name])}"


def _words(words: Sequence[str]) -> str:
    return _short(" · ".join(filter(None, words)))


def _short(text: str | None) -> str:
    return (text or "")[:_LONGEST]


def _many(count: int, word: str) -> str:
    return f"{count} {word}" if count == 1 else f"{count} {word}s"
