"""An audit that was kept and continued says what an audit of all of history says."""

from __future__ import annotations

import copy
import shutil

import msgspec
import pytest

from gitrack.model.audit import Severity
from gitrack.model.registered import ModelVersion
from gitrack.registry.audit import audit, steady
from gitrack.registry.audit.steady import audit_at
from gitrack.store.codec.records import dump_record
from gitrack.store.registry.paths import stage_path, version_path
from tests.registry.audit.forge import ADA, BOB, EVE, Link, git
from tests.registry.audit.history import CHURN, HOUR, Case, History


@pytest.fixture
def going_on(case: Case) -> History:
    """The clean history in a folder of its own, where it can go on."""
    told = copy.copy(case.told)
    told.folder, told.forge = case.folder, case.forge
    told.commits, told.runs = dict(told.commits), dict(told.runs)
    return told


@pytest.fixture
def kept(going_on: History, tmp_path):
    """Audits the tip with what was kept and without: both are the same."""
    cache = tmp_path / "cache"

    def look():
        found = audit_at(going_on.opened, going_on.tip, cache)
        assert found == audit_at(going_on.opened, going_on.tip)
        return found

    look()
    return look


@pytest.fixture
def whole(monkeypatch):
    """Counts how often all of history was read."""
    calls = []
    original = steady._whole
    monkeypatch.setattr(steady, "_whole", lambda *given: calls.append(given) or original(*given))
    return calls


def test_runs_that_come_by_themselves_cost_no_audit(going_on, tmp_path, whole):
    cache = tmp_path / "cache"
    audit_at(going_on.opened, going_on.tip, cache)
    whole.clear()
    for number in (20, 21, 22):
        going_on.run(number, 0.5)
        found = audit_at(going_on.opened, going_on.tip, cache)
        assert not whole
        assert found == steady.audit_at(going_on.opened, going_on.tip)
        whole.clear()

    assert found.clean
    assert found.tip == going_on.tip


def _with(run, **fields):
    (path,) = [path for path in run if path.endswith("run.yaml")]
    from gitrack.store.codec.records import dump_run, load_run

    record = msgspec.structs.replace(load_run(path, run[path]), **fields)
    return {**run, path: dump_run(record)}


def _forged_author(told):
    told.commit("x", told.run_of(30, 0.5, BOB), "run", author=EVE)


def _from_the_future(told):
    run = told.run_of(30, 0.5)
    told.commit("x", _with(run, ended="2036-01-01T00:00:00.000Z"), "run")


def _backwards(told):
    told.now -= 30 * HOUR
    told.run(30, 0.5)


def _changed_run(told):
    path = next(p for p in told.forge.files[told.tip] if p.endswith("run.yaml"))
    told.commit("x", _with({path: told.forge.read(told.tip, path)}, metrics={"auc": 0.99}), "x")


def _file_of_an_old_run(told):
    path = next(p for p in told.forge.files[told.tip] if p.endswith("run.yaml"))
    told.commit("x", {path.replace("run.yaml", "artifacts/later.txt"): b"late\n"}, "x")


def _removed_and_written_again(told):
    path = next(p for p in told.forge.files[told.tip] if p.endswith("history.tsv"))
    told.commit("x", {path: None}, "x")
    told.commit("y", {path: b"step\ttime\n"}, "y")


def _stage_by_hand(told):
    told.commit("x", {stage_path(CHURN, "production"): b"format: 1\nversions:\n- 4\n"}, "x")


def _the_run_of_a_version_comes_later(told):
    run = told.run_of(30, 0.5)
    version = ModelVersion(version=9, run=told.runs[30], created="2026-01-20T00:00:00.000Z", by=ADA)
    told.commit("x", {version_path(CHURN, 9): dump_record(version)}, "x")
    told.commit("y", run, "y")


def _stray(told):
    told.commit("x", {"notes.txt": b"mine\n"}, "x")


def _no_utf8(told):
    told.commit("x", {"models/caf\udce9/stray.txt": b"mine\n"}, "x")


def _unreadable(told):
    run = told.run_of(30, 0.5)
    told.commit("x", {path: b"id: [\n" for path in run if path.endswith("run.yaml")}, "x")


def _link(told):
    run = told.run_of(30, 0.5)
    path = next(path for path in run if path.endswith("model.txt"))
    told.commit("x", {**run, path: Link(b"../../../../etc/passwd")}, "x")


