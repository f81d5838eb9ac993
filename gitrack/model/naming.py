"""A project's rules for names and tags: what breaks them, and the name of a run without one."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from gitrack.config.name_pattern import NamePattern, as_text
from gitrack.config.policy import Naming, Policy
from gitrack.model.run import Scalar


class Violation(msgspec.Struct, frozen=True):
    """A broken rule: what is wrong, and what to do about it."""

    why: str
    mend: str

    def __str__(self) -> str:
        return f"{self.why}; {self.mend}"


class Rules(msgspec.Struct, frozen=True, kw_only=True):
    """What a policy says of names and tags.

    `runs` names the runs that were given no name when it is a pattern of named parts, and judges
    every name when it is a regular expression.
    """

    project: NamePattern | None = None
    experiments: NamePattern | None = None
    runs: NamePattern | None = None
    required_tags: tuple[str, ...] = ()
    allowed_tags: dict[str, tuple[str, ...]] = {}

    @classmethod
    def of(cls, policy: Policy) -> Rules:
        """The rules that a policy states."""

        def pattern(naming: Naming) -> NamePattern | None:
            return None if naming.name is None else NamePattern(naming.name)

        return cls(
            project=pattern(policy.project),
            experiments=pattern(policy.experiments),
            runs=pattern(policy.runs),
            required_tags=policy.tags.required,
            allowed_tags=policy.tags.allowed,
        )

    def judge_project(self, name: str | None) -> list[Violation]:
        """What is wrong with the project's name in `.tracking/config.yaml`."""
        if self.project is None:
            return []
        if name is None:
            example = self.project.example()
            like = f", such as {example!r}" if example else ""
            return [Violation("the project has no name", f"write 'project: …' in its config{like}")]
        return _broken(self.project, "project", name)

    def judge_experiment(self, name: str) -> list[Violation]:
        """What is wrong with the name of an experiment."""
        return _broken(self.experiments, "experiment", name)

    def judge_run(self, name: str) -> list[Violation]:
        """What is wrong with the name of a run."""
        if self.runs is None or self.runs.parts:
            return []
        return _broken(self.runs, "run", name)

    def judge_tags(self, tags: Mapping[str, Scalar], *, complete: bool = True) -> list[Violation]:
        """What is wrong with the tags of a run; `complete=False` while some may still come."""
        found = []
        missing = [tag for tag in self.required_tags if tags.get(tag) in (None, "")]
        if missing and complete:
            what = "tags are" if len(missing) > 1 else "tag is"
            example = ", ".join(f"{tag!r}: '…'" for tag in missing)
            found.append(
                Violation(
                    f"required {what} not set: {', '.join(missing)}",
                    f"pass tags={{{example}}} to start_run",
                )
            )
        for tag, allowed in self.allowed_tags.items():
            value = tags.get(tag)
            if value is not None and as_text(value) not in allowed:
                found.append(
                    Violation(
                        f"tag {tag} is {as_text(value)!r}, which the policy does not list",
                        f"use one of: {', '.join(allowed)}",
                    )
                )
        return found

    def name_run(
        self,
        experiment: str,
        params: Mapping[str, Scalar],
        tags: Mapping[str, Scalar],
        *,
        day: str | None = None,
    ) -> str | None:
        """The name that the policy gives a run without one, or None if it cannot tell."""
        if self.runs is None:
            return None
        values = {**tags, **params, "experiment": experiment}
        if day is not None:
            values["date"] = day
        return self.runs.fill(values)


def _broken(pattern: NamePattern | None, kind: str, name: str) -> list[Violation]:
    fault = None if pattern is None else pattern.broken_by(name)
    if fault is None:
        return []
    why, mend = fault
    return [Violation(f"{kind} name {name!r} {why}", mend)]
