"""`search_runs`: a DataFrame of what a filter finds."""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd
import pytest

from gitrack.analysis.search import matching, search_runs
from gitrack.errors import InvalidFilter, MissingExtra, NoRepository, UsageError
from gitrack.store import open_store
from tests.cli.some_runs import EXPERIMENT, FULL, with_runs


@pytest.fixture
def store(repo: Path):
    return open_store(with_runs(repo))


def test_a_row_a_run_the_newest_first(store):
    frame = search_runs(store=store)

    assert list(frame.columns[:8]) == [
        "run_id",
        "name",
        "experiment",
        "status",
        "started",
        "ended",
        "author",
        "commit",
    ]
    assert list(frame.name) == ["tiny", "lr003", "lr002", "lr001"]
    assert list(frame.index) == [0, 1, 2, 3]
    assert frame.loc[1, "run_id"] == FULL.id


def test_times_are_utc_and_numbers_are_numbers(store):
    frame = search_runs(store=store)

    assert frame.started[0] == pd.Timestamp("2024-10-24T14:30:12.120Z")
    assert str(frame.started.dt.tz) == "UTC"
    assert frame["metrics.test_auc_roc"].dtype == "float64"
    assert frame["params.learning_rate"].isna().tolist() == [True, False, False, False]
    assert frame["tags.team"].tolist() == [None, "logistics-ml", "logistics-ml", "logistics-ml"]


def test_filter_order_experiment_and_limit(store):
    frame = search_runs(
        "metrics.test_auc_roc > 0.5",
        experiment=EXPERIMENT,
        order_by=["metrics.test_auc_roc desc"],
        max_results=1,
        store=store,
    )

    assert list(frame.name) == ["lr002"]
    assert len(search_runs(experiment=[EXPERIMENT, "baseline-20241001"], store=store)) == 4
    assert search_runs(experiment="unknown", store=store).empty
    assert search_runs(max_results=0, store=store).empty


def test_the_store_of_the_current_folder_is_the_default(repo, monkeypatch, tmp_path):
    with_runs(repo)
    monkeypatch.chdir(repo)
    assert len(search_runs("status = failed")) == 1

    monkeypatch.chdir(tmp_path)
    with pytest.raises(NoRepository):
        search_runs()


def test_without_runs_the_frame_is_empty_and_has_its_columns(repo):
    frame = search_runs("accuracy > 0.5", order_by="accuracy desc", store=open_store(repo))

    assert frame.empty
    assert "run_id" in frame.columns


def test_misuse_raises(store):
    with pytest.raises(InvalidFilter):
        search_runs("nonsense", store=store)
    for limit in (-1, True, 1.5):
        with pytest.raises(UsageError, match="is not a number of runs"):
            matching(store.table(), limit=limit)  # type: ignore[arg-type]  # untyped callers


def test_without_pandas_it_says_what_to_install(store, monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)

    with pytest.raises(MissingExtra, match=r"pip install 'gitrack-ml\[data\]'"):
        search_runs(store=store)
