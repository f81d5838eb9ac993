"""Pages of experiments whose runs have thousands of settings."""

from __future__ import annotations

import msgspec
import pytest

from gitrack.model.run import RunBundle
from gitrack.site import build_site
from tests.site.flights import MadeStore, flights


@pytest.mark.parametrize(("count", "folded"), [(1000, None), (3000, "2,800 more")])
def test_what_thousands_of_params_say_alike_is_folded_and_all_there(tmp_path, count, folded):
    params = {f"own_{number}": number for number in range(count)}
    two = [msgspec.structs.replace(one.run, params=params) for one in flights()[:2]]

    build_site(MadeStore([RunBundle(run=run) for run in two]), tmp_path / "site", title="T")

    (page,) = (tmp_path / "site/experiments").glob("*.html")
    text = page.read_text()
    shown = text.partition("Same in every run")[2]
    assert shown.count("<bdi>own_") == count
    assert shown.partition("<details")[0].count("<bdi>own_") == (count if folded is None else 200)
    assert (f"<summary>{folded}</summary>" in text) == (folded is not None)
