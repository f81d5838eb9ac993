"""Whatever somebody does to history by surgery, an audit finds it and names it."""

from __future__ import annotations

import copy
import dataclasses
import hashlib
import zlib
from collections.abc import Callable

import msgspec
import pytest

from gitrack.model.audit import Audit, Severity
from gitrack.model.promotion import Outcome, PolicyUsed, Promotion
from gitrack.model.registered import ModelVersion, Proof
from gitrack.registry.audit import audit
from gitrack.store.codec.records import dump_record, dump_run, load_record, load_run
from gitrack.store.layout import run_folder
from gitrack.store.registry.paths import (
    evidence_path,
    model_path,
    promotion_id,
    promotion_path,
    stage_path,
    version_path,
)
from tests.registry.audit.forge import ADA, BOB, EVE, Made, git
from tests.registry.audit.history import CHURN, HOUR, POLICY, Case, moment


class Surgery:
    """A copy of the clean history, and what is needed to spoil it."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.forge = case.forge
        self.told = copy.copy(case.told)
        self.told.folder, self.told.forge = case.folder, case.forge
        self.tip = case.told.tip
        self.now = case.told.now

    def path_of_run(self, number: int) -> str:
        return f"{run_folder('churn-20260105', self.told.runs[number])}/run.yaml"

    def better(self, number: int, at: str | None = None) -> dict[str, bytes | None]:
        """A run with another metric."""
        path = self.path_of_run(number)
        run = load_run(path, self.forge.read(at or self.tip, path))
        return {path: dump_run(msgspec.structs.replace(run, metrics={"auc": 0.99}))}

    def record(self, path: str, shape: type[msgspec.Struct], **changes: object) -> dict[str, bytes]:
        record = load_record(path, self.forge.read(self.tip, path), shape)
        return {path: dump_record(msgspec.structs.replace(record, **changes))}

    def promotion(self, number: int, to: str) -> str:
        return promotion_path(CHURN, self.told.ids[number, to])

    def read(self, number: int, to: str) -> Promotion:
        path = self.promotion(number, to)
        return load_record(
            path, self.forge.read(self.told.commits[f"{to}{number}"], path), Promotion
        )

    def add(self, changes: dict[str, bytes | None], message: str = "mend", **more: object) -> str:
        """One more commit on the tip."""
        self.now += HOUR
        options: dict[str, object] = {"at": self.now, "parents": (self.tip,), "author": EVE, **more}
        self.tip = self.forge.commit(changes, message, **options)  # type: ignore[arg-type]  # passed on as they are
        return self.forge.point(self.tip)

    def in_history(self, change: Callable[[str, Made], Made | None], *, seen: bool = False) -> None:
        """History made again; `seen` says that this clone knew the old one."""
        if seen:
            audit(where=self.case.folder)
        self.tip = self.forge.point(self.forge.again(self.tip, change))

    def changed(
        self, name: str, change: Callable[[Made], Made | None], *, seen: bool = False
    ) -> None:
        """One commit of history is another."""
        goal = self.told.commits[name]
        self.in_history(lambda id, made: change(made) if id == goal else made, seen=seen)

    def move(self, number: int, to: str, **changes: object) -> dict[str, bytes | None]:
        """The files of a promotion on the tip, with something changed in its record."""
        self.told_now()
        files, _ = self.told.planned(number, to, at=self.tip)
        path = next(path for path in files if "/promotions/" in path)
        record = load_record(path, files[path] or b"", Promotion)
        files[path] = dump_record(msgspec.structs.replace(record, **changes))
        return files

    def told_now(self) -> None:
        self.told.now = self.now


def amended_run(it: Surgery) -> None:
    it.add(it.better(2))


def amended_run_in_history(it: Surgery) -> None:
    """Even where nobody has seen the old history: what was judged is another record."""

    def better(made: Made) -> Made:
        path = it.path_of_run(2)
        run = load_run(path, made.changes[path] or b"")
        better = dump_run(msgspec.structs.replace(run, metrics={"auc": 0.99}))
        return _with(made, changes={**made.changes, path: better})

    it.changed("run2", better)


def changed_artifact(it: Surgery) -> None:
    it.add({it.path_of_run(2).replace("run.yaml", "artifacts/model.txt"): b"another\n"})


def changed_steps(it: Surgery) -> None:
    it.add({it.path_of_run(2).replace("run.yaml", "history.tsv"): b"step\ttime\tauc\n0\t0\t0.99\n"})


def added_artifact(it: Surgery) -> None:
    it.add({it.path_of_run(2).replace("run.yaml", "artifacts/report.txt"): b"good\n"})


def removed_run(it: Surgery) -> None:
    folder = it.path_of_run(4).removesuffix("run.yaml")
    it.add({path: None for path in it.forge.files[it.tip] if path.startswith(folder)})


def dropped_commit(it: Surgery) -> None:
    it.changed("run4", lambda made: None, seen=True)


def dropped_commit_unseen(it: Surgery) -> None:
    """In a clone that never saw the branch: commits that records name are gone."""
    it.changed("run1", lambda made: None)


def removed_promotion(it: Surgery) -> None:
    it.add({it.promotion(1, "staging"): None})


def removed_promotion_in_history(it: Surgery) -> None:
    it.changed("production1", lambda made: None)


def edited_verdict(it: Surgery) -> None:
    record = it.read(2, "production")
    verdicts = [msgspec.structs.replace(one, says="fine") for one in record.verdicts]
    it.add(it.record(it.promotion(2, "production"), Promotion, verdicts=verdicts))


def made_up_verdict(it: Surgery) -> None:
    """A promotion of a weak run whose record says that it is a good one."""
    it.told_now()
    good = it.read(3, "staging").verdicts
    it.add(_of_weak(it, verdicts=good), author=ADA)


def _of_weak(it: Surgery, **changes: object) -> dict[str, bytes | None]:
    """Version 6 of a run below the floor, registered and then promoted to staging by force."""
    told = it.told
    told.now = it.now
    it.add({version_path(CHURN, 6): told.version_of(6, 5)}, author=ADA)
    model = it.read(3, "staging")
    files = it.move(4, "staging", verdicts=[])
    path = next(path for path in files if "/promotions/" in path)
    record = load_record(path, files.pop(path) or b"", Promotion)
    record = msgspec.structs.replace(
        record,
        version=6,
        run=told.runs[5],
        record=_digest(it.forge.read(it.tip, it.path_of_run(5))),
        **{"verdicts": model.verdicts, **changes},
    )
    stages = {name: data for name, data in files.items() if "/stages/staging" in name}
    (stage,) = stages
    expected = "".join(f"- {n}\n" for n in (*record.kept, 6))
    return {
        stage: f"format: 1\nversions:\n{expected}".encode(),
        path.replace("-v4-", "-v6-"): dump_record(record),
    }


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def injected_promotion(it: Surgery) -> None:
    """No gate was judged at all."""
    it.add(_of_weak(it, verdicts=[]), author=ADA)


def failed_promotion(it: Surgery) -> None:
    good = it.read(3, "staging").verdicts
    bad = [msgspec.structs.replace(one, outcome=Outcome.FAILED) for one in good]
    it.add(_of_weak(it, verdicts=bad), author=ADA)


def forged_author(it: Surgery) -> None:
    it.changed("production1", lambda made: _with(made, author=EVE, committer=EVE))


def forged_approval(it: Surgery) -> None:
    it.told_now()
    proof = it.told.proof_of(4, 7, kind="approval", author="Boss <boss@example.com>")
    it.add({evidence_path(CHURN, 4, "approval"): dump_record(proof)})


def back_dated_evidence(it: Surgery) -> None:
    it.told_now()
    proof = msgspec.structs.replace(
        it.told.proof_of(4, 7), recorded=moment(it.now - 200 * HOUR), begin=None
    )
    it.add({evidence_path(CHURN, 4, "canary"): dump_record(_kind(proof, "canary"))}, author=ADA)


def _kind(proof: Proof, kind: str) -> Proof:
    return msgspec.structs.replace(proof, kind=kind)


def evidence_of_the_future(it: Surgery) -> None:
    it.told_now()
    proof = msgspec.structs.replace(
        _kind(it.told.proof_of(4, 7), "canary"),
        begin=moment(it.now - HOUR),
        end=moment(it.now + 300 * HOUR),
    )
    it.add({evidence_path(CHURN, 4, "canary"): dump_record(proof)}, author=ADA)


def back_dated_promotion(it: Surgery) -> None:
    files = it.move(4, "staging")
    path = next(path for path in files if "/promotions/" in path)
    record = load_record(path, files.pop(path) or b"", Promotion)
    record = msgspec.structs.replace(record, at=moment(it.now - 30 * HOUR))
    name = promotion_id(record.at, 4, "staging")
    it.add({**files, promotion_path(CHURN, name): dump_record(record)}, author=ADA)


def run_of_the_future(it: Surgery) -> None:
    it.told_now()
    changes = it.told.run_of(9, 0.99)
    it.now -= 20 * HOUR
    it.add(changes, author=ADA)


def forged_run_digest(it: Surgery) -> None:
    it.add(it.move(4, "staging", record="0" * 64), author=ADA)


def forged_chain(it: Surgery) -> None:
    it.add(it.move(4, "staging", follows=None), author=ADA)


def forged_chain_digest(it: Surgery) -> None:
    files = it.move(4, "staging")
    path = next(path for path in files if "/promotions/" in path)
    record = load_record(path, files[path] or b"", Promotion)
    assert record.follows is not None
    follows = msgspec.structs.replace(record.follows, sha256="1" * 64)
    files[path] = dump_record(msgspec.structs.replace(record, follows=follows))
    it.add(files, author=ADA)


def weaker_policy(it: Surgery) -> None:
    """A policy from a branch that nobody merged."""
    weak = POLICY.replace("at_least: 0.8", "at_least: 0.1")
    commit = it.told.code.copy(it.case.folder).commit(
        {".tracking/policy.yaml": weak.encode()}, "weaker", at=it.now, parents=(it.told.policy,)
    )
    used = PolicyUsed(sha256=_digest(weak.encode()), commit=commit)
    it.add(it.move(4, "staging", policy=used), author=ADA)


def policy_changed_in_history(it: Surgery) -> None:
    """The code's default branch is rewritten: it always had a weaker policy."""
    code = it.told.code.copy(it.case.folder)
    weak = POLICY.replace("at_least: 0.8", "at_least: 0.1")
    commit = code.commit(
        {".tracking/policy.yaml": weak.encode()}, "policy", at=code.made[it.told.policy].committed
    )
    code.point(commit)


