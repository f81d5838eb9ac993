"""Predictions: small, the same each time, and refused when they do not pair."""

from __future__ import annotations

import io

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from gitrack.errors import UsageError
from gitrack.tracking.content import predictions_bytes


def table(*arguments: object, **options: object) -> pd.DataFrame:
    return pd.read_parquet(io.BytesIO(predictions_bytes(*arguments, **options)[1]))


def test_one_score_a_case() -> None:
    name, data, kind = predictions_bytes([0, 1, 1], [0.1, 0.9, 0.4], ids=["a", "b", "c"])

    assert (name, kind) == ("predictions.parquet", "predictions")
    assert pd.read_parquet(io.BytesIO(data)).to_dict("list") == {
        "id": ["a", "b", "c"],
        "y_true": [0, 1, 1],
        "score": [0.1, 0.9, 0.4],
    }


def test_a_row_of_scores_a_case() -> None:
    got = table(["cat", "dog"], np.array([[0.2, 0.8], [0.5, 0.5]]), name="valid.parquet")

    assert list(got.columns) == ["y_true", "score_0", "score_1"]
    assert list(table([1, 2], [[0.5], [0.5]]).columns) == ["y_true", "score"]


def test_floats_are_narrowed_only_where_nothing_is_lost() -> None:
    def type_of(scores: object) -> str:
        data = predictions_bytes(np.zeros(2), scores)[1]
        return str(pq.read_schema(io.BytesIO(data)).field("score").type)

    assert type_of(np.array([0.5, 0.25])) == "float"
    assert type_of(np.array([0.1, 0.2])) == "double"
    assert type_of(np.array([0.1, 0.2], dtype=np.float32)) == "float"
    assert type_of(np.array([0.1, 0.2], dtype=np.float16)) == "float"
    assert type_of(np.array([np.nan, np.inf])) == "float"
    assert type_of(np.array([1e300, 0.0])) == "double"


def test_equal_predictions_are_equal_bytes_and_small() -> None:
    random = np.random.default_rng(1)
    truth, scores = random.integers(0, 2, 10_000), random.random(10_000).astype(np.float32)

    data = predictions_bytes(truth, scores)[1]

    assert predictions_bytes(truth.copy(), scores.copy())[1] == data
    assert len(data) < 45_000


def test_what_people_hold_them_in() -> None:
    series = pd.Series([True, False], index=[7, 9])

    assert table(series, pd.Series([1.0, 0.0])).to_dict("list") == {
        "y_true": [True, False],
        "score": [1.0, 0.0],
    }
    assert table(pd.DataFrame({"y": [1, 2]}), (0.5, 0.5))["y_true"].tolist() == [1, 2]


@pytest.mark.parametrize(
    ("truth", "scores", "ids", "why"),
    [
        ([0, 1], [0.5], None, "score has 1 values, y_true has 2"),
        ([0, 1], [0.5, 0.5], ["a"], "id has 1 values"),
        ([0, 1], [0.5, 0.5], ["a", "a"], "ids are not unique"),
        ([], [], None, "no predictions"),
        ([[0, 1], [1, 0]], [0.5, 0.5], None, r"y_true has the shape \(2, 2\)"),
        ([0, 1], np.zeros((2, 2, 2)), None, r"scores have the shape \(2, 2, 2\)"),
        (0, [0.5], None, "y_true is a int"),
        ([0], "text", None, "scores is a str"),
        ([0, 1], [[0.1], [0.2, 0.3]], None, "rows of different lengths"),
        ([0, 1], [1 + 2j, 3j], None, "complex"),
        ([0, 1], np.array([object(), {}]), None, "score cannot be kept"),
        ([0], np.zeros((1, 2000)), None, "2000 columns"),
    ],
)
def test_misuse_is_refused(truth: object, scores: object, ids: object, why: str) -> None:
    with pytest.raises(UsageError, match=why):
        predictions_bytes(truth, scores, ids)
