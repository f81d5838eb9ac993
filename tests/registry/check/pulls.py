"""A registry with three versions, and pull requests to it, written by hand."""

from __future__ import annotations

import os
import subprocess
import textwrap
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from gitrack.model.named import ArtifactVersion
from gitrack.model.registered import ModelVersion, Proof, RegisteredModel, StageState
from gitrack.model.run import Artifact, Code, Run, RunBundle, Status
from gitrack.registry.check.check import check
from gitrack.registry.check.findings import Checked, Level
from gitrack.registry.opened import open_registry
from gitrack.registry.promotion.plan import Planned, plan
from gitrack.store.codec.records import dump_record, dump_run

AUC = (0.86, 0.90, 0.93)
ADA = "Ada Example <ada@example.com>"
MALLORY = "Mallory <mallory@example.com>"
POLICY = """\
models:
  churn:
    stages:
      staging:
        direct: true
        gates:
        - {metric: auc, at_least: 0.88, baseline: 0.85}
      production:
        from: [staging]
        archive_previous: true
        gates:
        - {no_regression: auc, tolerance: 0.005, against: production}
"""


def run_of(number: int, auc: float | None = None) -> Run:
    """The run that version `number` is made of."""
    return Run(
        id=f"202601{number:02d}-120000-aaaa{number:02d}",
        name=f"xgb-{number}",
        experiment="churn-weather-20260101",
        status=Status.FINISHED,
        started=f"2026-01-{number:02d}T12:00:00.000Z",
        ended=f"2026-01-{number:02d}T12:05:00.000Z",
        author=ADA,
        params={"depth": 4},
        metrics={"auc": AUC[number - 1] if auc is None else auc},
        tags={"team": "risk"},
        code=Code(commit=f"{number % 10}" * 40, branch="main", dirty=False),
        artifacts=[Artifact(path="model", kind="model", flavor="sklearn")],
    )


def folder_of(number: int) -> str:
    """Where that run lies."""
    run = run_of(number, 0.0)
    return f"runs/{run.experiment}/2026-01/{number:02d}/{run.id}"


Data = bytes | str | None


