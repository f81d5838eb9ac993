"""A branch that means harm: every field of every record, and every name of a file, is an attack.

It is written with git itself, so that names which our own writers refuse are there too.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

from gitrack.model.pipeline import Pipeline, StageFile, StageRun
from gitrack.model.profile import ColumnProfile, TableProfile, dump_profile
from gitrack.model.promotion import Follows, Outcome, PolicyUsed, Promotion, Verdict
from gitrack.model.registered import (
    JUnitCount,
    ModelAlias,
    ModelVersion,
    Proof,
    RegisteredModel,
    StageState,
)
from gitrack.model.run import (
    Artifact,
    Code,
    Dataset,
    Environment,
    Evidence,
    Run,
    Status,
    Use,
)
from gitrack.model.sweep import Parameter, Sweep, SweepMetric
from gitrack.store.codec.records import dump_record, dump_run

EVIL = "\"'><script>alert(1)</script></script><img src=x onerror=alert(2)>{{7*7}}${8*8}\u2028\u202e"
LINK = "javascript:alert(3)"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(4)"><script>alert(5)</script></svg>'
HTML = b"<!doctype html><html><body onload=alert(6)><script>alert(7)</script></body></html>"
IDS = tuple(f"20260101-00000{number}-aaaaaa" for number in (1, 2, 3))

#: The same in the name of a folder or file, where a slash would divide it.
NAME = EVIL.replace("/", "\u2215")
_NAMES = (NAME, "--help", "a\nb", "  ", 'q"uote', "\u202egnp.exe", "n" * 200, "\udcff\udcfe")


def evil_run(number: int) -> Run:
    """A run in which every text is an attack, and every number odd."""
    names = {EVIL: EVIL, "__proto__": LINK, "constructor": "x", "a.b[c]": number, LINK: number}
    return Run(
        id=IDS[number - 1],
        name=f"{EVIL}{number}",
        experiment=NAME,
        status=Status.FAILED,
        started=f"2026-01-01T00:00:0{number}Z",
        ended="0001-01-01T00:00:00Z",
        author=EVIL,
        command=EVIL,
        parent=EVIL,
        notes=EVIL,
        error=EVIL,
        params=names,
        metrics={
            EVIL: 0.1 * number,
            "__proto__": float(number),
            "loss": number / 3,
            "hasOwnProperty": 1,
            "huge": 10**400,
            "nan": float("nan"),
        },
        curves={f"{EVIL}.min": 0.1, f"{EVIL}.min_step": 1e308, f"{EVIL}.count": float("inf")},
        tags={**names, "hypothesis": EVIL},
        code=Code(
            commit=EVIL,
            branch=LINK,
            remote=LINK,
            dirty=True,
            patch=EVIL,
            untracked=3,
            subfolder=EVIL,
        ),
        data=[
            Dataset(name=EVIL, role=EVIL, path=EVIL, uri=LINK, dvc=EVIL, version=EVIL, rows=-1),
            Dataset(name=LINK, path=LINK, uri=EVIL, size=2**62),
            Dataset(name="told", kind=EVIL, revision=EVIL, changed=True, committed=EVIL),
        ],
        uses=[
            Use(name=EVIL, version=1, run=EVIL, path=EVIL, md5=EVIL),
            Use(path=LINK, run="../../index", md5=LINK),
            Use(uri=LINK),
        ],
        evidence=[
            Evidence(name=EVIL, passed=False, detail=EVIL, report=LINK, time=EVIL),
            Evidence(name=LINK, passed=True, report="picture.svg"),
        ],
        environment=Environment(
            python=EVIL,
            image=EVIL,
            packages=EVIL,
            os=EVIL,
            host=EVIL,
            cpu=EVIL,
            gpu=EVIL,
            variables={EVIL: EVIL, LINK: LINK},
        ),
        seeds={EVIL: 1, LINK: 2**70},
        artifacts=[
            Artifact(path=EVIL, kind=EVIL, flavor=EVIL, store="dvc", md5=EVIL),
            Artifact(path="a b;rm -rf $HOME", store="dvc", md5=EVIL + ".dir", files=2),
            Artifact(path=LINK, kind="model", flavor=LINK, inputs=EVIL, outputs=EVIL),
            Artifact(path="there", store="uri", uri=LINK, description=EVIL, name=EVIL, md5=EVIL),
        ],
    )


def evil_pipeline() -> Pipeline:
    """Stages that mean harm."""
    file = StageFile(path=EVIL, md5=EVIL, size=-1)
    params = {EVIL: {EVIL: EVIL, "__proto__": {LINK: [EVIL]}, "huge": 10**400}}
    stage = StageRun(
        name=EVIL, command=EVIL, seconds=float("inf"), deps=[file] * 9, outs=[file], params=params
    )
    return Pipeline(stages=[stage, StageRun(name=LINK, state="failed", seconds=-1.0)])


def evil_profile() -> TableProfile:
    """Columns that mean harm."""
    column = ColumnProfile(name=EVIL, type=EVIL, min=EVIL, max=LINK, distinct=2**62)
    return TableProfile(rows=1, columns=[column] * 70)


def evil_files() -> dict[str, bytes]:
    """What lies beside a record, by the path in the run's folder."""
    head = f'step\ttime\t{EVIL}\tdatum["x"]\n'
    files = {
        "history.tsv": head + "0\t0.0\t0.1\t1\n1\t1.0\t0.2\t2\n2\t2.0\tnan\t3\n",
        "code.patch": f"diff --git a/{EVIL} b/{EVIL}\n@@ -1 +1 @@ {EVIL}\n-{EVIL}\n+{EVIL}\n",
        "environment.txt": f"{EVIL}==1\n{EVIL}\n{LINK}=={EVIL}\n",
        "output.txt": f"{EVIL}\x1b]8;;{LINK}\x07{EVIL}\r{EVIL}\n",
    }
    found = {name: text.encode() for name, text in files.items()}
    for name in _NAMES:
        found[f"artifacts/{name}.html"] = HTML
    return {
        **found,
        "pipeline.yaml": dump_record(evil_pipeline()),
        "data/told.json": dump_profile(evil_profile()),
        f"artifacts/{NAME}/{NAME}.txt": EVIL.encode(),
        "artifacts/picture.svg": SVG,
        "artifacts/picture.png": HTML,
        "artifacts/drawn.html": SVG,
        "artifacts/bytes.js": b"\x00\xff" * 9,
    }