def other_policy(it: Surgery) -> None:
    """The commit that the promotion names has another policy than the one it has a digest of."""
    used = PolicyUsed(sha256="2" * 64, commit=it.told.policy)
    it.add(it.move(4, "staging", policy=used), author=ADA)


def policy_left_out(it: Surgery) -> None:
    it.add(it.move(4, "staging", policy=None, verdicts=[]), author=ADA)


def skipped_stage(it: Surgery) -> None:
    """A version that never was in staging goes to production, and says that it was."""
    told = it.told
    told.now = it.now
    it.add({version_path(CHURN, 6): told.version_of(6, 5)}, author=ADA)
    it.now += HOUR
    model = it.read(3, "production")
    record = msgspec.structs.replace(
        model,
        version=6,
        run=told.runs[5],
        expected=[1],
        archived=[1],
        at=moment(it.now),
        base=it.tip,
        record=_digest(it.forge.read(it.tip, it.path_of_run(5))),
    )
    it.add(
        {
            stage_path(CHURN, "production"): b"format: 1\nversions:\n- 6\n",
            stage_path(CHURN, "archived"): b"format: 1\nversions:\n- 2\n- 1\n",
            promotion_path(CHURN, promotion_id(record.at, 6, "production")): dump_record(record),
        },
        author=ADA,
    )