class Pulls:
    """Makes branches on top of the tracking branch, commit by commit, and checks them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.opened = open_registry(folder)
        self.base = self.opened.branch.tip() or ""

    def begin(self, policy: str | None) -> None:
        """Commit the policy, three runs and a version of each."""
        if policy is not None:
            self.policy(policy)
        self.opened = open_registry(self.folder)
        self.opened.store.commit_runs(
            [RunBundle(run=run_of(number), files={"artifacts/model": b"m"}) for number in (1, 2, 3)]
        )
        files: dict[str, bytes | None] = {
            f"registry/churn/versions/{number}.yaml": dump_record(
                ModelVersion(version=number, run=run_of(number).id, created=run_of(number).ended)
            )
            for number in (1, 2, 3)
        }
        files["registry/churn/model.yaml"] = dump_record(RegisteredModel(name="churn"))
        self.base = self.opened.branch.commit(files, "model churn: three versions")

    def policy(self, text: str) -> None:
        """Commit a policy to the code's branch."""
        place = self.folder / ".tracking" / "policy.yaml"
        place.parent.mkdir(exist_ok=True)
        place.write_text(textwrap.dedent(text))
        self.git("add", ".tracking/policy.yaml")
        self.git("commit", "-q", "-m", "policy")

    def git(self, *arguments: str, stdin: bytes | None = None, **environment: str) -> str:
        """Git in the repository."""
        done = subprocess.run(
            ["git", "-C", str(self.folder), *arguments],
            input=stdin,
            capture_output=True,
            check=False,
            env={**os.environ, **environment},
        )
        assert done.returncode == 0, f"git {' '.join(arguments)}: {done.stderr.decode()}"
        return done.stdout.decode("utf-8", "surrogateescape").strip()

    def advance(self, changes: Mapping[str, Data], message: str = "more") -> str:
        """A commit of the base."""
        encoded = {path: _bytes(data) for path, data in changes.items()}
        self.base = self.opened.branch.commit(encoded, message)
        return self.base

    def pull(
        self,
        changes: Mapping[str, Data],
        *,
        on: str | None = None,
        author: str = ADA,
        message: str = "change",
        modes: Mapping[str, str] | None = None,
        parents: Sequence[str] | None = None,
    ) -> str:
        """A commit with these changes, on the base or on another commit."""
        parents = [on or self.base] if parents is None else list(parents)
        index = str(self.folder / ".git" / "pull.index")
        self.git("read-tree", parents[0], GIT_INDEX_FILE=index)
        lines = []
        for path, data in changes.items():
            mode = (modes or {}).get(path, "100644")
            if data is None:
                lines.append(f"0 {'0' * 40}\t{path}")
                continue
            if mode == "160000":
                blob = str(data)
            else:
                blob = self.git("hash-object", "-w", "--stdin", stdin=_bytes(data))
            lines.append(f"{mode} {blob}\t{path}")
        text = "\0".join([*lines, ""]).encode("utf-8", "surrogateescape")
        self.git("update-index", "-z", "--index-info", stdin=text, GIT_INDEX_FILE=index)
        tree = self.git("write-tree", GIT_INDEX_FILE=index)
        return self.commit(tree, parents, author=author, message=message)

    def commit(
        self,
        tree: str,
        parents: Sequence[str],
        *,
        author: str = ADA,
        message: str = "change",
        committer: str | None = None,
    ) -> str:
        """A commit of a tree."""
        name, _, mail = author.partition(" <")
        other, _, address = (committer or author).partition(" <")
        return self.git(
            *("commit-tree", tree, *(word for parent in parents for word in ("-p", parent))),
            *("-m", message),
            GIT_AUTHOR_NAME=name,
            GIT_AUTHOR_EMAIL=mail.rstrip(">"),
            GIT_COMMITTER_NAME=other,
            GIT_COMMITTER_EMAIL=address.rstrip(">"),
        )

    def tree(self, commit: str) -> str:
        """The root folder of a commit."""
        return self.git("rev-parse", f"{commit}^{{tree}}")

    def planned(self, version: int, to: str, **more: object) -> Planned:
        """What `gitrack promote` would write."""
        why = str(more.pop("why", "better than before"))
        return plan(self.opened, "churn", version, to, why, **more)  # type: ignore[arg-type]  # passed on as they are

    def promotion(self, version: int, to: str, *, author: str = ADA, **more: object) -> str:
        """The commit that `gitrack promote` would make."""
        planned = self.planned(version, to, **more)
        return self.pull(planned.changes, author=author, message=planned.message)

    def forged(
        self,
        version: int,
        to: str,
        *,
        also: Mapping[str, Data] | None = None,
        author: str = ADA,
        plan: Mapping[str, object] | None = None,
        **changed: object,
    ) -> str:
        """A promotion whose record says something else."""
        planned = self.planned(version, to, **(plan or {}))
        promotion = msgspec.structs.replace(planned.promotion, **changed)
        changes: dict[str, Data] = dict(planned.changes)
        changes[f"registry/churn/promotions/{planned.id}.yaml"] = dump_record(promotion)
        changes.update(also or {})
        return self.pull(changes, author=author, message=planned.message)

    def land(self, head: str) -> str:
        """Merge a pull request as a host does, base first."""
        self.base = self.commit(self.tree(head), [self.base, head], message="merge")
        self.git("update-ref", "refs/heads/gitrack", self.base)
        return self.base

    def promote(self, version: int, to: str, **more: object) -> str:
        """A promotion that was merged."""
        return self.land(self.promotion(version, to, **more))

    def check(self, head: str, **more: object) -> Checked:
        """What the check says."""
        opened = open_registry(self.folder)
        return check(opened, self.base, head, **more)  # type: ignore[arg-type]  # passed on as they are

    def refused(self, head: str, rule: str, *words: str, **more: object) -> Checked:
        """The check refuses it by this rule, with these words, and says what to do."""
        checked = self.check(head, **more)
        found = [each for each in checked.errors if each.rule == rule]
        told = [f"{each.rule}: {each.path}: {each.says}; {each.do}" for each in checked.findings]
        assert not checked.passed
        assert found, told
        said = " ".join(f"{each.path} {each.says} {each.do}" for each in found)
        for word in words:
            assert word in said, told
        for each in checked.errors:
            assert each.do, each
        return checked

    def passes(self, head: str, **more: object) -> Checked:
        """The check lets it through."""
        checked = self.check(head, **more)
        assert checked.passed, [f"{each.rule}: {each.path}: {each.says}" for each in checked.errors]
        assert all(each.level is not Level.ERROR for each in checked.findings)
        return checked


def _bytes(data: Data) -> bytes | None:
    return data.encode() if isinstance(data, str) else data


def new_run(number: int, **more: object) -> dict[str, Data]:
    """All files of a run."""
    run = msgspec.structs.replace(run_of(number, 0.91), **more)
    return {
        f"{folder_of(number)}/run.yaml": dump_run(run),
        f"{folder_of(number)}/artifacts/model": b"m",
    }


def version_file(number: int, run: int) -> dict[str, Data]:
    """A version of churn."""
    version = ModelVersion(version=number, run=run_of(run, 0.0).id)
    return {f"registry/churn/versions/{number}.yaml": dump_record(version)}


def proof_file(
    number: int, kind: str, *, name: str | None = None, **more: object
) -> dict[str, Data]:
    """Evidence for a version of churn."""
    fields: dict[str, object] = {
        "kind": kind,
        "version": number,
        "run": run_of(number, 0.0).id,
        "passed": True,
        "recorded": (datetime.now(UTC) - timedelta(hours=1)).isoformat(),
        "by": ADA,
    }
    proof = Proof(**{**fields, **more})  # type: ignore[arg-type]  # checked by the codec
    return {f"registry/churn/evidence/{number}/{name or kind}.yaml": dump_record(proof)}


def stage_file(stage: str, versions: Sequence[int]) -> dict[str, Data]:
    """Who stands in a stage of churn."""
    return {f"registry/churn/stages/{stage}.yaml": dump_record(StageState(versions=list(versions)))}


def artifact_file(number: int, run: int) -> dict[str, Data]:
    """A version of a named artifact."""
    version = ArtifactVersion(
        name="flights",
        version=number,
        run=run_of(run, 0.0).id,
        path="model",
        md5="a" * 32,
        created="2026-01-01T12:00:00.000Z",
    )
    return {f"artifacts/flights/versions/{number}.yaml": dump_record(version)}
