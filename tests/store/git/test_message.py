"""One message for the work of several writers."""

from __future__ import annotations

import pytest

from gitrack.store.git.identity import Author, Stamp
from gitrack.store.git.message import joint_message, split_message
from gitrack.store.git.queue import Request


def request(message: str, author: str = "Ada") -> Request:
    return Request(message, Author(author, "a@example.com"), Stamp(0, "+0000"), {}, [])


@pytest.mark.parametrize(
    ("message", "parts"),
    [
        ("subject", ("subject", [], [])),
        ("subject\n\nRun: 1\nExperiment: a b\n", ("subject", [], ["Run: 1", "Experiment: a b"])),
        ("subject\n\nbody\n\nmore\n\nRun: 1", ("subject", ["body", "", "more"], ["Run: 1"])),
        ("subject\n\nnot a trailer", ("subject", ["not a trailer"], [])),
        ("Run: this is a subject", ("Run: this is a subject", [], [])),
        (
            "subject\nsecond line\n\nRun: 1\nand text",
            ("subject", ["second line", "", "Run: 1", "and text"], []),
        ),
    ],
)
def test_a_message_has_subject_body_and_trailers(message: str, parts: object):
    assert split_message(message) == parts


def test_one_message_stays_as_it_is():
    assert joint_message([request("a \n\n\nb\n")]) == "a \n\n\nb\n"


def test_no_trailer_is_lost_and_each_author_is_named_once():
    joint = joint_message(
        [
            request("run 1: finished\n\nRun: 1\nExperiment: x"),
            request("run 2: failed\n\nbecause\n\nRun: 2\nExperiment: x", "Bob"),
            request("run 3: killed", "Bob"),
        ]
    )
    assert joint == (
        "3 commits at once\n\n"
        "- run 1: finished\n- run 2: failed\n  because\n- run 3: killed\n\n"
        "Run: 1\nExperiment: x\nRun: 2\nExperiment: x\n"
        "Co-authored-by: Bob <a@example.com>\n"
    )