#: A registered model by this name is one that our own writers would take.
MODEL = "'};alert(8);{{7+7}}${8+8}&lt;b&gt; x"


def evil_registry() -> dict[str, bytes]:
    """A registered model in which every text is an attack; and files that nobody can read."""
    folder = f"registry/{MODEL}"
    tags = {EVIL: EVIL, "__proto__": LINK}
    verdict = Verdict(
        gate=EVIL, kind=EVIL, outcome=Outcome.FAILED, says=EVIL, value=EVIL, required=EVIL,
        margin=float("nan"), baseline=float("inf"), source=LINK, via=EVIL,
    )  # fmt: skip
    promotion = Promotion(
        model=MODEL, version=1, run=IDS[0], kind="rollback", source=EVIL, to="production",
        at="2026-01-01T00:00:00.000Z", by=EVIL, why=EVIL, expected=[2, 2**40], archived=[2],
        kept=[-1], base=EVIL, record=EVIL, policy=PolicyUsed(sha256=EVIL, commit=LINK),
        follows=Follows(promotion=EVIL, sha256=EVIL), draft=True, tag=EVIL, verdicts=[verdict],
    )  # fmt: skip
    proof = Proof(
        kind="shadow", version=1, run=EVIL, passed=True, recorded=EVIL, by=EVIL, begin=EVIL,
        end=LINK, note=EVIL, links=[LINK, EVIL], details=tags,
        junit=JUnitCount(tests=-1, failures=2**40, errors=0, skipped=0, sha256=EVIL),
    )  # fmt: skip
    about = RegisteredModel(
        name=MODEL, description=EVIL, owners=[EVIL, LINK], primary_metric=EVIL, tags=tags,
        created=EVIL, by=EVIL,
    )  # fmt: skip
    version = ModelVersion(
        version=1, run=IDS[0], artifact=EVIL, description=EVIL, tags=tags, created=EVIL, by=EVIL
    )
    return {
        f"{folder}/model.yaml": dump_record(about),
        f"{folder}/versions/1.yaml": dump_record(version),
        f"{folder}/versions/2.yaml": dump_record(ModelVersion(version=2, run=EVIL)),
        f"{folder}/versions/{NAME}.yaml": b"",
        f"{folder}/stages/production.yaml": dump_record(StageState(versions=[7, 1])),
        f"{folder}/stages/{NAME}.yaml": dump_record(StageState(versions=[1, 2])),
        f"{folder}/aliases/{NAME}.yaml": dump_record(ModelAlias(version=1, by=EVIL)),
        f"{folder}/evidence/1/shadow.yaml": dump_record(proof),
        f"{folder}/promotions/20260101T000000Z-v1-production.yaml": dump_record(promotion),
        f"{folder}/promotions/{NAME}.yaml": dump_record(promotion),
        f"registry/{NAME}/versions/1.yaml": dump_record(version),
        "registry/con/versions/1.yaml": dump_record(version),
        "registry/bomb/model.yaml": b"a: &a [x]\nb: &b [*a, *a]\nname: *b\n",
        "registry/bomb/versions/1.yaml/x": b"a folder where a file should be",
    }


