"""`.tracking/config.yaml`: how a project is tracked, as records with defaults."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from gitrack.config.project import CONFIG_FILE, DEFAULT_BRANCH, DEFAULT_REMOTE
from gitrack.config.shape import Fault, Parsed, load, shown

_UNITS = {"": 1, "b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9}
_BINARY = {"kib": 2**10, "mib": 2**20, "gib": 2**30}
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([kmg]?i?b|)", re.IGNORECASE)

#: What git refuses in a branch name, and what would surprise a shell.
_BAD_REF = re.compile(r"^[-/.]|[\x00-\x20~^:?*\[\\\x7f]|\.\.|//|@\{|[/.]$|\.lock(?:/|$)|/\.|^@$")

#: Seconds between two samples where `system_metrics: true`.
DEFAULT_INTERVAL = 10.0
_MOST_SAMPLED = 100_000


def parse_size(value: object) -> int:
    """`100kB`, `2 MB`, `1MiB` or a number of bytes, in bytes. Raises ValueError."""
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    match = _SIZE.fullmatch(value.strip()) if isinstance(value, str) else None
    unit = match[2].lower() if match else None
    if match is None or unit is None or unit not in _UNITS | _BINARY:
        raise ValueError(f"is {shown(value)}, which is not a size")
    return int(float(match[1]) * (_UNITS | _BINARY)[unit])


def _interval(value: object) -> float | None:
    if isinstance(value, bool):
        return DEFAULT_INTERVAL if value else None
    if isinstance(value, int | float) and math.isfinite(value) and value >= 0.1:
        return float(value)
    raise ValueError(f"is {shown(value)}")


def _sample(value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _MOST_SAMPLED:
        return value
    raise ValueError(f"is {shown(value)}")


def _remote_url(value: object) -> str:
    if not isinstance(value, str) or not value.strip() or "\n" in value:
        raise ValueError(f"is {shown(value)}")
    if "://" not in value and not Path(value).is_absolute():
        raise ValueError(f"is {value!r}, which every other clone would read differently")
    return value


def _site_url(value: object) -> str:
    # pages are named behind it, and whoever reads them reads it: no query, and no password
    if not isinstance(value, str) or not re.fullmatch(r"https?://[^\s<>\"'\\^`{|}?#@]+", value):
        raise ValueError(f"is {shown(value)}")
    return value.rstrip("/")


Size = Annotated[int, Parsed(parse_size, "a size such as 100kB or 2MB")]
Interval = Annotated[
    float | None, Parsed(_interval, "true, false, or the seconds between two samples (0.1 or more)")
]
SiteUrl = Annotated[
    str, Parsed(_site_url, "the address of the website, such as https://team.github.io/project")
]
Sample = Annotated[int, Parsed(_sample, f"a whole number from 0 to {_MOST_SAMPLED:,}")]
RemoteUrl = Annotated[
    str, Parsed(_remote_url, "a URL such as s3://bucket/gitrack, or an absolute path")
]


class Artifacts(msgspec.Struct, frozen=True, kw_only=True):
    """Where heavy files go, and from which size on a file is heavy."""

    remote: RemoteUrl | None = None
    inline_below: Size = 100_000


class Capture(msgspec.Struct, frozen=True, kw_only=True):
    """What a run records of its surroundings.

    `dirty` is about uncommitted changes when a run starts; `patch` keeps them as `code.patch`.
    `system_metrics` is the seconds between two samples, None when off. `profiles` is what is kept
    of the columns of data: `numbers` names no values of texts, `off` keeps names and types.
    `predictions_sample` is of how many cases the truth and the score are kept on the branch.
    """

    dirty: Literal["warn", "refuse", "ignore"] = "warn"
    patch: bool = True
    packages: bool = True
    system_metrics: Interval = DEFAULT_INTERVAL
    output: Literal["tail", "off"] = "tail"
    environment_variables: tuple[str, ...] = ()
    secrets: Literal["redact", "refuse", "off"] = "redact"
    profiles: Literal["full", "numbers", "off"] = "full"
    predictions_sample: Sample = 5_000

    def __post_init__(self) -> None:
        for at, name in enumerate(self.environment_variables):
            if "*" in name or "=" in name or not name:
                raise Fault(
                    ("environment_variables", at),
                    f"is {name!r}, which is not the name of one variable",
                    "list each variable by its full name, such as SLURM_JOB_ID",
                )


class Hide(msgspec.Struct, frozen=True, kw_only=True):
    """Patterns (`*_path`) of what the website leaves out."""

    params: tuple[str, ...] = ()
    metrics: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()


class Site(msgspec.Struct, frozen=True, kw_only=True):
    """The website. `public` leaves out what names people and machines; `url` is where it lies.

    Unless `index`, it asks search engines to leave it out. `code` says whether it holds what
    differs in the code of runs; unless said, it does where it is not public.
    """

    title: str | None = None
    url: SiteUrl | None = None
    public: bool = False
    index: bool = False
    code: bool | None = None
    hide: Hide = Hide()

    @property
    def shows_code(self) -> bool:
        """Whether the site holds code."""
        return not self.public if self.code is None else self.code


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """All of `.tracking/config.yaml`.

    `code_branch` is the branch that the code is merged to, whose policy judges promotions; without
    it, that is the one that the remote calls its default. `host` says what kind of host the remote
    lies on, where its name does not say it.
    """

    project: str | None = None
    branch: str = DEFAULT_BRANCH
    remote: str = DEFAULT_REMOTE
    code_branch: str | None = None
    host: Literal["github", "gitlab"] | None = None
    artifacts: Artifacts = Artifacts()
    capture: Capture = Capture()
    site: Site = Site()

    def __post_init__(self) -> None:
        names = [("branch", self.branch), ("remote", self.remote)]
        if self.code_branch is not None:
            names.append(("code_branch", self.code_branch))
        for key, name in names:
            if not name or _BAD_REF.search(name):
                why = f"is {name!r}, which git does not take as a name"
                raise Fault((key,), why, "use letters, digits and dashes")


def load_config(root: Path | None) -> Config:
    """The project's settings; the defaults where there is no file. Raises ConfigError."""
    return Config() if root is None else load(root, CONFIG_FILE, Config)
