"""What may be merged is let through."""

from __future__ import annotations

from tests.registry.check.pulls import Pulls


def test_a_promotion(pulls: Pulls) -> None:
    checked = pulls.passes(pulls.promotion(2, "staging"))
    assert [each.promotion.version for each in checked.promotions] == [2]
    assert [verdict.outcome.value for verdict in checked.promotions[0].verdicts] == ["passed"]
    assert checked.counts == {"promotion": 1, "stage": 1}
