"""`.tracking/policy.yaml`: rules and gates, checked strictly before anybody relies on them."""

from __future__ import annotations

from pathlib import Path

import pytest

from gitrack.config.gates import (
    ApprovalsGate,
    CodeGate,
    EvidenceGate,
    MetricGate,
    RegressionGate,
    StageGate,
)
from gitrack.config.policy import Policy, load_policy
from gitrack.errors import ConfigError

DESIGNED = """\
project: {name: '{team}-{use_case}'}
experiments: {name: '{model}-{change}-{date}'}
runs: {name: '{experiment}-lr{learning_rate}-depth{max_depth}'}
tags:
  required: [team, use_case, hypothesis, data_version, feature_set]
  allowed: {status: [experimental, candidate, champion]}
on_violation: warn
models:
  delivery-delay-classifier:
    primary_metric: {name: test_auc_roc, goal: maximize}
    owners: ['@logistics-ml']
    stages:
      staging:
        gates:
        - {metric: test_auc_roc, at_least: 0.88, baseline: 0.85}
        - {metric: calibration_ece, at_most: 0.05}
        - {evidence: unit-tests}
        - {code: clean}
      production:
        from: [staging]
        archive_previous: true
        gates:
        - {stage: staging}
        - {no_regression: test_auc_roc, tolerance: 0.005, against: production}
        - {evidence: shadow-mode, for_days: 7}
        - {evidence: business-approval, by: ['@product']}
        - {evidence: canary, for_hours: 48}
        - {approvals: 2, not_by: [run-author, promoter]}
"""


def write(root: Path, text: str) -> Path:
    (root / ".tracking").mkdir(exist_ok=True)
    (root / ".tracking/policy.yaml").write_text(text, "utf-8")
    return root


def test_without_a_file_there_are_no_rules(tmp_path):
    assert load_policy(tmp_path) == load_policy(None) == Policy()


def test_the_documented_policy_is_read(tmp_path):
    policy = load_policy(write(tmp_path, DESIGNED))

    model = policy.models["delivery-delay-classifier"]
    assert policy.tags.allowed == {"status": ("experimental", "candidate", "champion")}
    assert model.stages["staging"].gates == (
        MetricGate(metric="test_auc_roc", at_least=0.88, baseline=0.85),
        MetricGate(metric="calibration_ece", at_most=0.05),
        EvidenceGate(evidence="unit-tests"),
        CodeGate(code="clean"),
    )
    assert model.stages["production"].from_ == ("staging",)
    assert model.stages["production"].gates == (
        StageGate(stage="staging"),
        RegressionGate(no_regression="test_auc_roc", tolerance=0.005, against="production"),
        EvidenceGate(evidence="shadow-mode", for_days=7.0),
        EvidenceGate(evidence="business-approval", by=("@product",)),
        EvidenceGate(evidence="canary", for_hours=48.0),
        ApprovalsGate(approvals=2, not_by=("run-author", "promoter")),
    )


def gates(*lines: str) -> str:
    return "models:\n  m:\n    stages:\n      s:\n        gates:\n" + "".join(
        f"        - {line}\n" for line in lines
    )


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        (gates("{metrc: x, at_least: 1}"), ":6: models.m.stages.s.gates[0] is of no", "'metric'"),
        (
            gates("{code: clean}", "{metric: x}"),
            ":7: models.m.stages.s.gates[1] has no limit",
            "at",
        ),
        (gates("{metric: x, code: clean}"), "says metric and code at once", "two entries"),
        (gates("{metric: x, at_last: 1}"), "gates[0].at_last is not a known key", "'at_least'"),
        (gates("{metric: x, at_least: 'high'}"), "at_least is 'high'", "a number such as"),
        (gates("{metric: x, at_least: .nan}"), "at_least is nan", "a number such as"),
        (gates("{evidence: x, for_days: -1}"), "for_days is -1", "zero or more"),
        (gates("{approvals: 0}"), "approvals is 0", "1 or more"),
        (gates("{approvals: 1, not_by: [me]}"), "not_by[0] is 'me'", "run-author"),
        (gates("{code: dirty}"), "code is 'dirty'", "clean"),
        (gates("{stage: s}"), "stage is 's', whose gates ask", "remove one"),
        (gates("{stage: t}"), "stage is 't', which is no stage here", "known here: s"),
        (gates("{no_regression: x, against: prod}"), "against is 'prod'", "known here"),
        (gates("{no_regression: x}"), "lacks 'against'", "add 'against"),
        (gates("clean"), "gates[0] is 'clean'", "begin with one of"),
        ("models: {m: {stages: {a: {from: [b]}}}}\n", "from[0] is 'b'", "known here: a"),
        ("experiments: {name: '{a'}\n", "a brace that is not closed", "named parts"),
        ("experiments: {name: '{a b}'}\n", "whose name is not a word", "named parts"),
        ("runs: {name: '^(['}\n", "is not a regular expression", "named parts"),
        ("on_violation: rufuse\n", "on_violation is 'rufuse'", "did you mean 'refuse'?"),
        ("tags: {allowed: {x: [yes]}}\n", "tags.allowed.x[0] is true", "text in quotes"),
        ("tags: {required: team}\n", "tags.required is 'team', which is not a list", "[a, b]"),
        ("models: {m: {primary_metric: {goal: maximize}}}\n", "lacks 'name'", "add 'name"),
    ],
)
def test_a_policy_that_could_be_misread_is_refused(tmp_path, text, message, hint):
    with pytest.raises(ConfigError) as caught:
        load_policy(write(tmp_path, text))

    assert ".tracking/policy.yaml:" in caught.value.message
    assert message in caught.value.message
    assert caught.value.hint is not None
    assert hint in caught.value.hint