def rollback_that_is_none(it: Surgery) -> None:
    """A rollback passes fewer gates: one to where the version never stood."""
    files = it.move(5, "production", kind="rollback", verdicts=[])
    it.add(files, author=ADA)


def mended_in_its_own_branch(it: Surgery) -> None:
    """The branch of a pull request writes evidence, and writes it again; both are merged."""
    it.told_now()
    path = evidence_path(CHURN, 4, "canary")
    proof = _kind(it.told.proof_of(4, 7), "canary")
    it.now += HOUR
    side = it.forge.commit({path: dump_record(proof)}, "x", at=it.now, parents=(it.tip,))
    better = dump_record(msgspec.structs.replace(proof, note="went well"))
    it.now += HOUR
    side = it.forge.commit({path: better}, "x", at=it.now, parents=(side,))
    it.add({}, author=ADA)
    it.add({path: better}, "merge", parents=(it.tip, side), base=it.tip)


def stage_by_hand(it: Surgery) -> None:
    it.add({stage_path(CHURN, "production"): b"format: 1\nversions:\n- 4\n"})


def stage_beside_a_promotion(it: Surgery) -> None:
    """A promotion to staging that takes production along."""
    files = it.move(4, "staging")
    files[stage_path(CHURN, "production")] = b"format: 1\nversions:\n- 4\n"
    it.add(files, author=ADA)


