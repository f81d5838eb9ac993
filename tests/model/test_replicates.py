"""Runs that differ by their seeds alone."""

import pytest

from gitrack.model.replicates import is_seed, replicate_key, settled
from gitrack.model.run import Dataset, Run


def run(**fields):
    known = {"id": "r", "name": "r", "experiment": "e", "started": "2026-01-01T00:00:00.000Z"}
    return Run(**{**known, **fields})


@pytest.mark.parametrize(
    "name", ["seed", "random_state", "model.random_state", "data_seed", "SEED", "rng", "seed_2"]
)
def test_these_params_choose_the_chance(name):
    assert is_seed(name)


@pytest.mark.parametrize("name", ["seeds_per_row", "seedling", "learning_rate", "state", "speed"])
def test_these_do_not(name):
    assert not is_seed(name)


def test_replicates_differ_by_their_seeds_alone():
    one = run(params={"lr": 0.1, "seed": 1}, seeds={"numpy": 1})
    other = run(id="s", params={"seed": 2, "lr": 0.1}, seeds={"numpy": 2})

    assert replicate_key(one) == replicate_key(other)
    assert settled(one.params) == {"lr": 0.1}


@pytest.mark.parametrize(
    "changed",
    [
        {"params": {"lr": 0.2}},
        {"params": {"lr": "0.1"}},
        {"experiment": "f"},
        {"data": [Dataset(name="d", dvc="md5:1")]},
    ],
)
def test_other_params_experiments_and_data_are_other_trials(changed):
    before = run(params={"lr": 0.1})

    assert replicate_key(before) != replicate_key(run(**{"params": {"lr": 0.1}, **changed}))


def test_the_same_data_in_another_role_are_other_data():
    before, after = (run(data=[Dataset(name="d", role=role)]) for role in ("train", "test"))

    assert replicate_key(before) != replicate_key(after)
