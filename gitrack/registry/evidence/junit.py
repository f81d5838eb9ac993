"""JUnit reports, read and counted: what a run of tests says for or against a version.

A report is a stranger's file: it is read as a stream, and one with a DTD (in which entities would
grow without end, or name other files) is refused before anything of it is looked at.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterable
from pathlib import Path

from gitrack.config.regular import open_regular
from gitrack.errors import UnreadableFile, UsageError
from gitrack.model.registered import JUnitCount

#: Larger reports hold the output of the tests, not what they said.
LARGEST = 200 * 1000 * 1000
#: Suites in suites; no tool nests them deeper.
_DEEPEST = 100
_CHUNK = 1 << 20
_SUITES, _SUITE, _CASE = "testsuites", "testsuite", "testcase"
_MARKS = ("failure", "error", "skipped")
_HINT = "give what pytest --junit-xml=report.xml writes, or another tool in that format"


def read_reports(patterns: Iterable[str]) -> JUnitCount:
    """What all these reports count together; a pattern such as `reports/*.xml` may find several.

    Raises UsageError where there is no such file, UnreadableFile for what is no JUnit report.
    """
    digest = hashlib.sha256()
    total = _Count()
    for path in _files(patterns):
        total.add(_read(path, digest))
    return JUnitCount(
        tests=total.tests,
        failures=total.failures,
        errors=total.errors,
        skipped=total.skipped,
        seconds=round(total.seconds, 3) if total.timed else None,
        sha256=digest.hexdigest(),
    )


def passed(count: JUnitCount) -> bool:
    """No test failed, and at least one was run."""
    return not count.failures and not count.errors and count.tests > count.skipped


def told(count: JUnitCount) -> str:
    """`212 tests, 0 failed, 3 skipped`."""
    tests = "1 test" if count.tests == 1 else f"{count.tests:,} tests"
    skipped = f", {count.skipped:,} skipped" if count.skipped else ""
    return f"{tests}, {count.failures + count.errors:,} failed{skipped}"


class _Count:
    """Tests of a suite, a file, or several."""

    def __init__(self) -> None:
        self.tests = self.failures = self.errors = self.skipped = 0
        self.seconds = 0.0
        self.timed = False

    def add(self, other: _Count) -> None:
        self.tests += other.tests
        self.failures += other.failures
        self.errors += other.errors
        self.skipped += other.skipped
        self.seconds += other.seconds
        self.timed = self.timed or other.timed

    def at_least(self, other: _Count) -> None:
        """What a suite says of itself counts where its tests say less: some tools tell of tests
        that could not even be collected in the suite's own figures alone."""
        self.tests = max(self.tests, other.tests)
        self.failures = max(self.failures, other.failures)
        self.errors = max(self.errors, other.errors)
        self.skipped = max(self.skipped, other.skipped)
        if not self.timed and other.timed:
            self.seconds, self.timed = other.seconds, True

    @classmethod
    def said(cls, attributes: dict[str, str], path: Path) -> _Count:
        count = cls()
        for name in ("tests", "failures", "errors", "skipped"):
            setattr(count, name, _number(attributes.get(name, ""), name, path))
        count.take_time(attributes)
        return count

    def take_time(self, attributes: dict[str, str]) -> None:
        try:
            seconds = float(attributes.get("time", "").replace(",", ""))
        except ValueError:
            return
        if math.isfinite(seconds) and seconds >= 0:
            self.seconds += seconds
            self.timed = True


class _Report:
    """Counts the cases of one report while it goes by."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._cases = _Count()
        #: what the outermost suites say of themselves, and what the report says of all of them
        self._suites, self._whole = _Count(), _Count()
        self._open: list[str] = []
        self._marks: set[str] = set()

    def count(self) -> _Count:
        """All that was told."""
        self._cases.at_least(self._suites)
        self._cases.at_least(self._whole)
        return self._cases

    def start(self, name: str, attributes: dict[str, str]) -> None:
        name = name.rpartition(":")[2]
        if not self._open and name not in (_SUITES, _SUITE):
            why = f"begins with <{name[:40]}>, so it is no JUnit report"
            raise UnreadableFile(str(self._path), why, hint=_HINT)
        if len(self._open) >= _DEEPEST:
            raise UnreadableFile(str(self._path), f"is nested more than {_DEEPEST} deep")
        if name == _CASE:
            self._marks = set()
            self._cases.tests += 1
            self._cases.take_time(attributes)
        elif name in _MARKS and self._open[-1] == _CASE:
            self._marks.add(name)
        elif name == _SUITE and _SUITE not in self._open:
            self._suites.add(_Count.said(attributes, self._path))
        elif name == _SUITES and not self._open:
            self._whole = _Count.said(attributes, self._path)
        self._open.append(name)

    def end(self, name: str) -> None:
        if self._open.pop() != _CASE:
            return
        if "error" in self._marks:
            self._cases.errors += 1
        elif "failure" in self._marks:
            self._cases.failures += 1
        elif "skipped" in self._marks:
            self._cases.skipped += 1
        self._marks = set()


def _read(path: Path, digest: hashlib._Hash) -> _Count:
    from xml.parsers import expat

    report = _Report(path)
    parser = expat.ParserCreate()
    parser.StartElementHandler = report.start
    parser.EndElementHandler = report.end
    parser.StartDoctypeDeclHandler = _no_dtd(path)
    read = 0
    try:
        with open_regular(path) as file:
            while data := file.read(_CHUNK):
                read += len(data)
                if read > LARGEST:
                    why = f"is larger than {LARGEST // 1_000_000} MB"
                    raise UnreadableFile(str(path), why, hint="leave the tests' output out of it")
                digest.update(data)
                parser.Parse(data, False)
            parser.Parse(b"", True)
    except expat.ExpatError as error:
        raise UnreadableFile(str(path), f"is no XML: {error}", hint=_HINT) from None
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from error
    count = report.count()
    if not count.tests and not count.errors:
        raise UnreadableFile(str(path), "holds no test, so it shows nothing", hint=_HINT)
    return count


def _no_dtd(path: Path) -> Callable[..., None]:
    def refuse(*_: object) -> None:
        why = "has a DTD, which no test tool writes, and in which entities may grow without end"
        raise UnreadableFile(str(path), why, hint=_HINT)

    return refuse


def _number(text: str, name: str, path: Path) -> int:
    if not text.strip():
        return 0
    if not text.strip().isascii() or not text.strip().isdigit() or len(text) > 12:
        raise UnreadableFile(str(path), f"says {name}={text[:40]!r}, which is no number")
    return int(text)


def _files(patterns: Iterable[str]) -> list[Path]:
    found: dict[Path, Path] = {}
    for pattern in patterns:
        path = Path(pattern)
        start = Path(path.anchor or ".")
        paths = [path] if path.exists() else start.glob(str(path.relative_to(path.anchor)))
        reports = sorted(paths)
        if not reports:
            raise UsageError(f"there is no file {pattern!r}", hint="give a JUnit report")
        for one in reports:
            if one.is_dir():
                hint = f"give its files: '{one.as_posix()}/*.xml'"
                raise UsageError(f"{str(one)!r} is a folder, not a report", hint=hint)
            found.setdefault(one.resolve(), one)
    return list(found.values())