def force_pushed(it: Surgery) -> None:
    origin = "refs/remotes/origin/gitrack"
    git(it.case.folder, "remote", "add", "origin", "nowhere")
    it.forge.point(it.tip, origin)
    audit(where=it.case.folder)
    it.tip = it.forge.point(it.forge.made[it.tip].parents[0], origin)
    it.forge.point(it.tip)


def reordered(it: Surgery) -> None:
    first, second = it.told.commits["run2"], it.told.commits["run3"]
    made = it.forge.made

    def swap(id: str, old: Made) -> Made:
        other = {first: second, second: first}.get(id)
        return old if other is None else _with(made[other], parents=old.parents)

    it.in_history(swap)


def injected_run(it: Surgery) -> None:
    """A run that was put into the past, behind everybody's back."""

    def more(made: Made) -> Made:
        changes = dict(made.changes)
        run = dict(it.told.forge.made[it.told.commits["run3"]].changes)
        for path, data in run.items():
            assert data is not None
            changes[path.replace("000003", "000033")] = data.replace(b"000003", b"000033")
        return _with(made, changes=changes)

    it.changed("run3", more, seen=True)


def repointed_version(it: Surgery) -> None:
    it.add(it.record(version_path(CHURN, 2), ModelVersion, run=it.told.runs[7]))


def removed_version(it: Surgery) -> None:
    it.add({version_path(CHURN, 3): None})


def promotion_of_another_run(it: Surgery) -> None:
    it.add(it.move(4, "staging", run=it.told.runs[1]), author=ADA)


def promotion_of_no_version(it: Surgery) -> None:
    files = it.move(4, "staging")
    path = next(path for path in files if "/promotions/" in path)
    record = load_record(path, files.pop(path) or b"", Promotion)
    files = {stage_path(CHURN, "staging"): b"format: 1\nversions:\n- 77\n"}
    files[path.replace("-v4-", "-v77-")] = dump_record(msgspec.structs.replace(record, version=77))
    it.add(files, author=ADA)


def evidence_about_another_run(it: Surgery) -> None:
    """What was watched was another model."""
    it.told_now()
    proof = _kind(it.told.proof_of(4, 1), "canary")
    it.add({evidence_path(CHURN, 4, "canary"): dump_record(proof)}, author=ADA)


def changed_evidence(it: Surgery) -> None:
    it.add(it.record(evidence_path(CHURN, 2, "shadow-mode"), Proof, note="went well"))


def evidence_written_again(it: Surgery) -> None:
    path = evidence_path(CHURN, 2, "shadow-mode")
    better = it.record(path, Proof, note="went well")
    it.add({path: None})
    it.add(dict(better))


def alias_bomb(it: Surgery) -> None:
    bomb = b"a: &a [x, x, x, x]\nb: &b [*a, *a, *a, *a]\nc: [*b, *b, *b, *b]\n"
    it.add({f"registry/{CHURN}/versions/9.yaml": bomb})


