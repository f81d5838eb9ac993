"""Ids of runs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from gitrack.model.ids import day_of, is_run_id, new_run_id, short


def test_an_id_is_the_time_in_utc_and_a_random_tail():
    when = datetime(2024, 10, 22, 1, 30, 12, tzinfo=timezone(timedelta(hours=2)))
    run_id = new_run_id(when)
    assert run_id.startswith("20241021-233012-")
    assert is_run_id(run_id)
    assert day_of(run_id) == ("2024-10", "21")
    assert short(run_id) == run_id[-6:]


def test_ids_sort_by_time():
    early = new_run_id(datetime(2024, 12, 31, 23, 59, 59, tzinfo=UTC))
    late = new_run_id(datetime(2025, 1, 1, tzinfo=UTC))
    assert early < late


@pytest.mark.parametrize(
    "text",
    [
        "",
        "20241022-143012-7k3f9",
        "20241022-143012-7k3f9qq",
        "20241022-143012-7K3F9Q",
        "20241022-143012-7k3f9l",
        "20241322-143012-7k3f9q",
        "20240230-143012-7k3f9q",
        "20241022-253012-7k3f9q",
        "٢٠٢٤1022-143012-7k3f9q",
        "20241022-143012-7k3f9q\n",
        "../20241022-143012-7k3f9q",
    ],
)
def test_what_only_looks_like_an_id_is_none(text: str):
    assert not is_run_id(text)
