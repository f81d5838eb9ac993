"""An honest history gives no finding."""

from __future__ import annotations

from gitrack.registry.audit import audit
from tests.registry.audit.history import Case


def test_a_clean_history_has_no_finding(case: Case) -> None:
    found = audit(where=case.folder)
    assert [f"{one.kind}: {one.what}" for one in found.findings] == []
    assert found.clean
    assert {one.judged_again.partition(":")[0] for one in found.promotions} == {
        "same",
        "not judged again",
    }