def evil_merge(it: Surgery) -> None:
    """A merge that keeps one side only."""
    it.told_now()
    it.now += HOUR
    side = it.forge.commit(it.told.run_of(8, 0.95), "run", at=it.now, parents=(it.tip,))
    it.add({})
    it.add({}, "merge", parents=(it.tip, side), base=it.tip)


def merge_that_changes(it: Surgery) -> None:
    """A merge with something in it that neither side has."""
    it.now += HOUR
    side = it.forge.commit({"README.md": b"# all runs\n"}, "words", at=it.now, parents=(it.tip,))
    it.add({}, author=ADA)
    it.add(
        {**it.better(2), "README.md": b"# all runs\n"},
        "merge",
        parents=(it.tip, side),
        base=it.tip,
    )


def hidden_behind_a_merge(it: Surgery) -> None:
    """What was published becomes the second parent of a line that never had it."""
    other = it.forge.commit({"format.yaml": b"format: 1\n"}, "other", at=it.now)
    it.now += HOUR
    changes = it.forge._difference(other, it.tip) | it.better(2)
    it.tip = it.forge.point(
        it.forge.commit(changes, "merge", at=it.now, parents=(other, it.tip), base=other)
    )


def replaced_commit(it: Surgery) -> None:
    """git shows another commit than the one that is there."""
    goal = it.told.commits["run2"]
    made = it.forge.made[goal]
    forged = it.forge.commit(
        dict(made.changes), "run 2: the best", at=made.committed, parents=made.parents
    )
    git(it.case.folder, "replace", goal, forged)


def grafted(it: Surgery) -> None:
    goal = it.told.commits["run3"]
    first = it.told.forge.line(goal)[0]
    place = it.case.folder / ".git/info/grafts"
    place.parent.mkdir(exist_ok=True)
    place.write_text(f"{goal} {first}\n")


def damaged_object(it: Surgery) -> None:
    """The bytes of a record were changed inside of the object database."""
    path = it.path_of_run(2)
    id = it.forge.files[it.tip][path]
    data = it.better(2)[path]
    assert data is not None
    place = it.case.folder / ".git/objects" / id[:2] / id[2:]
    place.unlink()
    place.write_bytes(zlib.compress(b"blob %d\0%s" % (len(data), data)))


def link_in_place_of_a_record(it: Surgery) -> None:
    id = it.forge.object(b"blob", b"/etc/passwd")
    folder = it.path_of_run(2).removesuffix("run.yaml")
    git(it.case.folder, "read-tree", it.tip)
    git(
        it.case.folder,
        *("update-index", "--add", "--cacheinfo"),
        f"120000,{id},{folder}artifacts/model.txt",
    )
    tree = git(it.case.folder, "write-tree")
    environment = ("-c", "user.name=Eve", "-c", "user.email=eve@example.com")
    it.forge.point(git(it.case.folder, *environment, "commit-tree", "-p", it.tip, "-m", "x", tree))


def resumed_after_registration(it: Surgery) -> None:
    path = it.path_of_run(7)
    run = load_run(path, it.forge.read(it.tip, path))
    later = msgspec.structs.replace(run, ended=moment(it.now), metrics={"auc": 0.999})
    it.add({path: dump_run(later)}, author=ADA)


def stray_file(it: Surgery) -> None:
    it.add({f"registry/{CHURN}/run.sh": b"rm -rf /\n"})


def undone_revert_that_is_none(it: Surgery) -> None:
    """A promotion goes, and the stage becomes another than it was before."""
    it.add(
        {
            it.promotion(2, "production"): None,
            stage_path(CHURN, "production"): b"format: 1\nversions:\n- 4\n",
        },
        'Revert "model churn v2: promoted to production"',
    )


def record_without_its_stage(it: Surgery) -> None:
    """A promotion that says more than it did."""
    files = it.move(4, "staging")
    it.add({path: data for path, data in files.items() if "/promotions/" in path}, author=ADA)


