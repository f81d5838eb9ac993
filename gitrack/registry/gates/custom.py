"""Gates of one's own: a command, or a function of a package, that is told about the version."""

from __future__ import annotations

import json
import re
import shlex
import sys
from pathlib import Path
from typing import Any

import msgspec

from gitrack.config.gates import CommandGate, PythonGate
from gitrack.errors import GitrackError
from gitrack.model import moments
from gitrack.model.display import number, safe
from gitrack.model.promotion import Outcome
from gitrack.registry.gates import code_of_gates
from gitrack.registry.gates.case import CannotJudge, Case, Standing
from gitrack.registry.gates.child import Ended, run_child
from gitrack.registry.gates.finding import Finding, failed
from gitrack.registry.written import harmless

#: The number that programs look at before they read the rest.
FORMAT = 1
_TIMEOUT = 600.0
_LONGEST = 400
_ANSWER = re.compile(r"gitrack-answer:(\{.*\})\Z")
_TARGET = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*:[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*\Z", re.ASCII)
#: What quotes keep from a shell, but for what it finds inside of double ones.
_QUOTED = re.compile(r"'[^']*'|\"(?:[^\"\\]|\\.)*\"|\\.", re.DOTALL)
_EXPANDED = re.compile(r"\A\".*[$`]", re.DOTALL)
#: What only a shell understands.
_SHELL = re.compile(r"[|&;<>()$`*?\[\]{}~\n]|(?:\A|\s)\w+=")


def judge_command(case: Case, gate: CommandGate) -> Finding:
    """Exit code 0 passes; its last line of output is the sentence that people see."""
    folder = _allowed(case)
    source = f"{case.ruling.source or 'policy.yaml'}: command {gate.name or gate.command}"
    try:
        arguments = _arguments(gate.command)
    except ValueError as error:
        return failed(f"the command cannot be read: {error}", source=source)
    try:
        ended = run_child(
            arguments,
            folder=folder,
            stdin=_as_json(case),
            timeout=gate.timeout,
            environment=code_of_gates.environment(case),
        )
    except OSError as error:
        why = error.strerror or str(error)
        return failed(f"{arguments[0]!r:.100} cannot be started: {why}", source=source)
    said = _last_line(case, ended)
    if ended.code is None:
        return failed(_late(gate.timeout, said), source=source)
    good = ended.code == 0
    return Finding(
        outcome=Outcome.PASSED if good else Outcome.FAILED,
        says=said or f"it ended with exit code {ended.code}, and said nothing",
        value=ended.code,
        required=0,
        source=source,
    )


def judge_python(case: Case, gate: PythonGate) -> Finding:
    """Called in a process of its own, which may crash or end itself without harm."""
    source = f"{gate.python}"
    if not _TARGET.match(gate.python):
        return failed(f"{gate.python!r:.100} is no package.module:function", source=source)
    folder = _allowed(case)
    try:
        ended = run_child(
            [sys.executable, "-P", "-m", "gitrack.registry.gates.called", gate.python],
            folder=folder,
            stdin=_as_json(case),
            timeout=_TIMEOUT,
            environment=code_of_gates.environment(case),
        )
    except OSError as error:
        return failed(f"Python cannot be started: {error.strerror or error}", source=source)
    if ended.code is None:
        return failed(_late(_TIMEOUT, ""), source=source)
    found = _ANSWER.search(ended.out.strip())
    if found is None:
        return failed(
            _last_line(case, ended) or f"it ended with exit code {ended.code}", source=source
        )
    answer = json.loads(found[1])
    if answer["passed"] is None:
        return failed(_sentence(case, str(answer["says"])), source=source)
    good = bool(answer["passed"])
    usual = "it is content" if good else "it is not content, and does not say why"
    return Finding(
        outcome=Outcome.PASSED if good else Outcome.FAILED,
        says=_sentence(case, str(answer["says"] or usual)),
        value=good,
        required=True,
        source=source,
    )


def told(case: Case) -> dict[str, Any]:
    """What a gate of one's own is told. Keys are added, never renamed; `format` says so."""
    number_here = case.version.version
    stage = next(
        (s for s, there in case.registry.stages(case.name).items() if number_here in there), None
    )
    occupant: Standing | None = None
    if case.standing_in(case.to):
        occupant = case.occupant(case.to)
    return {
        "format": FORMAT,
        "model": case.name,
        "version": number_here,
        "from": stage,
        "to": case.to,
        "when": moments.written(case.when),
        "promoter": case.promoter,
        "commit": case.commit,
        **_told_of(case.standing),
        "evidence": [msgspec.to_builtins(each.proof) for each in case.evidence],
        "occupant": None
        if occupant is None
        else {"version": occupant.version.version, **_told_of(occupant)},
    }


def _told_of(standing: Standing) -> dict[str, Any]:
    return {
        "artifact": standing.version.artifact,
        "tags": dict(standing.version.tags),
        "path": standing.path,
        "run": msgspec.to_builtins(standing.run),
    }


def _as_json(case: Case) -> bytes:
    """Numbers that JSON lacks (NaN, infinities) are null."""
    return msgspec.json.encode(told(case))


def _allowed(case: Case) -> Path:
    """Where it runs. Raises CannotJudge where it does not."""
    if not case.run_code:
        raise CannotJudge("no code is run here")
    try:
        return code_of_gates.folder(case)
    except GitrackError as error:
        raise CannotJudge(f"the code of the gate is not here: {error}") from error


def _arguments(command: str) -> list[str]:
    """Words, for no shell; but what only a shell understands goes to one."""
    bare = _QUOTED.sub(lambda found: "$" if _EXPANDED.search(found[0]) else "x", command)
    if not _SHELL.search(bare):
        arguments = shlex.split(command)
        if not arguments:
            raise ValueError("it is empty")
        return arguments
    return ["sh", "-c", command]


def _last_line(case: Case, ended: Ended) -> str:
    for text in (ended.out, ended.err):
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        if lines:
            return _sentence(case, lines[-1])
    return ""


def _sentence(case: Case, text: str) -> str:
    """What a program said, for the record: in one line, and without secrets."""
    shown = safe(" ".join(text.split()))
    shown = shown if len(shown) <= _LONGEST else f"{shown[: _LONGEST - 1]}…"
    return harmless(case.opened.place, "the sentence of a gate", shown)


def _late(timeout: float, said: str) -> str:
    return f"it did not end within {number(timeout)} seconds" + (
        f"; it said: {said}" if said else ""
    )
