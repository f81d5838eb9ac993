"""Made-up registered models over made-up runs: promoted, rolled back, proved; one is new."""

from __future__ import annotations

from gitrack.model.promotion import Follows, Outcome, PolicyUsed, Promotion, Verdict
from gitrack.model.registered import JUnitCount, ModelAlias, ModelVersion, Proof, RegisteredModel
from gitrack.model.run import RunBundle
from gitrack.store.registry.paths import promotion_id
from gitrack.store.registry.whole import AllModels, KnownModel

NAME = "late-arrivals"
JANE, RAVI = "Jane Smith <jane.smith@example.com>", "Ravi Patel <ravi@example.com>"
METRICS = {
    "test_auc_roc": (0.73, True),
    "test_f1": (0.5, True),
    "calibration_ece": (0.06, False),
    "inference_latency_p99_ms": (20.0, False),
}


def verdicts(run, *, production: bool) -> list[Verdict]:
    """What the gates said of a run."""
    found = []
    for name, (limit, floor) in METRICS.items():
        value = run.metrics[name]
        margin = value - limit if floor else limit - value
        sign = ">=" if floor else "<="
        found.append(
            Verdict(
                gate=f"{name} {sign} {limit:g}",
                kind="metric",
                outcome=Outcome.PASSED if margin >= 0 else Outcome.FAILED,
                says=f"{value:.4g}, asked for {limit:g}",
                value=value,
                required=limit,
                margin=margin,
                baseline=0.72 if floor and name == "test_auc_roc" else None,
                source=f"runs/{run.experiment}/{run.id}/run.yaml:metrics.{name}",
                via="staging" if production else None,
            )
        )
    if production:
        found.append(
            Verdict(
                gate="evidence shadow-mode for 7 days",
                kind="evidence",
                outcome=Outcome.PASSED,
                says="watched for 7 days, recorded by Jane Smith <jane.smith@example.com>",
                value="7 d",
                source=f"registry/{NAME}/evidence/2/shadow-mode.yaml",
            )
        )
        found.append(
            Verdict(
                gate="2 approvals, not by run-author, promoter",
                kind="approvals",
                outcome=Outcome.WAITING,
                says="1 of 2: ravi@example.com",
                value=1,
                required=2,
            )
        )
    return found


def models(bundles: list[RunBundle]) -> AllModels:
    """Late arrivals: four versions, five promotions; departures: one version that nobody uses."""
    runs = [bundle.run for bundle in bundles if bundle.run.status == "finished"][:4]
    versions = tuple(
        ModelVersion(
            version=number,
            run=run.id,
            description="Depth 6, with weather at the origin." if number == 2 else None,
            tags={"ticket": "ML-214"} if number == 2 else {},
            created=f"2026-09-1{number}T08:00:00.000Z",
            by=JANE,
        )
        for number, run in enumerate(runs, start=1)
    )
    promotions: dict[str, Promotion] = {}
    last: dict[str, str] = {}
    moves = [
        (1, "staging", "promotion", "2026-09-11T09:00:00.000Z", [], "the first good enough"),
        (1, "production", "promotion", "2026-09-12T09:30:00.000Z", [], "better than by rule"),
        (2, "staging", "promotion", "2026-09-13T10:00:00.000Z", [], "weather helps in winter"),
        (2, "production", "promotion", "2026-09-20T09:00:00.000Z", [1], "a week of shadow traffic"),
        (3, "staging", "promotion", "2026-09-21T11:00:00.000Z", [], "a slower learning rate"),
        (1, "production", "rollback", "2026-09-22T03:12:00.000Z", [2], "alerts: p99 over 50 ms"),
        (2, "production", "rollback", "2026-09-22T15:40:00.000Z", [1], "it was the load balancer"),
    ]  # fmt: skip
    for number, stage, kind, at, before, why in moves:
        id = promotion_id(at, number, stage)
        promotions[id] = Promotion(
            model=NAME,
            version=number,
            run=runs[number - 1].id,
            kind=kind,  # type: ignore[arg-type]
            source="staging" if stage == "production" else None,
            to=stage,
            at=at,
            by=RAVI if kind == "rollback" else JANE,
            why=why,
            expected=before,
            archived=before,
            base="4f1c" * 10,
            record="ab" * 32,
            policy=PolicyUsed(sha256="cd" * 32, commit="9a" * 20),
            follows=Follows(promotion=last[stage], sha256="ef" * 32) if stage in last else None,
            verdicts=[]
            if kind == "rollback"
            else verdicts(runs[number - 1], production=stage == "production"),
        )
        last[stage] = id
    shadow = Proof(
        kind="shadow-mode", version=2, run=runs[1].id, passed=True, by=JANE,
        recorded="2026-09-20T08:00:00.000Z", begin="2026-09-13T08:00:00.000Z",
        end="2026-09-20T08:00:00.000Z", note="10 % of traffic, no alert",
        links=["https://grafana.example.com/d/shadow"],
    )  # fmt: skip
    junit = JUnitCount(tests=41, failures=0, errors=0, skipped=2, seconds=8.1, sha256="0" * 64)
    tests = Proof(
        kind="unit-tests", version=2, run=runs[1].id, passed=True, by=RAVI,
        recorded="2026-09-13T09:00:00.000Z", junit=junit,
    )  # fmt: skip
    unfair = Proof(
        kind="fairness", version=4, run=runs[3].id, passed=False, by=JANE,
        recorded="2026-09-23T09:00:00.000Z", details={"carrier": "HA", "recall": 0.41},
    )  # fmt: skip
    late = KnownModel(
        name=NAME,
        about=RegisteredModel(
            name=NAME,
            description="Which flights out of New York arrive more than half an hour late.",
            owners=["@logistics-ml", JANE],
            primary_metric="test_auc_roc",
            tags={"team": "logistics-ml", "use_case": "late-arrivals"},
            created="2026-09-11T08:00:00.000Z",
            by=JANE,
        ),
        versions=versions,
        stages={"production": [2], "staging": [3], "archived": [1]},
        pointers={"champion": ModelAlias(version=2, by=JANE), "challenger": ModelAlias(version=3)},
        proofs={2: {"shadow-mode": shadow, "unit-tests": tests}, 4: {"fairness": unfair}},
        promotions=promotions,
    )
    early = KnownModel(
        name="early-departures", versions=(ModelVersion(version=1, run="20200101-000000-gonegg"),)
    )
    return AllModels(models=(early, late))