def _new_policy(it: Surgery, policy: str) -> PolicyUsed:
    """The code's default branch gets another policy, as late as the tip."""
    code = it.told.code.copy(it.case.folder)
    commit = code.commit(
        {".tracking/policy.yaml": policy.encode()}, "policy", at=it.now, parents=(it.told.policy,)
    )
    code.point(commit)
    return PolicyUsed(sha256=_digest(policy.encode()), commit=commit)


def older_policy(it: Surgery) -> None:
    """The policy was made stricter, and days later somebody is judged by the one before."""
    older = PolicyUsed(sha256=_digest(POLICY.encode()), commit=it.told.policy)
    files = it.move(4, "staging", policy=older)
    _new_policy(it, POLICY.replace("at_least: 0.8", "at_least: 0.95"))
    it.now += 48 * HOUR
    path = next(path for path in files if "/promotions/" in path)
    record = load_record(path, files.pop(path) or b"", Promotion)
    record = msgspec.structs.replace(record, at=moment(it.now))
    name = promotion_id(record.at, 4, "staging")
    it.add({**files, promotion_path(CHURN, name): dump_record(record)}, author=ADA)


def policy_of_nowhere(it: Surgery) -> None:
    """Nobody can look up by what it was judged."""
    used = PolicyUsed(sha256="2" * 64, commit="3" * 40)
    it.add(it.move(4, "staging", policy=used, verdicts=[]), author=ADA)


def policy_of_a_working_tree(it: Surgery) -> None:
    """A policy that was never committed, while the default branch had one."""
    used = PolicyUsed(sha256="2" * 64)
    it.add(it.move(4, "staging", policy=used, verdicts=[]), author=ADA)


def policy_without_the_stage(it: Surgery) -> None:
    files = it.move(4, "staging")
    path = next(path for path in files if "/promotions/" in path)
    record = load_record(path, files[path] or b"", Promotion)
    used = _new_policy(it, "models: {churn: {stages: {production: {}}}}\n")
    files[path] = dump_record(msgspec.structs.replace(record, policy=used, verdicts=[]))
    it.add(files, author=ADA)


def promoted_by_a_stranger(it: Surgery) -> None:
    only_bob = POLICY.replace("direct: true", "direct: true\n        promoters: [bob@example.com]")
    _new_policy(it, only_bob)
    it.told_now()
    files, _ = it.told.planned(4, "staging", at=it.tip, by=BOB)
    path = next(path for path in files if "/promotions/" in path)
    record = load_record(path, files[path] or b"", Promotion)
    files[path] = dump_record(msgspec.structs.replace(record, by=EVE))
    it.add(files)


def from_nowhere(it: Surgery) -> None:
    """A record that says itself that a stage was left out."""
    it.add(it.move(5, "production", source=None), author=ADA)


def promotion_of_a_run_that_is_not_there(it: Surgery) -> None:
    it.told_now()
    there = it.told.runs[7]
    it.told.runs = {**it.told.runs, 8: f"{there[:-6]}000008"}
    it.add({version_path(CHURN, 6): it.told.version_of(6, 8)}, author=ADA)
    files = it.move(4, "staging")
    path = next(path for path in files if "/promotions/" in path)
    record = load_record(path, files.pop(path) or b"", Promotion)
    record = msgspec.structs.replace(record, version=6, run=it.told.runs[8])
    files = {name: (data or b"").replace(b"- 4\n", b"- 6\n") for name, data in files.items()}
    it.add({**files, path.replace("-v4-", "-v6-"): dump_record(record)}, author=ADA)


def evidence_of_no_time(it: Surgery) -> None:
    it.told_now()
    proof = msgspec.structs.replace(it.told.proof_of(4, 7), recorded="last Monday")
    it.add({evidence_path(CHURN, 4, "canary"): dump_record(_kind(proof, "canary"))}, author=ADA)


def version_of_somebody_else(it: Surgery) -> None:
    it.told_now()
    it.add({version_path(CHURN, 6): it.told.version_of(6, 5, author=BOB)})


def stage_that_cannot_be_read(it: Surgery) -> None:
    it.add({stage_path(CHURN, "production"): b"versions: [4\n"})


def removed_model(it: Surgery) -> None:
    it.add({model_path(CHURN): None})