def _merge_that_changes_more(told):
    base = told.tip
    side = told.commit("side", told.run_of(31, 0.5), "run", parents=(base,), base=base, line=False)
    told.now -= HOUR  # both sides in the same second: their order tells nothing
    told.run(32, 0.5)
    path = next(p for p in told.forge.files[base] if p.endswith("run.yaml"))
    changed = _with({path: told.forge.read(base, path)}, metrics={"auc": 0.99})
    told.merge("merge", side, message="merge", **changed)


def _merge(told):
    base = told.tip
    side = told.commit("side", told.run_of(31, 0.5), "run", parents=(base,), base=base, line=False)
    told.run(32, 0.5)
    told.merge("merge", side, message="merge")


@pytest.mark.parametrize(
    "story",
    [
        *(_forged_author, _from_the_future, _backwards, _changed_run, _file_of_an_old_run),
        *(_removed_and_written_again, _stage_by_hand, _the_run_of_a_version_comes_later),
        *(_stray, _no_utf8, _unreadable, _link, _merge_that_changes_more, _merge),
    ],
    ids=lambda story: story.__name__.strip("_"),
)
def test_whatever_happens_it_is_the_audit_of_all_of_history(going_on, kept, story):
    going_on.run(19, 0.5)
    kept()
    story(going_on)
    found = kept()
    going_on.run(40, 0.6)
    again = kept()

    # what was found stays found when innocent runs follow
    assert {one.kind for one in found.findings} <= {one.kind for one in again.findings}
    if story not in (_merge,):
        assert found.findings


def test_a_run_that_was_removed_and_comes_back_as_another(going_on, kept):
    run = going_on.run_of(30, 0.5)
    going_on.commit("x", run, "x")
    going_on.commit("y", dict.fromkeys(run), "y")
    kept()
    going_on.commit("z", _with(run, metrics={"auc": 0.99}), "z")

    assert "written-again" in {one.kind for one in kept().findings}


def test_another_code_of_audits_looks_at_all_anew(going_on, tmp_path, whole, monkeypatch):
    cache = tmp_path / "cache"
    audit_at(going_on.opened, going_on.tip, cache)
    whole.clear()
    monkeypatch.setattr(steady, "_code", lambda: b"another")
    audit_at(going_on.opened, going_on.tip, cache)

    assert len(whole) == 1


def test_another_policy_of_the_code_is_looked_at_anew(going_on, tmp_path, whole):
    cache = tmp_path / "cache"
    audit_at(going_on.opened, going_on.tip, cache)
    whole.clear()
    code = going_on.code
    code.repository = going_on.folder
    code.git_dir = going_on.folder / ".git"
    newer = code.commit(
        {".tracking/policy.yaml": b"models: {}\n"}, "p", at=going_on.now, parents=(going_on.policy,)
    )
    code.point(newer)
    audit_at(going_on.opened, going_on.tip, cache)

    assert len(whole) == 1


def test_what_only_this_clone_has_seen_is_left_to_the_other_audit(going_on):
    tip = going_on.tip
    audit(where=going_on.folder and going_on.opened)  # keeps in mind where the branch stands
    shorter = going_on.forge.point(going_on.forge.made[tip].parents[0])

    assert audit_at(going_on.opened, shorter).clean
    told = audit(where=going_on.opened, note=False)
    assert [one.kind for one in told.findings if one.severity is Severity.SUSPICIOUS]


def test_a_damaged_file_counts_as_none(going_on, tmp_path):
    cache = tmp_path / "cache"
    before = audit_at(going_on.opened, going_on.tip, cache)
    (file,) = cache.iterdir()
    file.write_bytes(file.read_bytes()[:-9])

    assert audit_at(going_on.opened, going_on.tip, cache) == before


def test_a_disk_that_refuses_costs_time_only(going_on, tmp_path):
    (tmp_path / "cache").write_text("a file")

    assert audit_at(going_on.opened, going_on.tip, tmp_path / "cache").clean


def test_another_clone_says_the_same(going_on, tmp_path):
    clone = tmp_path / "clone"
    shutil.copytree(going_on.folder, clone)
    git(clone, "config", "remote.origin.url", str(going_on.folder))
    here = audit_at(going_on.opened, going_on.tip)
    other = copy.copy(going_on)
    other.folder = clone

    assert audit_at(other.opened, going_on.tip) == here


def test_where_only_the_code_is_cut_off_the_branch_is_whole(going_on):
    shallow = going_on.folder / ".git" / "shallow"
    shallow.write_text(f"{going_on.policy}\n")
    assert "shallow" not in {one.kind for one in audit_at(going_on.opened, going_on.tip).findings}

    first = going_on.forge.line(going_on.tip)[5]
    shallow.write_text(f"{first}\n")
    assert "shallow" in {one.kind for one in audit_at(going_on.opened, going_on.tip).findings}
