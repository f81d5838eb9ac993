"""How lists of models, evidence and history look on a terminal and in a pipe."""

from __future__ import annotations

from gitrack.cli.artifact_lists import Listing

ADA = "Ada Example <ada@example.com>"
FOUND = Listing(
    headers=("VERSION", "auc", "COMMIT", "BY", "ABOUT"),
    rows=[
        ("v2", "0.8949", "32011225cc", ADA, "sees both columns"),
        ("v1", "42.2", "a58fbbb264", ADA, ""),
        ("v0", "", "a58fbbb264", ADA, ""),
    ],
    records=[],
)


def test_numbers_stand_below_each_other() -> None:
    head, *rows = FOUND.lines()
    end = head.index("auc") + len("0.8949") - len("auc")
    assert [row[:end].split() for row in rows] == [["v2", "0.8949"], ["v1", "42.2"], ["v0"]]
    assert rows[1].index("42.2") + len("42.2") == rows[0].index("0.8949") + len("0.8949")


def test_a_terminal_names_people_and_a_pipe_has_their_addresses() -> None:
    assert all("<ada@example.com>" in row for row in list(FOUND.lines())[1:])
    shown = list(FOUND.lines(60))
    assert not any("@" in row for row in shown)
    assert "COMMIT" not in shown[0]
    assert max(map(len, shown)) <= 60
