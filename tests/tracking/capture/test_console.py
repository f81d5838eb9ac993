"""What a run prints is kept as it was seen, and the streams are as before afterwards."""

from __future__ import annotations

import io
import logging
import sys
import threading
from collections.abc import Callable

import pytest

from gitrack.tracking.capture.console import Tail, listen, stop


@pytest.fixture
def stream() -> io.TextIOWrapper:
    """A console as a process has it; pytest's own are of another kind."""
    return io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)


@pytest.fixture
def use(monkeypatch: pytest.MonkeyPatch, stream: io.TextIOWrapper) -> Callable[[], None]:
    """To be called by the test: pytest sets streams of its own after the fixtures."""
    return lambda: monkeypatch.setattr(sys, "stdout", stream)


def shown(console: io.TextIOWrapper) -> str:
    assert isinstance(console.buffer, io.BytesIO)
    return console.buffer.getvalue().decode()


def test_output_is_kept_and_still_shown(stream: io.TextIOWrapper, use: Callable[[], None]) -> None:
    use()
    tail = Tail()
    print("before")
    listen(tail)
    print("epoch", 1)
    sys.stderr.write("careful\n")
    sys.stdout.writelines(["a\n", "b\n"])
    stop(tail)
    print("after")

    assert tail.text() == "epoch 1\ncareful\na\nb\n"
    assert shown(stream) == "before\nepoch 1\na\nb\nafter\n"
    assert sys.stdout is stream
    assert "write" not in vars(stream)


def test_a_handler_that_took_the_stream_earlier_is_heard(
    stream: io.TextIOWrapper, use: Callable[[], None]
) -> None:
    use()
    handler = logging.StreamHandler(sys.stdout)
    log = logging.Logger("early")
    log.addHandler(handler)
    tail = Tail()

    listen(tail)
    log.warning("loss is nan")
    stop(tail)

    assert tail.text() == "loss is nan\n"


@pytest.mark.parametrize("outer_first", [True, False])
def test_runs_may_overlap(
    stream: io.TextIOWrapper, use: Callable[[], None], outer_first: bool
) -> None:
    use()
    outer, inner = Tail(), Tail()
    listen(outer)
    print(1)
    listen(inner)
    print(2)
    stop(outer if outer_first else inner)
    print(3)
    stop(inner if outer_first else outer)
    print(4)

    assert outer.text() == ("1\n2\n" if outer_first else "1\n2\n3\n")
    assert inner.text() == ("2\n3\n" if outer_first else "2\n")
    assert "write" not in vars(stream)


def test_who_wrapped_the_stream_before_or_after_keeps_his_wrap(
    stream: io.TextIOWrapper, use: Callable[[], None]
) -> None:
    use()
    heard: list[str] = []
    plain = stream.write

    def theirs(text: str) -> int:
        heard.append(text)
        return plain(text)

    stream.write = theirs
    tail = Tail()
    listen(tail)
    print("x")
    stop(tail)
    assert stream.write is theirs
    listen(tail)
    ours = stream.write
    stream.write = lambda text: ours(text.upper())
    print("y")
    stop(tail)
    print("z")

    assert tail.text() == "x\nY\n"
    assert shown(stream) == "x\nY\nZ\n"


def test_a_replaced_stream_is_left_to_who_replaced_it(
    stream: io.TextIOWrapper, use: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    use()
    tail = Tail()
    listen(tail)
    other = io.StringIO()
    monkeypatch.setattr(sys, "stdout", other)
    print("to a string")
    stop(tail)

    assert sys.stdout is other
    assert other.getvalue() == "to a string\n"
    assert tail.text() == ""


def test_no_console_and_odd_consoles_do_no_harm(monkeypatch: pytest.MonkeyPatch) -> None:
    class Slotted:
        __slots__ = ()

        def write(self, text: str) -> int:
            return len(text)

    monkeypatch.setattr(sys, "stdout", None)
    monkeypatch.setattr(sys, "stderr", Slotted())
    tail = Tail()

    listen(tail)
    sys.stderr.write("lost\n")
    stop(tail)

    assert tail.text() == ""


def test_progress_bars_are_kept_as_their_last_state() -> None:
    tail = Tail()
    for percent in range(0, 101, 10):
        tail.write("stderr", f"\r{percent:3d}%|{'#' * (percent // 10):10}|")
        tail.write("stdout", f"step {percent}\n")
    tail.write("stderr", "\n")
    for percent in range(3):
        tail.write("stdout", f"{percent} of 2\r")
    tail.write("stdout", "done\r\n")

    lines = tail.text().splitlines()
    assert lines[:11] == [f"step {percent}" for percent in range(0, 101, 10)]
    assert lines[11:] == ["100%|##########|", "done"]


def test_an_endless_bar_and_an_endless_line_take_little_room() -> None:
    tail = Tail(limit=1_000)
    for number in range(20_000):
        tail.write("stderr", f"\rworking on {number}")
    assert tail.text() == "working on 19999\n"

    tail.write("stdout", "x" * 100_000)
    assert len(tail.text()) < 1_100


def test_only_the_end_is_kept_and_says_so() -> None:
    tail = Tail(limit=100)
    for number in range(1000):
        tail.write("stdout", f"line {number} \u00fc\n")

    text = tail.text()
    assert text.startswith("[earlier output was not kept]\nline ")
    assert text.endswith("line 999 \u00fc\n")
    assert len(text.encode()) <= 100 + len("[earlier output was not kept]\n")


def test_colours_and_control_characters_are_dropped() -> None:
    tail = Tail()
    tail.write("stdout", "\x1b[31mred\x1b[0m \x1b]0;title\x07\x1b[2K\x08tab\there \u96ea\n")

    assert tail.text() == "red tab\there \u96ea\n"


def test_threads_may_print_at_once() -> None:
    tail = Tail()
    threads = [
        threading.Thread(target=lambda n=n: [tail.write("stdout", f"{n}\n") for _ in range(500)])
        for n in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(tail.text().split()) == sorted(str(n) for n in range(4) for _ in range(500))