def changed_collection(it: Surgery) -> None:
    path = next(path for path in it.forge.files[it.tip] if path.startswith("collected/"))
    it.add({path: it.forge.read(it.tip, path).replace(b"old", b"new")})


def changed_named_artifact(it: Surgery) -> None:
    path = "artifacts/flights/versions/1.yaml"
    record = b"format: 1\nname: flights\nversion: 1\nmd5: %s\n"
    it.add({path: record % (b"0" * 32)}, author=ADA)
    it.add({path: record % (b"1" * 32)})


def _with(made: Made, **changes: object) -> Made:
    return dataclasses.replace(made, **changes)  # type: ignore[arg-type]  # fields of Made


#: What is done, the kind of finding that names it, and a word of its sentence or its path.
KINDS: list[tuple[Callable[[Surgery], None], str, str]] = [
    (amended_run, "changed-run", "auc from 0.9 to 0.99"),
    (amended_run_in_history, "base-missing", "was judged on"),
    (changed_artifact, "changed-run-file", "artifacts/model.txt"),
    (changed_steps, "changed-run-file", "history.tsv"),
    (added_artifact, "added-later", "artifacts/report.txt"),
    (removed_run, "removed-run", "000004"),
    (dropped_commit, "rewritten", "000004"),
    (dropped_commit_unseen, "base-missing", "was judged on"),
    (removed_promotion, "removed-promotion", "v1-staging"),
    (removed_promotion_in_history, "chain", "v2-production"),
    (edited_verdict, "changed-promotion", "v2-production"),
    (made_up_verdict, "verdict", "0.8"),
    (injected_promotion, "verdict", "says nothing of it"),
    (failed_promotion, "promoted-despite", "auc"),
    (forged_author, "forged-author", "eve@example.com"),
    (forged_approval, "forged-author", "boss@example.com"),
    (back_dated_evidence, "back-dated", "canary"),
    (evidence_of_the_future, "watched-the-future", "canary"),
    (back_dated_promotion, "before-its-base", "v4-staging"),
    (run_of_the_future, "from-the-future", "000009"),
    (forged_run_digest, "other-record", "000000000000"),
    (forged_chain, "chain", "follows none"),
    (forged_chain_digest, "chain-digest", "111111111111"),
    (weaker_policy, "policy-elsewhere", "not on main"),
    (policy_changed_in_history, "policy-elsewhere", "not on main"),
    (other_policy, "policy-other", "has another one"),
    (policy_left_out, "policy-left-out", "names no policy"),
    (skipped_stage, "stage-unexplained", "came from staging, where it did not stand"),
    (rollback_that_is_none, "no-rollback", "v5, which never stood there"),
    (mended_in_its_own_branch, "changed-evidence", "before it was merged"),
    (stage_by_hand, "stage-edited", "production went from v1 to v4"),
    (stage_beside_a_promotion, "stage-unexplained", "production went from v1 to v4"),
    (force_pushed, "rewritten", "origin/gitrack"),
    (reordered, "clock-backwards", "follows"),
    (injected_run, "rewritten", "gitrack was rewritten"),
    (repointed_version, "changed-version", "version 2 of churn"),
    (removed_version, "removed-version", "version 3 of churn"),
    (promotion_of_another_run, "other-run", "000001"),
    (promotion_of_no_version, "no-version", "version 77"),
    (evidence_about_another_run, "evidence-other-run", "canary"),
    (changed_evidence, "changed-evidence", "shadow-mode"),
    (evidence_written_again, "written-again", "shadow-mode"),
    (alias_bomb, "unreadable", "versions/9.yaml"),
    (evil_merge, "dropped-run", "000008"),
    (merge_that_changes, "changed-run", "000002"),
    (hidden_behind_a_merge, "changed-run", "000002"),
    (replaced_commit, "replacement", "refs/replace/"),
    (grafted, "graft", "info/grafts"),
    (damaged_object, "damaged", "000002"),
    (link_in_place_of_a_record, "link", "model.txt"),
    (resumed_after_registration, "resumed-after-registration", "v4"),
    (stray_file, "stray", "run.sh"),
    (record_without_its_stage, "stage-unexplained", "its file was not changed"),
    (older_policy, "policy-not-in-force", "did not have then"),
    (policy_of_nowhere, "policy-not-found", "333333333333"),
    (policy_of_a_working_tree, "policy-never-committed", "working tree"),
    (policy_without_the_stage, "stage-unknown", "staging"),
    (promoted_by_a_stranger, "not-allowed", "eve@example.com"),
    (from_nowhere, "illegal-transition", "entered from staging only"),
    (promotion_of_a_run_that_is_not_there, "no-run", "000008"),
    (evidence_of_no_time, "no-time", "last Monday"),
    (version_of_somebody_else, "other-author", "bob@example.com"),
    (stage_that_cannot_be_read, "stage-unreadable", "production"),
    (removed_model, "removed-model", "churn"),
    (changed_collection, "changed-collection", "collected/"),
    (changed_named_artifact, "changed-named", "flights"),
    (undone_revert_that_is_none, "removed-promotion", "v2-production"),
]