#: A sweep by this id is one whose file our own reader takes.
SWEEP = "'};alert(9);{{9+9}} x"


def evil_sweeps() -> dict[str, bytes]:
    """A sweep in which every text is an attack; and files that nobody can read."""
    odd = Parameter(
        distribution=EVIL, min=float("-inf"), max=10**400, mu=float("nan"), sigma=-1.0, q=0
    )
    sweep = Sweep(
        id=SWEEP, name=EVIL, description=EVIL, method=EVIL, metric=SweepMetric(name="loss"),
        parameters={EVIL: odd, "__proto__": Parameter(values=[EVIL, LINK]), LINK: Parameter()},
        early_terminate={EVIL: LINK}, limit=-1, command=EVIL, created=EVIL, by=EVIL,
        runs=[*IDS, EVIL, "../../index"],
    )  # fmt: skip
    return {
        f"sweeps/{SWEEP}.yaml": dump_record(sweep),
        f"sweeps/{NAME}.yaml": dump_record(sweep),
        "sweeps/bomb.yaml/x": b"a folder where a file should be",
        "sweeps/list.yaml": b"- 1\n",
    }


def evil_branch(repo: Path) -> None:
    """Three such runs on `gitrack`, such a model, and records of which nothing can be made."""
    files = {"format.yaml": b"format: 1\n"}
    for number in (1, 2, 3):
        folder = f"runs/{NAME}/2026-01/01/{IDS[number - 1]}"
        files[f"{folder}/run.yaml"] = dump_run(evil_run(number))
        files |= {f"{folder}/{name}": data for name, data in evil_files().items()}
    files |= evil_registry()
    files |= evil_sweeps()
    files[f"runs/{NAME}/2026-01/01/20260101-000009-zzzzzz/run.yaml"] = EVIL.encode()
    files[f"runs/{NAME}"[:-1] + "x"] = b"a file among experiments"
    body = b"".join(
        b"M 100644 inline %b\ndata %d\n%b\n" % (_quoted(path), len(data), data)
        for path, data in files.items()
    )
    head = b"commit refs/heads/gitrack\ncommitter E <e@example.com> 1767225600 +0000\ndata 1\nm\n"
    subprocess.run(
        ["git", "-C", str(repo), "fast-import", "--quiet"], input=head + body, check=True
    )


def _quoted(path: str) -> bytes:
    """A path as fast-import reads it: in quotes, everything but letters as octal numbers."""
    data = path.encode("utf-8", "surrogateescape")
    return b'"%b"' % b"".join(b"\\%03o" % byte for byte in data)
