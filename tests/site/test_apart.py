"""Whatever a chart does, it does it to another process."""

import json
import subprocess
import sys
import time

import pytest

from gitrack.errors import ConfigError
from gitrack.site.reports import artist as program
from gitrack.site.reports.apart import Artist, CannotDraw
from gitrack.site.reports.drawing import draw
from gitrack.site.reports.specs import read_spec

PLAIN = {"data": {"values": [{"a": 1}]}, "mark": "point", "encoding": {"x": {"field": "a"}}}
#: A list that no memory holds.
GREEDY = {**PLAIN, "transform": [{"calculate": "length(sequence(0, 1e9))", "as": "z"}]}
#: As many ways to read the text as it has subsets.
ENDLESS = {
    **PLAIN,
    "transform": [{"calculate": f"test(regexp('(a+)+$'), '{'a' * 40}!')", "as": "z"}],
}


@pytest.fixture
def artist():
    artist = Artist()
    yield artist
    artist.end()


def test_a_chart_that_takes_all_memory_ends_no_build():
    spec = read_spec("greedy.json", json.dumps(GREEDY))

    with pytest.raises(ConfigError, match=r"charts/greedy\.json cannot be drawn: it "):
        draw(spec.spec, alt="", where=spec.file)

    assert draw(PLAIN, alt="").wide.light.startswith("data:image/svg+xml;base64,")


def test_a_chart_that_takes_for_ever_is_given_up(artist):
    patience, artist._patience = artist._patience, 3

    with pytest.raises(CannotDraw, match="not done after 3 seconds"):
        artist.svg(ENDLESS)

    artist._patience = patience
    assert artist.svg(PLAIN).startswith("<svg")


def test_a_process_that_rests_does_not_end():
    asked = json.dumps(PLAIN) + "\n"
    with subprocess.Popen(
        [sys.executable, program.__file__, "2"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        for _ in range(2):
            process.stdin.write(asked)
            process.stdin.flush()
            assert "svg" in json.loads(process.stdout.readline())
            time.sleep(3)  # longer than one picture is given
        assert process.poll() is None
        process.stdin.close()


def test_what_the_library_says_arrives(artist):
    with pytest.raises(CannotDraw, match="TypeError"):
        artist.svg({**PLAIN, "mark": {"type": "nothing"}})
    assert artist.svg(PLAIN) == artist.svg(PLAIN)


def test_a_drawing_process_that_somebody_ended_is_started_again(artist):
    artist.svg(PLAIN)
    artist._process.kill()
    artist._process.wait()

    assert artist.svg({**PLAIN, "title": "ü\ud800"[:1]}).startswith("<svg")