@pytest.mark.parametrize(
    ("spoil", "kind", "word"), KINDS, ids=lambda one: getattr(one, "__name__", "")
)
def test_tampering_is_found_and_named(
    case: Case, spoil: Callable[[Surgery], None], kind: str, word: str
) -> None:
    it = Surgery(case)
    spoil(it)
    found = audit(where=case.folder)
    named = [one for one in found.findings if one.kind == kind]
    assert named, _all(found)
    assert any(word in one.what or word in (one.path or "") for one in named), _all(found)
    assert not found.clean
    assert all(one.severity is not Severity.REMARK for one in named)
    assert all(one.means and one.look for one in named)


def _all(found: Audit) -> str:
    return "\n".join(f"{one.severity} {one.kind}: {one.what}" for one in found.findings)


def test_since_does_not_believe_the_date_of_a_commit(case: Case) -> None:
    it = Surgery(case)
    since = moment(it.now)
    it.forge.point(
        it.forge.commit(
            {stage_path(CHURN, "production"): b"format: 1\nversions:\n- 4\n"},
            "mend",
            at=it.now - 30 * 24 * HOUR,
            parents=(it.tip,),
            author=EVE,
        )
    )
    found = audit(since=since, where=case.folder)
    assert {one.kind for one in found.findings} == {"stage-edited", "clock-backwards"}
    found = audit(since=moment(it.now + 1000), where=case.folder)
    assert (found.findings, found.earlier) == ([], 2)


def test_since_shows_what_came_from_a_side_branch_later(case: Case) -> None:
    it = Surgery(case)
    since = moment(it.now + HOUR)
    stage = {stage_path(CHURN, "production"): b"format: 1\nversions:\n- 4\n"}
    side = it.forge.commit(stage, "mend", at=it.now, parents=(it.tip,), author=EVE)
    merge = it.forge.commit(
        stage, "Merge pull request #9 from o/x", at=it.now + 3 * HOUR, parents=(it.tip, side)
    )
    it.forge.point(merge)
    assert "stage-edited" in {one.kind for one in audit(since=since, where=case.folder).findings}


def test_evidence_that_a_merge_takes_away_by_another_name_is_found(case: Case) -> None:
    """Only what both sides recorded under one name may take another in their merge."""
    it = Surgery(case)
    path = evidence_path(CHURN, 2, "shadow-mode")
    old = it.forge.read(it.tip, path)
    forged = it.record(path, Proof, note="no issue at all")
    files = {path: forged[path], evidence_path(CHURN, 2, "shadow-mode-2"): old}
    it.now += HOUR
    side = it.forge.commit(files, "evidence", at=it.now, parents=(it.tip,), author=EVE)
    it.forge.point(
        it.forge.commit(files, "merge", at=it.now + HOUR, parents=(it.tip, side), author=EVE)
    )
    assert "changed-evidence" in {one.kind for one in audit(where=case.folder).findings}


def test_a_removed_run_is_told_once(case: Case) -> None:
    removed_run(Surgery(case))
    found = audit(where=case.folder).findings
    assert [one.kind for one in found] == ["removed-run"]
