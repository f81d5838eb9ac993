"""Git tags in GTO's format, so that what listens to GTO goes on working.

`churn@v7.0.0` registers a version on the commit of the code that made it; `churn#production#3`
gives it a stage. A promotion's record names the first (`tag`); both are made when it is in effect:
at once if it was direct, else by whoever merged it, with `gitrack model tags`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import msgspec

from gitrack.errors import GitrackError, NotFound, StoreError, UsageError
from gitrack.model.promotion import Promotion
from gitrack.registry.opened import OpenRegistry
from gitrack.store.git.process import first_complaint
from gitrack.store.layout import RECORD
from gitrack.store.messages import one_line
from gitrack.store.registry import Registry
from gitrack.store.registry.paths import taken_apart

#: As GTO reads names and versions (https://semver.org).
_GTO_NAME = re.compile(r"[a-zA-Z0-9]([a-zA-Z0-9/_-]*[a-zA-Z0-9])?\Z", re.ASCII)
_NUMBER = r"(?:0|[1-9]\d*)"
_PART = r"(?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)"
_SEMVER = re.compile(
    rf"v{_NUMBER}\.{_NUMBER}\.{_NUMBER}(?:-{_PART}(?:\.{_PART})*)?"
    r"(?:\+[0-9a-zA-Z-]+(?:\.[0-9a-zA-Z-]+)*)?\Z",
    re.ASCII,
)
_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?\Z")
_STAGE_TAG = re.compile(r"(?P<name>[^#@]+)#(?P<stage>[^#@!]+)!?#(?P<count>\d+)\Z")
_TRAILER = "Promotion: "


class ReleaseTag(msgspec.Struct, frozen=True, kw_only=True):
    """A tag that was made: its name, the commit of the code, and the promotion it is for."""

    tag: str
    commit: str
    promotion: str


class Tagged(msgspec.Struct, frozen=True, kw_only=True):
    """The tags that were made, and sentences about those that could not be."""

    made: list[ReleaseTag] = []
    troubles: list[str] = []


class _Known(NamedTuple):
    """A tag that is there."""

    name: str
    commit: str
    promotion: str | None


def tag_of(
    opened: OpenRegistry,
    reader: Registry,
    name: str,
    version: int,
    stage: str,
    *,
    release: str | None,
    back: bool,
) -> str | None:
    """The tag that a promotion is to have: as asked for, or `v7.0.0` where the policy wants tags.

    A version keeps the tag that an earlier promotion gave it, and goes back with it. Raises
    UsageError for what GTO would not read.
    """
    rule = opened.ruling.policy.models.get(name)
    wanted = rule is not None and rule.releases is not None and stage in rule.releases.stages
    if release is None and not (wanted or back):
        return None
    if release is None:
        earlier = _earlier(reader, name, version)
        if earlier is not None or not wanted:
            return earlier
    text = release if release is not None else f"v{version}.0.0"
    text = text if text.startswith("v") else f"v{text}"
    if not _SEMVER.match(text):
        raise UsageError(f"{release!r} is no version of a release", hint="write it as v1.2.3")
    if not _GTO_NAME.match(name):
        raise UsageError(
            f"GTO has no names such as {name!r}: letters, digits, dashes and underscores only",
            hint="promote it without --release, and take  releases:  out of its policy",
        )
    return f"{name}@{text}"


def _earlier(reader: Registry, name: str, version: int) -> str | None:
    """The tag that a version was promoted with last."""
    for id in reader.newest_promotions(name):
        parts = taken_apart(id)
        if parts is not None and parts.version == version:
            promotion = reader.promotion(name, id)
            if promotion is not None and promotion.tag is not None:
                return promotion.tag
    return None


def tag_promotions(opened: OpenRegistry, name: str | None = None) -> Tagged:
    """Make the tags of all promotions in effect that lack them, the oldest first.

    What cannot be tagged is told and hides no other. Raises NotFound for a model that is not there.
    """
    reader = opened.reader()
    if name is not None and name not in reader.models():
        raise NotFound(f"there is no registered model {name!r}", hint="type  gitrack model ls")
    known = list(_known(opened))
    done = {tag.promotion for tag in known if tag.promotion is not None}
    made: list[ReleaseTag] = []
    troubles: list[str] = []
    for model in [name] if name is not None else reader.models():
        for id, promotion in reader.promotions(model).items():
            if promotion.tag is None or promotion.draft or f"{model}/{id}" in done:
                continue
            try:
                for tag in _tag(opened, id, promotion, known):
                    made.append(tag)
                    known.append(_Known(tag.tag, tag.commit, f"{model}/{id}"))
            except GitrackError as error:
                troubles.append(f"{promotion.tag}: {error}")
    return Tagged(made=made, troubles=troubles)


def push_tags(opened: OpenRegistry, tags: Iterable[ReleaseTag]) -> None:
    """Send tags to the git remote. Raises StoreError with its words."""
    remote = opened.place.config.remote
    refs = [f"refs/tags/{tag.tag}" for tag in tags]
    if not refs:
        return
    done = opened.repository.run("push", "--no-verify", remote, *refs)
    if done.code:
        raise StoreError(
            f"{remote} did not take the tags: {first_complaint(done.err)}",
            hint=f"type  git push {remote} --tags",
        )


def _tag(
    opened: OpenRegistry, id: str, promotion: Promotion, known: list[_Known]
) -> Iterator[ReleaseTag]:
    wanted = promotion.tag
    assert wanted is not None
    model, _, version = wanted.partition("@")
    if model != promotion.model or not _SEMVER.match(version) or not _GTO_NAME.match(model):
        raise UsageError(f"{wanted!r:.100} is no tag of {promotion.model}")
    commit = _code_of(opened, promotion)
    there = next((tag for tag in known if tag.name == wanted), None)
    if there is not None and there.commit != commit:
        raise UsageError(
            f"the tag {wanted} stands on {there.commit[:12]}, and v{promotion.version} was made by "
            f"{commit[:12]}",
            hint="releases of one number are one code: promote with another --release",
        )
    own = [tag for tag in known if tag.name.startswith(f"{model}@") and tag.commit == commit]
    about = f"{_TRAILER}{model}/{id}"
    if there is None and not own:
        what = f"Registering artifact {model} version {version}"
        _make(opened, wanted, commit, f"{what}\n\n{about}")
        yield ReleaseTag(tag=wanted, commit=commit, promotion=id)
    elif there is None:
        other = own[0].name
        raise UsageError(
            f"{other} is on the same commit {commit[:12]} already, and GTO knows one version a "
            "commit",
            hint=f"promote with  --release {other.partition('@')[2]}",
        )
    stage = f"{model}#{promotion.to}#{_next_count(model, known)}"
    what = f"Assigning stage {promotion.to} to artifact {model} version {version}"
    why = one_line(promotion.why)
    _make(opened, stage, commit, f"{what}\n\n{why}\n\n{about}")
    yield ReleaseTag(tag=stage, commit=commit, promotion=id)


def _code_of(opened: OpenRegistry, promotion: Promotion) -> str:
    """The commit of the code that a promoted run ran, which must be in this clone."""
    folder = opened.store.find(promotion.run)
    code = opened.store.run(folder).code
    commit = code.commit if code is not None else None
    if commit is None or not _COMMIT.match(commit):
        raise NotFound(f"{folder}/{RECORD} names no commit of code that could carry it")
    if opened.repository.run("cat-file", "-e", f"{commit}^{{commit}}").code:
        raise NotFound(
            f"this clone lacks the code {commit[:12]} of run {promotion.run}",
            hint="type  gitrack pull  or  git fetch",
        )
    return commit


def _known(opened: OpenRegistry) -> Iterator[_Known]:
    """The annotated tags of GTO's kind; it reads no others."""
    listed = opened.repository.git(
        "for-each-ref",
        "--format=%(refname:strip=2)%00%(*objectname)%00%(contents:trailers:key=Promotion)%01",
        "refs/tags",
    )
    for line in listed.split("\x01"):
        name, commit, trailer = ([*line.strip("\n").split("\0"), "", ""])[:3]
        if commit and ("@" in name or "#" in name):
            said = trailer.strip()
            yield _Known(name, commit, said.removeprefix(_TRAILER) if said else None)


def _next_count(model: str, known: list[_Known]) -> int:
    """GTO counts the stages of an artifact, all of them together."""
    counts = [0]
    for tag in known:
        found = _STAGE_TAG.match(tag.name)
        if found is not None and found["name"] == model:
            counts.append(int(found["count"]))
    return max(counts) + 1


def _make(opened: OpenRegistry, tag: str, commit: str, message: str) -> None:
    opened.repository.git("tag", "--annotate", "--message", message, tag, commit)
