"""No file of a site, whichever it is for, holds what the project leaves out.

Every text of every record is told apart by a word of its own; all files are searched for them.
"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from gitrack.cli.commands.site import _Project
from gitrack.model.pipeline import Pipeline, StageFile, StageRun
from gitrack.model.profile import ColumnProfile, TableProfile, dump_profile
from gitrack.model.promotion import Outcome, PolicyUsed, Promotion, Verdict
from gitrack.model.registered import (
    ModelAlias,
    ModelVersion,
    Proof,
    RegisteredModel,
    StageState,
)
from gitrack.model.run import Artifact, Code, Dataset, Environment, Evidence, Run, Use
from gitrack.model.sweep import Parameter, Sweep, SweepMetric
from gitrack.site.hiding.policy import shown_policy
from gitrack.site.hiding.rules import Hide
from gitrack.store.codec.records import dump_record
from tests.site.attacked import files_of, push, run

#: What no site shows: addresses of people where only their names are told, values that are hidden.
NEVER = r"mail\w*|secret\w*"
#: What the documentation says is shown as it is, on a public site too.
TEXTS = {"artifact", "branch", "command", "image", "notes", "output", "detail", "remark", "tag"}
MAIL = "ZZmail_coderZZ@example.com"
#: A metric that is hidden.
HIDDEN = 424242


def word(name: str) -> str:
    return f"ZZ{name}ZZ"


def person(name: str) -> str:
    return f"ZZ{name}ZZ <ZZmail_{name}ZZ@example.com>"


def told_run(number: int, commit: str) -> Run:
    """A run with a word in every field that could tell something."""
    return run(
        number,
        author=person("author"),
        command=f"python train.py {word('command')} --secret_key {word('secret')}",
        notes=word("notes"),
        params={"secret_key": word("secret"), "lr": 0.1 * number},
        metrics={"secret_score": HIDDEN + 0.5, "auc": 0.5 + 0.1 * number},
        curves={"secret_score.min": HIDDEN + 0.25, "auc.max": 0.9},
        tags={"secret_ticket": word("secret_tag"), "team": "x"},
        code=Code(
            commit=commit,
            branch=word("branch"),
            remote=f"https://{word('remote')}/x.git",
            dirty=True,
            patch="b" * 40,
        ),
        data=[
            Dataset(name="d", role="train", path=f"/home/{word('data')}/x.csv", version="1"),
            Dataset(name="u", uri=f"s3://{word('data_address')}/x"),
        ],
        uses=[
            Use(name="n", version=1, run=run(1).id, path=f"/home/{word('used')}/x", md5="c" * 32),
            Use(uri=f"s3://{word('used_address')}/x"),
        ],
        evidence=[
            Evidence(
                name="c", passed=True, detail=word("detail"), report=f"https://{word('report')}/"
            )
        ],
        environment=Environment(
            image=word("image"), host=word("host"), variables={"USER": word("variable")}
        ),
        artifacts=[
            Artifact(path="there", store="uri", uri=f"s3://{word('artifact_address')}/x"),
            Artifact(path="m", kind="model", store="dvc", md5="e" * 32, size=1),
        ],
    )


def beside() -> dict[str, bytes]:
    """Files beside each record."""
    stage = StageRun(
        name="s",
        command=f"python a.py {word('command')} {word('secret')}",
        seconds=1.0,
        deps=[StageFile(path=f"/home/{word('dep')}/a", md5="f" * 32, size=1)],
        params={"params.yaml": {"secret_key": word("secret_stage")}},
    )
    column = ColumnProfile(
        name="c", type="string", min=word("lowest"), max=word("highest"), distinct=1
    )
    profile = dump_profile(TableProfile(rows=1, columns=[column]))
    score = HIDDEN + 0.125
    return {
        "pipeline.yaml": dump_record(Pipeline(stages=[stage])),
        "data/d-train.json": profile,
        "data/d.json": profile,
        "history.tsv": (
            f"step\ttime\tsecret_score\tauc\n0\t0.0\t{score}\t1\n1\t1.0\t{score}\t2\n"
        ).encode(),
        "environment.txt": (
            f"one @ file:///home/{word('package')}/src\n"
            f"two==1  # git+https://{word('package')}/two@abc\nthree==1\n"
        ).encode(),
        "code.patch": f"+{word('patch')}\n".encode(),
        "output.txt": f"{word('output')}\n".encode(),
        "artifacts/a.txt": word("artifact").encode(),
    }


def registered() -> dict[str, bytes]:
    """A model with all its records, and a sweep."""
    approved = Verdict(
        gate="approvals", kind="approvals", outcome=Outcome.PASSED,
        says=f"approved by {person('approver')}", value=1, required=1,
    )  # fmt: skip
    scored = Verdict(
        gate="metric secret_score at least 1", kind="metric", outcome=Outcome.PASSED,
        says=f"secret_score is {HIDDEN}.5", value=HIDDEN + 0.5, required=1.0,
    )  # fmt: skip
    promotion = Promotion(
        model="m", version=1, run=run(1).id, kind="promotion", source="staging", to="production",
        at="2026-01-01T00:00:00.000Z", by=person("promoter"), why="as agreed", base="a" * 40,
        record="b" * 40, policy=PolicyUsed(sha256="a" * 64, commit="c" * 40), tag=word("tag"),
        verdicts=[approved, scored],
    )  # fmt: skip
    proof = Proof(
        kind="shadow", version=1, run=run(1).id, passed=True, recorded="2026-01-01T00:00:00Z",
        by=person("witness"), links=[f"https://{word('proof')}/"], details={"k": word("proof")},
    )  # fmt: skip
    hidden = {"secret_ticket": word("secret_tag")}
    sweep = Sweep(
        id="s", name="s", method="grid", metric=SweepMetric(name="auc"), by=person("sweeper"),
        parameters={"secret_key": Parameter(values=[word("secret")]), "lr": Parameter(min=0.1)},
        command=f"python x.py {word('secret')}", runs=[run(1).id, run(2).id],
    )  # fmt: skip
    records = {
        "model.yaml": RegisteredModel(
            name="m", owners=[person("owner")], tags=hidden, by=person("maker")
        ),
        "versions/1.yaml": ModelVersion(
            version=1, run=run(1).id, artifact="m", tags=hidden, by=person("registrar")
        ),
        "stages/production.yaml": StageState(versions=[1]),
        "aliases/champion.yaml": ModelAlias(version=1, by=person("namer")),
        "evidence/1/shadow.yaml": proof,
        "promotions/20260101T000000Z-v1-production.yaml": promotion,
    }
    found = {f"registry/m/{path}": dump_record(record) for path, record in records.items()}
    return {**found, "sweeps/s.yaml": dump_record(sweep)}


@pytest.fixture
def project(repo: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project that hides something, with all that a site is made of."""
    coder = ["-c", f"user.name={word('coder')}", "-c", f"user.email={MAIL}"]
    git = ["git", "-C", str(repo), *coder]
    subprocess.run([*git, "commit", "-q", "--allow-empty", "-m", "code"], check=True)
    code = (repo / ".git/refs/heads/main").read_text().strip()
    runs = [told_run(number, code) for number in (1, 2)]
    files = {**files_of(*runs, beside=beside()), **registered()}
    push(repo, files, by=person("committer"))
    monkeypatch.chdir(repo)
    (repo / ".tracking/views").mkdir(parents=True)
    (repo / ".tracking/policy.yaml").write_text(
        f"# {word('remark')}\npeople: {{leads: [{word('lead')}@example.com, {word('lead')}]}}\n"
        "tags:\n  required: [team, secret_ticket]\n"
        f"  allowed:\n    secret_ticket: [{word('secret_value')}]\n    team: [x]\n"
        "models:\n"
        "  m:\n"
        f"    owners: [{word('owner')}]\n"
        "    primary_metric: {name: secret_score}\n"
        "    stages:\n"
        "      staging:\n"
        "        gates:\n"
        f"        - {{metric: secret_score, at_least: {HIDDEN}, baseline: {HIDDEN}.5}}\n"
        f"        - tag: secret_ticket\n          is:\n          - {word('secret_word')}\n"
        "        - {metric: auc, at_least: 0.25}\n"
    )
    (repo / ".tracking/views/v.yaml").write_text(
        f"filter: params.secret_key = '{word('secret')}'\ncolumns: [params.secret_key]\n"
    )
    return repo


