"""Whatever is changed in an honest promotion: the check refuses it, and an audit finds it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest

from gitrack.model.audit import Severity
from gitrack.model.promotion import Outcome, Promotion, Verdict
from gitrack.registry.audit import audit
from gitrack.store.codec.records import dump_record
from gitrack.store.registry.paths import promotion_id, promotion_path, stage_path
from tests.registry.check.pulls import MALLORY, Pulls, folder_of, proof_file, run_of

MODEL = "churn"
Files = dict[str, bytes | None]


class Honest(NamedTuple):
    """A promotion to production that a pull request would bring, and its project."""

    pulls: Pulls
    files: Files
    path: str
    record: Promotion
    message: str

    def changed(self, **changes: object) -> Files:
        record = msgspec.structs.replace(self.record, **changes)
        return {**self.files, self.path: dump_record(record)}

    def verdict(self, **changes: object) -> Files:
        first, *others = self.record.verdicts
        return self.changed(verdicts=[msgspec.structs.replace(first, **changes), *others])

    def used(self, **changes: object) -> Files:
        assert self.record.policy is not None
        return self.changed(policy=msgspec.structs.replace(self.record.policy, **changes))

    def chain(self, **changes: object) -> Files:
        assert self.record.follows is not None
        return self.changed(follows=msgspec.structs.replace(self.record.follows, **changes))

    def other(self, commit: str) -> str:
        return self.pulls.git("rev-parse", commit)


def _verdict(gate: str = "auc >= 0.1") -> Verdict:
    return Verdict(gate=gate, kind="metric", outcome=Outcome.PASSED, says="0.93", value=0.93)


def _edited_run(of: Honest) -> Files:
    path = f"{folder_of(3)}/run.yaml"
    data = of.pulls.opened.branch.read(path, at=of.pulls.base)
    return {**of.files, path: data.replace(b"0.93", b"0.99")}


def _another_id(of: Honest) -> str:
    return promotion_path(MODEL, promotion_id(of.record.at, 3, "production", again=7))


def _earlier(of: Honest) -> str:
    """The promotion before this one."""
    assert of.record.follows is not None
    return promotion_path(MODEL, of.record.follows.promotion)


EARLY, LATE = "2020-01-01T00:00:00.000Z", "2099-01-01T00:00:00.000Z"
PRODUCTION, ARCHIVED, STAGING = (
    stage_path(MODEL, stage) for stage in ("production", "archived", "staging")
)
NONE = b"format: 1\nversions: []\n"

#: What is changed, by a name.
MUTATIONS: dict[str, Callable[[Honest], Files]] = {
    "model": lambda of: of.changed(model="other"),
    "version": lambda of: of.changed(version=1),
    "version unknown": lambda of: of.changed(version=9),
    "run": lambda of: of.changed(run=run_of(1).id),
    "kind": lambda of: of.changed(kind="rollback"),
    "from": lambda of: of.changed(source=None),
    "from other": lambda of: of.changed(source="archived"),
    "to": lambda of: of.changed(to="staging"),
    "at early": lambda of: of.changed(at=EARLY),
    "at late": lambda of: of.changed(at=LATE),
    "at none": lambda of: of.changed(at="yesterday"),
    "by": lambda of: of.changed(by=MALLORY),
    "why empty": lambda of: of.changed(why=""),
    "expected": lambda of: of.changed(expected=[1]),
    "expected none": lambda of: of.changed(expected=[]),
    "archived": lambda of: of.changed(archived=[]),
    "archived other": lambda of: of.changed(archived=[1]),
    "kept": lambda of: of.changed(kept=[2]),
    "base": lambda of: of.changed(base="0" * 40),
    "base of the code": lambda of: of.changed(base=of.other("main")),
    "base before": lambda of: of.changed(base=of.other(f"{of.pulls.base}^")),
    "record": lambda of: of.changed(record="0" * 64),
    "policy none": lambda of: of.changed(policy=None),
    "policy sha256": lambda of: of.used(sha256="0" * 64),
    "policy commit": lambda of: of.used(commit="0" * 40),
    "policy commit of no policy": lambda of: of.used(commit=of.other("main^")),
    "policy of the branch": lambda of: of.used(commit=of.pulls.base),
    "policy uncommitted": lambda of: of.used(commit=None),
    "follows none": lambda of: of.changed(follows=None),
    "follows other": lambda of: of.chain(promotion="20200101T000000Z-v1-production"),
    "follows sha256": lambda of: of.chain(sha256="0" * 64),
    "draft": lambda of: of.changed(draft=True),
    "tag": lambda of: of.changed(tag="churn@v9.9.9"),
    "verdicts none": lambda of: of.changed(verdicts=[]),
    "verdicts more": lambda of: of.changed(verdicts=[*of.record.verdicts, _verdict()]),
    "verdicts twice": lambda of: of.changed(verdicts=[*of.record.verdicts] * 2),
    "gate": lambda of: of.verdict(gate="no regression of f1"),
    "gate kind": lambda of: of.verdict(kind="evidence"),
    "outcome failed": lambda of: of.verdict(outcome=Outcome.FAILED),
    "outcome waiting": lambda of: of.verdict(outcome=Outcome.WAITING),
    "says": lambda of: of.verdict(says="much better"),
    "value": lambda of: of.verdict(value=0.99),
    "value none": lambda of: of.verdict(value=None),
    "required": lambda of: of.verdict(required=0.1),
    "margin": lambda of: of.verdict(margin=0.5),
    "baseline": lambda of: of.verdict(baseline=0.5),
    "source": lambda of: of.verdict(source="registry/churn/model.yaml"),
    "via": lambda of: of.verdict(via="staging"),
    "format": lambda of: of.changed(format=2),
    "another key": lambda of: {**of.files, of.path: (of.files[of.path] or b"") + b"also: 1\n"},
    "no record": lambda of: {path: data for path, data in of.files.items() if path != of.path},
    "empty record": lambda of: {**of.files, of.path: b""},
    "record twice": lambda of: {**of.files, _another_id(of): of.files[of.path]},
    "record elsewhere": lambda of: {
        _another_id(of).replace("-v3-", "-v2-") if path == of.path else path: data
        for path, data in of.files.items()
    },
    "record of another model": lambda of: {
        **of.files,
        of.path.replace(MODEL, "other"): of.files[of.path],
    },
    "earlier record changed": lambda of: {
        **of.files,
        _earlier(of): of.pulls.opened.branch.read(_earlier(of)).replace(b"better", b"worse"),
    },
    "earlier record removed": lambda of: {**of.files, _earlier(of): None},
    "run edited": _edited_run,
    "run file": lambda of: {**of.files, f"{folder_of(3)}/artifacts/model": b"other"},
    "run removed": lambda of: {**of.files, f"{folder_of(3)}/run.yaml": None},
    "stray": lambda of: {**of.files, "registry/churn/run.sh": b"#!/bin/sh\n"},
    "workflow": lambda of: {**of.files, ".github/workflows/x.yml": b"on: push\n"},
    "format file": lambda of: {**of.files, "format.yaml": b"format: 9\n"},
    "evidence for others": lambda of: {
        **of.files,
        **{p: _bytes(d) for p, d in proof_file(2, "tests", by=MALLORY).items()},
    },
    "version file": lambda of: {**of.files, "registry/churn/versions/3.yaml": None},
    **{
        f"{path.rpartition('/')[2]} {how}": lambda of, path=path, data=data: {  # type: ignore[misc]  # mypy cannot infer defaults
            key: (data if key == path else value)
            for key, value in of.files.items()
            if key != path or data is not None
        }
        for path in (PRODUCTION, ARCHIVED, STAGING)
        for how, data in (
            ("left out", None),
            ("emptied", NONE),
            ("other", b"format: 1\nversions:\n- 1\n"),
            ("both", b"format: 1\nversions:\n- 2\n- 3\n"),
        )
        if (path, data) != (STAGING, NONE)  # as it is
    },
}

#: What may be otherwise, and why.
HARMLESS = {
    "base before": "it was the tip once, and the gates hold there and now",
    "policy uncommitted": "its digest is that of the policy in force",
    "tag": "whoever promotes names the release; reviewers read it",
    "says": "words for people, who get those of the check; value and outcome are compared",
    "source": "likewise",
    "value none": "what is not said claims nothing, and the check shows what it found itself",
    "another key": "no program reads it, and the check warns",
}
#: What an audit needs not tell, and why.
KNOWN_OTHERWISE = {
    "workflow": "a new one takes nothing away; hosts run it by their own rules",
    "format file": "nothing reads such a branch any more",
}


def _bytes(data: bytes | str | None) -> bytes | None:
    return data.encode() if isinstance(data, str) else data


@pytest.fixture(scope="session")
def _honest_once() -> dict[str, Path]:
    return {}


@pytest.fixture
def honest(request: pytest.FixtureRequest, _honest_once: dict[str, Path]) -> Honest:
    """One project for all: commits are made beside its branch, which is put back."""
    if "folder" not in _honest_once:
        pulls = request.getfixturevalue("make_pulls")()
        for version, to in ((2, "staging"), (2, "production"), (3, "staging")):
            pulls.promote(version, to)
        pulls.git("config", "core.logAllRefUpdates", "false")
        shutil.rmtree(pulls.folder / ".git" / "logs")
        _honest_once["folder"] = pulls.folder
    pulls = Pulls(_honest_once["folder"])
    planned = pulls.planned(3, "production")
    path = promotion_path(MODEL, planned.id)
    return Honest(pulls, dict(planned.changes), path, planned.promotion, planned.message)


def merged(pulls: Pulls, head: str) -> set[str]:
    """What an audit finds after somebody merged it all the same."""
    merge = pulls.commit(
        pulls.tree(head), [pulls.base, head], message="Merge pull request #1 from o/x"
    )
    pulls.git("update-ref", "refs/heads/gitrack", merge)
    try:
        found = audit(where=pulls.folder, note=False)
    finally:
        pulls.git("update-ref", "refs/heads/gitrack", pulls.base)
    return {
        one.kind
        for one in found.findings
        if one.severity is not Severity.REMARK and one.kind != "back-dated"
    }


def test_as_it_is(honest: Honest) -> None:
    head = honest.pulls.pull(honest.files, message=honest.message)
    honest.pulls.passes(head)
    assert merged(honest.pulls, head) == set()


@pytest.mark.parametrize("name", MUTATIONS)
def test_changed(honest: Honest, name: str) -> None:
    pulls, files = honest.pulls, MUTATIONS[name](honest)
    assert files != honest.files
    head = pulls.pull(files, message=honest.message)
    found = merged(pulls, head)
    if name in HARMLESS:
        pulls.passes(head)
        assert found == set()
        return
    checked = pulls.check(head)
    assert not checked.passed
    assert all(each.do for each in checked.errors)
    assert found or name in KNOWN_OTHERWISE


@pytest.mark.parametrize("mode", ["100755", "120000"])
def test_another_mode(honest: Honest, mode: str) -> None:
    for path in honest.files:
        head = honest.pulls.pull(honest.files, message=honest.message, modes={path: mode})
        honest.pulls.refused(head, "file-mode")


@pytest.mark.parametrize(
    ("author", "rule", "kind"), [(MALLORY, "promoter", "forged-author")], ids=["author"]
)
def test_another_author(honest: Honest, author: str, rule: str, kind: str) -> None:
    head = honest.pulls.pull(honest.files, message=honest.message, author=author)
    honest.pulls.refused(head, rule)
    assert kind in merged(honest.pulls, head)
