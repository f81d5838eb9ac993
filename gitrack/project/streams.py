"""A child process whose output passes through unchanged while somebody else hears it too."""

from __future__ import annotations

import codecs
import os
import selectors
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import FrameType

#: `hear(stream, text)`, where stream is `stdout`, `stderr`, or `terminal` for both in one.
Hear = Callable[[str, str], None]

_CHUNK = 65_536
#: Seconds that a command which has ended may leave its output open, as its background jobs do.
_LINGER = 1.0
#: What a shell, a scheduler or a person ends a program with.
_ENDING = ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT")
#: Signals that the terminal itself has sent to everybody who is in front.
_FROM_TERMINAL = ("SIGINT", "SIGQUIT")


class Ended:
    """How a child ended: its code as a shell has it, and the signal that asked for it, if any."""

    def __init__(self, returned: int, asked: int | None) -> None:
        self.code = returned if returned >= 0 else 128 - returned
        self.by_signal = -returned if returned < 0 else None
        self.asked = asked


def run(
    command: Sequence[str],
    environment: Mapping[str, str],
    hear: Hear | None,
    *,
    all_to_stderr: bool = False,
) -> Ended:
    """Run a command to its end. Signals that are sent to this process reach it.

    Where our own stdout is a terminal, the child has one too; without `hear` it simply has ours.
    `all_to_stderr` sends what it prints on stdout there. Raises OSError if it cannot be started.
    """
    streams = _Streams(all_to_stderr) if hear is not None else None
    outputs = streams.ends if streams else ((2, 2) if all_to_stderr else (None, None))
    with _forwarding() as forward:
        try:
            child = subprocess.Popen(
                list(command), env=dict(environment), stdout=outputs[0], stderr=outputs[1]
            )
        except BaseException:
            if streams:
                streams.close()
            raise
        forward.to(child)
        if streams is not None and hear is not None:
            streams.pass_on(child, hear)
        return Ended(child.wait(), forward.asked)


class _Streams:
    """What the child writes into, and our ends of it."""

    def __init__(self, all_to_stderr: bool) -> None:
        self._theirs: set[int] = set()
        self._sources: dict[int, tuple[str, int]] = {}
        targets = {"stdout": 2 if all_to_stderr else 1, "stderr": 2}
        shown = [target for target in targets.values() if _is_terminal(target)]
        terminal: int | None = None
        if shown:
            # one terminal for all that is shown on ours, so that lines keep their order
            ours, terminal = _terminal_like(shown[0])
            self._sources[ours] = ("terminal", shown[0])
            self._theirs.add(terminal)
            self._screen = (shown[0], ours)
        ends = []
        for name, target in targets.items():
            if terminal is not None and target in shown:
                ends.append(terminal)
                continue
            ours, theirs = os.pipe()
            self._sources[ours] = (name, target)
            self._theirs.add(theirs)
            ends.append(theirs)
        self.ends = (ends[0], ends[1])
        self._has_screen = terminal is not None

    def close(self) -> None:
        for end in (*self._theirs, *self._sources):
            os.close(end)

    def pass_on(self, child: subprocess.Popen[bytes], hear: Hear) -> None:
        """Until the child has ended and nothing more comes."""
        with self._resizing():
            for end in self._theirs:
                os.close(end)
            ended, tell = os.pipe()
            threading.Thread(target=_wait, args=(child, tell), daemon=True).start()
            with selectors.DefaultSelector() as selector:
                for source in (ended, *self._sources):
                    selector.register(source, selectors.EVENT_READ)
                try:
                    self._until_the_end(selector, ended, hear)
                finally:
                    for key in list(selector.get_map().values()):
                        os.close(key.fd)

    def _until_the_end(self, selector: selectors.BaseSelector, ended: int, hear: Hear) -> None:
        decoders = {source: _decoder() for source in self._sources}
        running = True
        while len(selector.get_map()) > running:
            ready = selector.select(timeout=None if running else _LINGER)
            if not ready:
                return  # a background job holds it open, and the command itself is over
            for key, _ in ready:
                if key.fd == ended:
                    running = False
                elif self._move(key.fd, decoders[key.fd], hear):
                    continue
                selector.unregister(key.fd)
                os.close(key.fd)

    @contextmanager
    def _resizing(self) -> Iterator[None]:
        """Our window may change its size, and programs draw by it."""
        number = getattr(signal, "SIGWINCH", None)
        main = threading.current_thread() is threading.main_thread()
        if number is None or not main or not self._has_screen:
            yield
            return
        target, ours = self._screen
        before = signal.signal(number, lambda *_: _same_size(target, ours))
        try:
            yield
        finally:
            signal.signal(number, before)

    def _move(self, source: int, decoder: codecs.IncrementalDecoder, hear: Hear) -> bool:
        """Pass on what is there; False at the end, or when nobody wants to read any more."""
        name, target = self._sources[source]
        try:
            data = os.read(source, _CHUNK)
        except OSError:  # the other end of a terminal is gone
            data = b""
        text = decoder.decode(data, final=not data)
        if text:
            hear(name, text)
        if not data:
            return False
        try:
            _write_all(target, data)
        except BrokenPipeError:
            return False  # the child learns of it by its next write, as it would without us
        return True