def words_in(place: Path) -> dict[str, set[str]]:
    """The words that files hold, each with the files that do."""
    import pyarrow.parquet

    found: dict[str, set[str]] = {}
    for path in [place] if place.is_file() else sorted(place.rglob("*")):
        if not path.is_file():
            continue
        data = path.read_text("utf-8", "replace")
        if path.suffix == ".parquet":
            data = str(pyarrow.parquet.read_table(path).to_pydict())
        for one in re.findall(rf"ZZ(\w+?)ZZ|({HIDDEN}[.\d]*)", data):
            found.setdefault("".join(one), set()).add(path.name)
    return found


def built(project: Path, public: bool) -> tuple[dict[str, set[str]], dict[str, set[str]]]:
    """The words of the folder, and those of the one file."""
    (project / ".tracking/config.yaml").write_text(
        f"site:\n  public: {str(public).lower()}\n"
        "  hide: {params: ['*secret_key'], metrics: [secret_score], tags: [secret_ticket]}\n"
    )
    site, single = project.parent / "site", project.parent / "one.html"
    opened = _Project()
    report = opened.build(site, None)
    assert report.runs == 2
    assert report.faults == ()
    opened.single(single, runs=None, model=None, force=False, as_json=True)
    return words_in(site), words_in(single)


def test_a_public_site_names_nobody_and_no_place(project):
    for found in built(project, public=True):
        assert {name: found[name] for name in found.keys() - TEXTS} == {}


