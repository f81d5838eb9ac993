"""What a path of the tracking branch is: a run's file, a stage, evidence …, or nothing allowed."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import NamedTuple

from gitrack.config.stage_name import stage_name
from gitrack.errors import GitrackError, InvalidName
from gitrack.model.names import (
    alias_name,
    artifact_name,
    artifact_path,
    experiment_name,
    model_name,
)
from gitrack.store.branch import check_path
from gitrack.store.layout import ARTIFACTS, RUNS, is_day_file, place_of, why_misplaced
from gitrack.store.registry.paths import MODEL_FILE, REGISTRY, SUFFIX, taken_apart

_NUMBER = re.compile(r"[1-9]\d{0,8}\Z", re.ASCII)
_RUN_FILE = re.compile(r"[a-z0-9][a-z0-9._-]{0,59}\Z", re.ASCII)
_MOST_PATH = 900


class Kind(StrEnum):
    """What lies at a path."""

    RUN = "run"
    DAY = "day"
    MODEL = "model"
    VERSION = "version"
    STAGE = "stage"
    ALIAS = "alias"
    EVIDENCE = "evidence"
    PROMOTION = "promotion"
    ARTIFACT_VERSION = "artifact version"
    ARTIFACT_ALIAS = "artifact alias"
    OTHER = "other"


class Spot(NamedTuple):
    """A path, understood. `owner` is the model, the named artifact, or the folder of the run;
    `name` the file below it, without its ending; `number` the version that evidence is about.

    Of OTHER, `why` says what it is and `do` how to mend that.
    """

    kind: Kind
    owner: str = ""
    name: str = ""
    number: int | None = None
    why: str = ""
    do: str = ""


_LEAVE = "leave it out of this pull request"
#: What reviewers must hear more of than "does not belong here".
_TELLING = (
    (re.compile(r"\.github(/|\Z)", re.I), "a workflow or setting of GitHub, which would run code"),
    (re.compile(r"\.gitlab(-ci\.yml|/|\Z)", re.I), "a pipeline of GitLab, which would run code"),
    (
        re.compile(
            r"(\.circleci|\.buildkite|\.woodpecker|\.forgejo|\.gitea|\.husky)(/|\Z)"
            r"|(Jenkinsfile|azure-pipelines\.yml|\.travis\.yml|bitbucket-pipelines\.yml)\Z",
            re.I,
        ),
        "the settings of a service that would run code",
    ),
    (re.compile(r"(.*/)?CODEOWNERS\Z", re.I), "the file that says who must review"),
    (re.compile(r"format\.yaml\Z"), "the number of this branch's format"),
    (re.compile(r"README\.md\Z"), "the page that explains this branch"),
    (re.compile(r"\.tracking(/|\Z)"), "gitrack's settings and policy, which live with the code"),
    (re.compile(r"(.*/)?policy\.ya?ml\Z"), "a policy, which lives with the code"),
    (re.compile(r"\.dvc(/|\Z)|\.dvcignore\Z"), "where this branch's heavy files are fetched from"),
    (re.compile(r"collected(/|\Z)"), "gitrack's record of what was removed to free space"),
    (
        re.compile(r"(.*/)?\.git(attributes|ignore|modules|-blame-ignore-revs)\Z", re.I),
        "a setting of git",
    ),
    (re.compile(r"(.*/)?(dvc\.yaml|dvc\.lock)\Z"), "a pipeline that DVC obeys"),
)


def spot_of(path: str) -> Spot:
    """What a path is."""
    try:
        check_path(path)
        if len(path.encode()) > _MOST_PATH:
            raise InvalidName("path", path, f"is longer than {_MOST_PATH} bytes")
        parts = path.split("/")
        if parts[0] == RUNS and len(parts) > 1:
            return _run(path, parts)
        if parts[0] == REGISTRY and len(parts) > 2:
            return _registry(parts)
        if parts[0] == ARTIFACTS and len(parts) == 4:
            return _artifact(parts)
    except GitrackError as error:
        return _other(error.message, error.hint or _LEAVE)
    for pattern, what in _TELLING:
        if pattern.match(path):
            return _other(f"this is {what}", _LEAVE)
    return _other("no run and no registry has a file there", _LEAVE)


def _other(why: str, do: str) -> Spot:
    return Spot(Kind.OTHER, why=why, do=do)


def _run(path: str, parts: list[str]) -> Spot:
    place = place_of(path)
    if place is not None and len(parts) > 5:
        if experiment_name(place.experiment) != place.experiment:
            return _other("the experiment's name is not in composed form", _LEAVE)
        rest = parts[5:]
        if rest[0] == ARTIFACTS and len(rest) > 1:
            inside = "/".join(rest[1:])
            artifact_path(inside.removesuffix(".dvc") if inside.endswith(".dvc") else inside)
        elif rest[0] == "data" and len(rest) == 2:
            artifact_path(rest[1])
        elif len(rest) != 1 or not _RUN_FILE.match(rest[0]):
            return _other(f"a run has no file {'/'.join(rest)[:80]!r}", _LEAVE)
        return Spot(Kind.RUN, place.folder, "/".join(rest))
    if is_day_file(path) and len(parts) == 6 and parts[4:] == [".dvc", "config"]:
        experiment_name(parts[1])
        return Spot(Kind.DAY, "/".join(parts[:4]), ".dvc/config")
    return _other(why_misplaced(path) or "it is no part of a run", _LEAVE)


def _registry(parts: list[str]) -> Spot:
    model = parts[1]
    if model_name(model) != model:
        return _other(f"the model's name {model!r} is not in composed form", "rename the model")
    folder, stem = parts[2], parts[-1].removesuffix(SUFFIX)
    if parts[2:] == [MODEL_FILE]:
        return Spot(Kind.MODEL, model, MODEL_FILE)
    if not parts[-1].endswith(SUFFIX) or not stem:
        return _other("the registry holds files <name>.yaml only", _LEAVE)
    if folder == "evidence" and len(parts) == 5 and _NUMBER.match(parts[3]):
        artifact_name(stem)
        return Spot(Kind.EVIDENCE, model, stem, int(parts[3]))
    if len(parts) != 4:
        return _other("it is no part of a registered model", _LEAVE)
    if folder == "versions":
        if _NUMBER.match(stem):
            return Spot(Kind.VERSION, model, stem, int(stem))
        return _other(f"{stem[:80]!r} is not the number of a version", "use 1, 2, 3 …")
    if folder == "stages":
        if stage_name(stem) != stem:
            return _other(f"the stage {stem!r} is not in lower case", f"write {stage_name(stem)!r}")
        return Spot(Kind.STAGE, model, stem)
    if folder == "aliases":
        if alias_name(stem) != stem:
            return _other(f"the alias {stem!r} is not in composed form", _LEAVE)
        return Spot(Kind.ALIAS, model, stem)
    if folder == "promotions":
        found = taken_apart(stem)
        if found is None:
            return _other(
                f"{stem[:80]!r} is not the name of a promotion", "gitrack promote makes it"
            )
        return Spot(Kind.PROMOTION, model, stem, found.version)
    return _other("it is no part of a registered model", _LEAVE)


def _artifact(parts: list[str]) -> Spot:
    _, name, folder, file = parts
    stem = file.removesuffix(SUFFIX)
    if artifact_name(name) != name or stem == file:
        return _other("it is no part of a named artifact", _LEAVE)
    if folder == "versions" and _NUMBER.match(stem):
        return Spot(Kind.ARTIFACT_VERSION, name, stem, int(stem))
    if folder == "aliases" and alias_name(stem) == stem:
        return Spot(Kind.ARTIFACT_ALIAS, name, stem)
    return _other("it is no part of a named artifact", _LEAVE)