def _wait(child: subprocess.Popen[bytes], tell: int) -> None:
    child.wait()
    os.close(tell)


def _decoder() -> codecs.IncrementalDecoder:
    return codecs.getincrementaldecoder("utf-8")("replace")


def _write_all(target: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(target, view) :]


def _is_terminal(target: int) -> bool:
    try:
        return os.isatty(target) and sys.platform != "win32"
    except OSError:
        return False


def _terminal_like(target: int) -> tuple[int, int]:
    """A terminal of the size of ours, that passes bytes on as they are: (our end, the child's)."""
    if sys.platform == "win32":
        return os.pipe()
    import pty
    import termios

    ours, theirs = pty.openpty()
    settings = termios.tcgetattr(theirs)
    settings[1] &= ~termios.OPOST  # our own terminal turns newlines into what it needs
    termios.tcsetattr(theirs, termios.TCSANOW, settings)
    _same_size(target, theirs)
    return ours, theirs


def _same_size(target: int, terminal: int) -> None:
    if sys.platform != "win32":
        import fcntl
        import termios

        size = fcntl.ioctl(target, termios.TIOCGWINSZ, b"\0" * 8)
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, size)


class _Forward:
    """Passes signals on to a child, once there is one."""

    def __init__(self) -> None:
        self.asked: int | None = None
        self._child: subprocess.Popen[bytes] | None = None
        self._waiting: list[int] = []

    def to(self, child: subprocess.Popen[bytes]) -> None:
        self._child = child
        for number in self._waiting:
            child.send_signal(number)

    def __call__(self, number: int, frame: FrameType | None) -> None:
        self.asked = number
        if self._child is None:
            self._waiting.append(number)
        elif not (signal.Signals(number).name in _FROM_TERMINAL and _in_front()):
            self._child.send_signal(number)


@contextmanager
def _forwarding() -> Iterator[_Forward]:
    forward = _Forward()
    before: dict[int, object] = {}
    if threading.current_thread() is threading.main_thread():
        for name in _ENDING:
            number = getattr(signal, name, None)
            # what is ignored (nohup) stays so, here and in the child
            if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
                before[number] = signal.signal(number, forward)
    try:
        yield forward
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)  # type: ignore[arg-type]  # what signal() had returned


def _in_front() -> bool:
    """True if the terminal's keys reach the child without us: it is in our group, in front."""
    try:
        terminal = os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY)
    except OSError:
        return False
    try:
        return os.tcgetpgrp(terminal) == os.getpgrp()
    except OSError:
        return False
    finally:
        os.close(terminal)