def test_a_site_for_a_team_has_no_address_of_a_person_and_nothing_hidden(project):
    for found in built(project, public=False):
        never = [name for name in found if re.fullmatch(rf"{NEVER}|{HIDDEN}.*", name)]
        assert {name: found[name] for name in never} == {}
        assert {"author", "patch", "remote", "owner"} <= found.keys()


def test_the_policy_is_shown_without_rules_about_what_is_hidden(project):
    built(project, public=False)
    told = (project.parent / "site/about.html").read_text()

    assert "secret_" not in told
    assert "{metric: auc, at_least: 0.25}" in told


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (
            "models:\n  m:\n    stages:\n      s: {gates: [{metric: loss, at_most: 0.2}, "
            "{metric: auc, at_least: 0.7}]}  # loss first\n      t: {}\n",
            "models:\n  m:\n    stages:\n      …\n      t: {}\n",
        ),
        (
            "models:\n  m:\n    stages:\n      s:\n        rollback:\n          gates:\n"
            "          - no_regression: loss  # as ever\n            against: s\n"
            "          # loss again\n"
            "          - tags:\n            - owner\n            - ticket\n",
            "models:\n  m:\n    stages:\n      s:\n        rollback:\n          gates:\n"
            "          - …\n          # … again\n          - …\n",
        ),
        ("tags: {required: [team, ticket]}\n", "tags: {required: [team, …]}\n"),
        ("tags:\n  required: [team]\n", "tags:\n  required: [team]\n"),
    ],
)
def test_a_rule_about_what_is_hidden_is_no_more_than_three_dots(text, shown):
    assert shown_policy(text, Hide(metrics=["loss"], tags=["ticket"])) == shown
    assert shown_policy(text, Hide()) == text
