"""Plays the steps of a workflow as GitHub's runner does: their shell, its own variables."""

from __future__ import annotations

import dataclasses
import os
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

_EXPRESSION = re.compile(r"\$\{\{\s*(.*?)\s*\}\}")


class _Loader(yaml.SafeLoader):
    """`on:` is a key and not the truth."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, rule) for tag, rule in rules if tag != "tag:yaml.org,2002:bool"]
    for first, rules in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def load_workflow(data: bytes | str) -> dict[str, Any]:
    """The YAML of a workflow, its words as they stand."""
    loaded = yaml.load(data, _Loader)
    assert isinstance(loaded, dict)
    return loaded


@dataclasses.dataclass
class Done:
    """How a step ended."""

    code: int
    out: str
    outputs: dict[str, str]
    summary: str


class Runner:
    """One job on one fresh machine. `context` says what expressions are worth."""

    def __init__(
        self, folder: Path, workflow: dict[str, Any], job: str, context: Mapping[str, str]
    ):
        self.job = workflow["jobs"][job]
        assert workflow["defaults"]["run"]["shell"] == "bash"
        self.context = context
        self.temp = folder / "temp"
        self.work = folder / "work"
        self.temp.mkdir(parents=True)
        self.work.mkdir()
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": os.environ["HOME"],
            "GITHUB_ACTIONS": "true",
            "CI": "true",
            "RUNNER_TEMP": str(self.temp),
            "GITHUB_WORKSPACE": str(self.work),
        }
        for name in ("GIT_CONFIG_GLOBAL", "GIT_CONFIG_NOSYSTEM", "DVC_NO_ANALYTICS"):
            if name in os.environ:
                self.environment[name] = os.environ[name]

    def step(self, id: str) -> Done:
        """Run the step with this id."""
        step = next(step for step in self.job["steps"] if step.get("id") == id)
        script = self.temp / f"{id}.sh"
        script.write_text(step["run"])
        files = {name: self.temp / f"{id}.{name}" for name in ("OUTPUT", "STEP_SUMMARY", "PATH")}
        for file in files.values():
            file.touch()
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)],
            cwd=self.work / step.get("working-directory", "."),
            env={
                **self.environment,
                **self._values(self.job.get("env", {})),
                **self._values(step.get("env", {})),
                **{f"GITHUB_{name}": str(file) for name, file in files.items()},
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=120,
        )
        outputs = dict(line.split("=", 1) for line in files["OUTPUT"].read_text().splitlines())
        return Done(done.returncode, done.stdout, outputs, files["STEP_SUMMARY"].read_text())

    def _values(self, given: Mapping[str, Any]) -> dict[str, str]:
        """Variables with their expressions worked out; one that nobody knows fails the test."""
        return {
            name: _EXPRESSION.sub(lambda found: self.context[found[1]], str(value))
            for name, value in given.items()
        }
