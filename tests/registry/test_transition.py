"""Where a version may go, and what becomes of those who stood there."""

from __future__ import annotations

from itertools import chain

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitrack.config.policy import PRESET, Policy, Stage
from gitrack.errors import InvalidName, NotFound
from gitrack.registry.transition import IllegalMove, known_stage, move, stands_in

LIFECYCLE = {
    "staging": Stage(from_=("none", "archived")),
    "production": Stage(from_=("staging",), archive_previous=True),
    "archived": Stage(),
}
REGIONS = {
    "eu": Stage(exclusive=False, archive_previous=True),
    "us": Stage(exclusive=False, archive_previous=True),
    "archived": Stage(),
}


def test_the_one_before_goes_to_the_archive_and_the_new_one_leaves_its_stage():
    standing = {"staging": [7], "production": [6], "archived": [4, 5]}

    found = move(standing, 7, "production", LIFECYCLE)

    assert found.stages == {"production": [7], "staging": [], "archived": [4, 5, 6]}
    assert (found.source, found.expected, found.archived, found.kept) == ("staging", [6], [6], [])


def test_the_one_before_may_stay():
    found = move(
        {"staging": [7], "production": [6]}, 7, "production", LIFECYCLE, keep_previous=True
    )

    assert found.stages == {"production": [6, 7], "staging": []}
    assert (found.expected, found.archived, found.kept) == ([6], [], [6])


def test_without_an_archive_the_one_before_stands_nowhere():
    found = move({"staging": [6]}, 7, "staging", LIFECYCLE)

    assert found.stages == {"staging": [7]}
    assert found.source is None
    assert found.archived == []


@pytest.mark.parametrize(
    ("standing", "said"),
    [
        ({}, "stands in no stage, and production is entered from staging only; promote it to st"),
        ({"archived": [7]}, "stands in archived, and production is entered from staging only"),
        ({"production": [7]}, "stands in production already"),
    ],
)
def test_a_way_that_the_lifecycle_lacks(standing, said):
    with pytest.raises(IllegalMove) as caught:
        move(standing, 7, "production", LIFECYCLE)

    assert said in str(caught.value)


def test_back_needs_no_way():
    found = move({"production": [7], "archived": [6]}, 6, "production", LIFECYCLE, back=True)

    assert found.stages == {"production": [6], "archived": [7]}
    assert found.source == "archived"


def test_a_version_may_run_in_several_environments():
    standing = {"eu": [6], "us": [6, 7]}

    found = move(standing, 7, "eu", REGIONS)

    assert found.stages == {"eu": [7]}
    assert found.archived == [], "6 still runs in us"
    assert stands_in({**standing, **found.stages}, 7) == ["eu", "us"]


def test_who_goes_to_the_archive_pushes_nobody_out():
    found = move({"staging": [7], "archived": [3]}, 7, "archived", LIFECYCLE)

    assert found.stages == {"archived": [3, 7], "staging": []}
    assert found.archived == []


def test_stages_are_called_as_mlflow_calls_them():
    assert known_stage("Production", PRESET, "churn") == "production"
    with pytest.raises(NotFound, match="did you mean 'production'"):
        known_stage("prodcution", PRESET, "churn")
    for name in ("None", "../x", "v7", "con", ""):
        with pytest.raises(InvalidName):
            known_stage(name, PRESET, "churn")
    assert list(Policy().stages("churn")) == ["staging", "production", "archived"]


@given(
    st.lists(
        st.tuples(
            st.integers(1, 6), st.sampled_from(["staging", "production", "archived"]), st.booleans()
        ),
        max_size=30,
    )
)
def test_in_a_lifecycle_nobody_stands_twice_or_is_lost(moves):
    standing: dict[str, list[int]] = {}
    seen: set[int] = set()
    for version, to, keep in moves:
        try:
            found = move(standing, version, to, PRESET, keep_previous=keep)
        except IllegalMove:
            continue
        everybody = [*chain(*standing.values())]
        standing = {**standing, **found.stages}
        seen.add(version)
        after = [*chain(*standing.values())]
        assert len(after) == len(set(after))
        assert standing[to][-1] == version
        # only who stood in a stage that keeps no archive may stand nowhere afterwards
        gone = set(everybody) - set(after)
        assert gone <= (set(found.expected) if to == "staging" else set())
