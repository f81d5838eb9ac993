"""JUnit reports of several tools are counted alike; hostile ones are refused."""

from __future__ import annotations

import subprocess
import sys

import pytest

from gitrack.errors import GitrackError, UnreadableFile, UsageError
from gitrack.registry.evidence import junit
from gitrack.registry.evidence.junit import passed, read_reports, told

GOOD = '<testsuite tests="1"><testcase name="a" time="0.5"/></testsuite>'
BOMB = (
    '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    "<testsuite><testcase name='&b;'/></testsuite>"
)
OUTSIDE = '<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]><testsuite>&f;</testsuite>'


def count(tmp_path, *texts: str | bytes):
    paths = []
    for number, text in enumerate(texts):
        path = tmp_path / f"{number}.xml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        paths.append(str(path))
    return read_reports(paths)


def test_what_pytest_writes(tmp_path):
    (tmp_path / "test_x.py").write_text(
        "import pytest\n"
        "def test_a(): pass\n"
        "def test_b(): assert 0\n"
        "@pytest.mark.skip\ndef test_c(): pass\n"
        "@pytest.fixture\ndef broken(): raise OSError\n"
        "def test_d(broken): pass\n"
    )
    command = [sys.executable, "-m", "pytest", "-q", "--junit-xml=r.xml", "-p", "no:cacheprovider"]
    subprocess.run([*command, "test_x.py"], cwd=tmp_path, check=False, capture_output=True)

    found = read_reports([str(tmp_path / "r.xml")])

    assert (found.tests, found.failures, found.errors, found.skipped) == (4, 1, 1, 1)
    assert found.seconds is not None
    assert not passed(found)
    assert told(found) == "4 tests, 2 failed, 1 skipped"


def test_files_count_together_and_once(tmp_path):
    (tmp_path / "a.xml").write_text(GOOD)
    (tmp_path / "b.xml").write_text(GOOD.replace('"a"', '"b"'))

    found = read_reports([str(tmp_path / "*.xml"), str(tmp_path / "a.xml")])

    assert (found.tests, found.seconds) == (2, 1.0)
    assert passed(found)
    assert found.sha256 != read_reports([str(tmp_path / "a.xml")]).sha256


@pytest.mark.parametrize(
    ("text", "counts"),
    [
        # a suite that could not even be collected has no test cases
        ('<testsuite tests="3" errors="1"><testcase/><testcase/></testsuite>', (3, 0, 1, 0)),
        ('<testsuites tests="2" failures="1"><testsuite/></testsuites>', (2, 1, 0, 0)),
        # suites in suites say the same twice
        (
            '<testsuites><testsuite tests="1"><testsuite tests="1"><testcase><failure/><failure/>'
            "</testcase></testsuite></testsuite></testsuites>",
            (1, 1, 0, 0),
        ),
        ("<testsuite><testcase><error/><failure/></testcase></testsuite>", (1, 0, 1, 0)),
        # tried again and passed at last
        ("<testsuite><testcase><flakyFailure/></testcase></testsuite>", (1, 0, 0, 0)),
        ('<testsuite><testcase time="1,000.5"/></testsuite>', (1, 0, 0, 0)),
        ('<testsuite><testcase time="nan"/></testsuite>', (1, 0, 0, 0)),
        (
            '<?xml version="1.0" encoding="latin-1"?>\n<testsuite><testcase/></testsuite>',
            (1, 0, 0, 0),
        ),
    ],
)
def test_reports_of_other_tools(tmp_path, text, counts):
    found = count(tmp_path, text)

    assert (found.tests, found.failures, found.errors, found.skipped) == counts


def test_where_all_was_skipped_nothing_was_shown(tmp_path):
    assert not passed(count(tmp_path, "<testsuite><testcase><skipped/></testcase></testsuite>"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (BOMB, "has a DTD"),
        (OUTSIDE, "has a DTD"),
        ("<html/>", "no JUnit report"),
        ("not xml", "is no XML"),
        ("<testsuite>", "is no XML"),
        ("", "is no XML"),
        (b"\xff\xfe\x00", "is no XML"),
        ("<testsuite/>", "holds no test"),
        ('<testsuite tests="many"/>', "is no number"),
        ('<testsuite tests="-1"/>', "is no number"),
        ("<testsuite>" * 200, "nested more than"),
    ],
)
def test_what_is_no_report_is_refused(tmp_path, text, said):
    with pytest.raises(UnreadableFile) as caught:
        count(tmp_path, text)

    assert said in str(caught.value)


def test_a_report_without_end_is_not_read_to_its_end(tmp_path, monkeypatch):
    monkeypatch.setattr(junit, "LARGEST", 1000)

    with pytest.raises(UnreadableFile, match="is larger than"):
        count(tmp_path, GOOD + " " * 2000)


def test_what_is_not_there_is_said(tmp_path):
    for pattern in ("nothing.xml", "*.xml", "."):
        with pytest.raises(UsageError, match=r"no file|is a folder"):
            read_reports([str(tmp_path / pattern)])
    with pytest.raises(GitrackError):
        read_reports([str(tmp_path)])
