"""Name patterns, tags, and the names that a policy gives."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitrack.config.name_pattern import BadPattern, NamePattern, as_part
from gitrack.config.policy import Naming, Policy, TagRules
from gitrack.model.naming import Rules

EXPERIMENTS = NamePattern("{model}-{change}-{date}")


@pytest.mark.parametrize(
    "name",
    [
        "xgboost-baseline-20241015",
        "xgboost-weather-features-20241022",
        "lightgbm-weather-features-20241022",
        "xgboost-weather-features-zone-embeddings-20241029",
    ],
)
def test_the_documented_names_follow_the_documented_pattern(name):
    assert Rules(experiments=EXPERIMENTS).judge_experiment(name) == []


@pytest.mark.parametrize(
    ("name", "mend"),
    [
        ("XGBoost_baseline-20241015", "'xgboost-baseline-20241015'"),
        ("xgboost baseline 20241015", "'xgboost-baseline-20241015'"),
        ("xgboost-baseline", "something like 'xgboost-weather-features-20241022'"),
        ("xgboost-baseline-20241315", "yyyymmdd"),
        ("xgboost-baseline-20230229", "yyyymmdd"),
        ("xgboost--20241015", "something like"),
        ("xgboost-baseline-20241015\n", "xgboost-baseline-20241015"),
        ("", "something like"),
    ],
)
def test_a_name_that_breaks_the_pattern_comes_with_a_mend(name, mend):
    (violation,) = Rules(experiments=EXPERIMENTS).judge_experiment(name)

    assert repr(name) in violation.why
    assert mend in violation.mend


def test_a_regular_expression_covers_the_whole_name():
    rules = Rules(experiments=NamePattern("^exp-[0-9]+"), runs=NamePattern("^r[0-9]$"))

    assert rules.judge_experiment("exp-12") == []
    assert len(rules.judge_experiment("exp-12-b")) == 1
    assert len(rules.judge_run("run 1")) == 1


def test_a_pattern_of_parts_names_runs_and_does_not_judge_names_that_people_gave():
    rules = Rules(runs=NamePattern("{experiment}-lr{learning_rate}-depth{max_depth}"))
    params = {"learning_rate": 0.05, "max_depth": 8}
    experiment = "xgboost-weather-features-20241022"

    assert rules.judge_run("my favourite") == []
    assert rules.name_run(experiment, params, {}) == f"{experiment}-lr005-depth8"
    assert rules.name_run(experiment, {"max_depth": 8}, {}) is None
    assert Rules().name_run(experiment, params, {}) is None


@pytest.mark.parametrize(
    ("value", "part"),
    [
        (0.05, "005"),
        (0.01, "001"),
        (8, "8"),
        (1.0, "1"),
        (1.5, "1.5"),
        (1e-05, "000001"),
        (100000.0, "100000"),
        (True, "true"),
        ("Big Model_2", "big-model-2"),
        (float("inf"), "inf"),
    ],
)
def test_a_value_becomes_a_part_of_a_name(value, part):
    assert as_part(value) == part


def test_required_and_allowed_tags():
    rules = Rules(
        required_tags=("team", "hypothesis"), allowed_tags={"status": ("candidate", "champion")}
    )

    assert rules.judge_tags({"team": "a", "hypothesis": "b", "status": "champion"}) == []
    missing, strange = rules.judge_tags({"team": "a", "hypothesis": "", "status": "done"})
    assert str(missing) == (
        "required tag is not set: hypothesis; pass tags={'hypothesis': '…'} to start_run"
    )
    assert "'done'" in strange.why
    assert strange.mend == "use one of: candidate, champion"
    assert rules.judge_tags({"status": "champion"}, complete=False) == []


def test_a_project_needs_a_name_that_follows_its_pattern():
    rules = Rules(project=NamePattern("{team}-{use_case}"))

    assert rules.judge_project("fraud-detection") == []
    assert len(rules.judge_project("fraud")) == 1
    assert len(rules.judge_project(None)) == 1
    assert Rules().judge_project(None) == []


def test_rules_come_from_a_policy():
    policy = Policy(
        experiments=Naming(name="{model}-{date}"),
        tags=TagRules(required=("team",), allowed={"a": ("b",)}),
    )

    rules = Rules.of(policy)

    assert rules.experiments == NamePattern("{model}-{date}")
    assert (rules.required_tags, rules.allowed_tags) == (("team",), {"a": ("b",)})


@pytest.mark.parametrize("text", ["", "  ", "{a", "a}", "{}", "{a-b}", "^(", "{{a}}"])
def test_a_pattern_that_means_nothing_is_refused(text):
    with pytest.raises(BadPattern):
        NamePattern(text)


part = st.from_regex(r"[a-z0-9]{1,5}(-[a-z0-9]{1,5}){0,2}", fullmatch=True)


@given(part, part, st.dates(min_value=date(1000, 1, 1)))
def test_what_the_pattern_fills_follows_the_pattern(model, change, day):
    name = EXPERIMENTS.fill({"model": model, "change": change, "date": f"{day:%Y%m%d}"})

    assert name is not None
    assert EXPERIMENTS.broken_by(name) is None


@given(st.text(max_size=40))
def test_any_text_is_judged_without_trouble(name):
    Rules(experiments=EXPERIMENTS).judge_experiment(name)
    as_part(name)
