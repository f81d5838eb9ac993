"""What predictions say on the site: small, hidden where the project asks, and never a fault."""

from __future__ import annotations

import base64
import json
import struct

import pytest

from gitrack.model.evaluation import Evaluation, EvaluationSet, Sample
from gitrack.site import Hide
from gitrack.site.evaluations import evaluation_data, pack, shown, thinned


def opened(packed):
    """As the page does."""
    if "signs" in packed:
        return packed["signs"]
    data = base64.b64decode(packed["bytes"])
    places = struct.unpack(f"<{len(data) // 2}H", data)
    return [None if p == 65535 else packed["low"] + p * packed["step"] for p in places]


def test_labels_are_packed_as_signs_and_numbers_in_two_bytes():
    assert opened(pack([0, 1, None, 10.0, 61])) == "01-Az"
    assert opened(pack([0.25, None, 0.75])) == [0.25, None, pytest.approx(0.75)]
    assert opened(pack([62])) == [62]
    values = [i / 997 for i in range(1000)]
    assert opened(pack(values)) == pytest.approx(values, abs=1e-5)
    assert opened(pack([0.5, 0.5])) == [0.5, 0.5]
    assert opened(pack([-1.5e308, 1e308])) == [0, pytest.approx(1e308, rel=1e-4)]
    assert opened(pack([])) == ""


def test_long_curves_keep_their_ends():
    points = [(i / 199, (i / 199) ** 0.5) for i in range(200)]

    assert len(thinned(points)) == 101
    assert (thinned(points)[0], thinned(points)[-1]) == ((0, 0), (1, 1))
    assert thinned([]) == []


def test_a_hidden_metric_hides_what_would_tell_it():
    found = Evaluation(
        sets={
            "a.parquet": EvaluationSet(task="binary", cases=2, cases_digest="d", auc=0.5),
            "b.parquet": EvaluationSet(task="regression", cases=2, cases_digest="d", rmse=0.5),
        }
    )

    assert shown(found, Hide()) == found
    assert list(shown(found, Hide(metrics=["auc"])).sets) == ["b.parquet"]
    assert shown(found, Hide(metrics=["*"])) is None


def test_paths_of_users_travel_as_pairs():
    sample = Sample(of=2, picked="all", truth=[0, 1], scores=[0.5, 0.25])
    one = EvaluationSet(task="binary", cases=2, cases_digest="d", sample=sample)

    data = evaluation_data(Evaluation(sets={"__proto__": one}))

    ((path, told),) = data["sets"]
    assert path == "__proto__"
    assert told["sample"]["truth"] == {"signs": "01"}
    assert "roc" not in told
    assert json.dumps(data, allow_nan=False)
