"""Workflow files from templates, and how a file that people changed is told from one as written."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from gitrack.config.gates import ArtifactGate, ModelGate, RegressionGate
from gitrack.config.policy import Policy
from gitrack.errors import UsageError

_TEMPLATES = Path(__file__).resolve().parent / "templates"
_SLOT = re.compile(r"@@([A-Z_]+)@@")
_STAMP = re.compile(r"# Written by 'gitrack init'[^\n]*sha256:([0-9a-f]{64})\n")
#: Names that mean the same in YAML, in a shell, in an expression and as a pattern of branches.
_PLAIN = re.compile(r"\w[\w./-]*\Z")

State = Literal["missing", "same", "older", "changed"]


def render(template: str, values: Mapping[str, str]) -> bytes:
    """A template with its slots filled, under a first line by which it is known again."""
    text = (_TEMPLATES / template).read_text("utf-8")
    body = _SLOT.sub(lambda slot: values[slot[1]], text)
    digest = hashlib.sha256(body.encode()).hexdigest()
    return f"# Written by 'gitrack init', sha256:{digest}\n{body}".encode()


def state_of(present: bytes | None, wanted: bytes) -> State:
    """How a file stands: `older` is as some gitrack wrote it, `changed` is as people left it."""
    if present is None:
        return "missing"
    text = present.decode("utf-8", "replace").replace("\r\n", "\n")  # as git may check it out
    if text.encode() == wanted:
        return "same"
    stamp = _STAMP.match(text)
    if stamp is None:
        return "changed"
    body = text[stamp.end() :].encode()
    return "older" if hashlib.sha256(body).hexdigest() == stamp[1] else "changed"


def plain_name(kind: str, name: str) -> str:
    """A branch or folder that may stand in a workflow. Raises UsageError for one that may not."""
    if not _PLAIN.match(name):
        raise UsageError(
            f"the {kind} {name!r} cannot be written into a workflow",
            hint="use letters, digits, '.', '_', '-' and '/' in its name",
        )
    return name


def quoted(text: str) -> str:
    """A string as YAML reads it, whatever it holds."""
    return json.dumps(text, ensure_ascii=False)


def package(extras: set[str], version: str) -> str:
    """What a workflow installs: this gitrack, or a later one that keeps its promises."""
    major, minor, *_ = version.split(".")
    below = f"{int(major) + 1}" if int(major) else f"0.{int(minor) + 1}"
    wanted = f"[{','.join(sorted(extras))}]" if extras else ""
    return f"gitrack-ml{wanted}>={version},<{below}"


def extras_for(policy: Policy) -> set[str]:
    """What judging the gates of a policy needs beyond the core."""
    found: set[str] = set()
    for model in policy.models.values():
        for stage in model.stages.values():
            for gate in (*stage.gates, *stage.rollback.gates):
                if isinstance(gate, RegressionGate) and gate.test is not None:
                    found.add("analysis")
                elif isinstance(gate, ArtifactGate):
                    found.add("dvc")
                elif isinstance(gate, ModelGate):
                    found |= {"data", "models"}
    return found
