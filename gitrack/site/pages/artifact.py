"""An HTML file of a run, in a frame in which it can neither run scripts nor ask for anything."""

from __future__ import annotations

import re

import msgspec

from gitrack.model.run import Run
from gitrack.site.exhibits import Text
from gitrack.site.links import experiment_page
from gitrack.site.pages.frame import Frame, RunLink, run_link

#: What a policy of the page does not keep from reaching out: hints to connect, a new base, a jump.
_REACHING = re.compile(r"<(/?)(link|meta|base)(?=[\s/>])", re.IGNORECASE)
#: The frame runs nothing of these, but browsers complain of each.
_SCRIPT = re.compile(r"<(/?)script(?=[\s/>])", re.IGNORECASE)
_TAG = re.compile(r"<[a-z][^<>]*>", re.IGNORECASE)
_HANDLER = re.compile(r"([\s\"'/])on(?=[a-z]+\s*=)", re.IGNORECASE)


class ArtifactPage(msgspec.Struct, frozen=True, kw_only=True):
    """What `artifact.html` may use. `source` is the whole of the user's file."""

    frame: Frame
    title: str
    run: RunLink
    experiment: str
    experiment_href: str
    path: str
    plain: str
    size: str | None
    source: str
    scripted: bool


def artifact_page(frame: Frame, run: Run, text: Text, source: str) -> ArtifactPage:
    """The page of one file."""
    return ArtifactPage(
        frame=frame,
        title=text.path,
        run=run_link(run),
        experiment=run.experiment,
        experiment_href=experiment_page(run.experiment),
        path=text.path,
        plain=text.href,
        size=text.size,
        source=_powerless(source),
        scripted="<script" in source.lower(),
    )


def _powerless(source: str) -> str:
    """The document without what the frame would stop; the frame stops what is overlooked."""
    source = _REACHING.sub(r"<\1x-\2", source)
    source = _SCRIPT.sub(r"<\1template", source)
    return _TAG.sub(lambda tag: _HANDLER.sub(r"\1x-on", tag[0]), source)
