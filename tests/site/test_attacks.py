"""What somebody may push to the branch so that no site can be built, or a wrong one."""

from __future__ import annotations

import subprocess
import sys
from xml.etree import ElementTree

import pytest

from gitrack.model.promotion import PolicyUsed, Promotion
from gitrack.model.registered import ModelVersion, StageState
from gitrack.model.run import Dataset
from gitrack.site import Hide, links
from gitrack.site.display import unaddressed
from gitrack.site.hiding.audit import _writers
from gitrack.site.hiding.models import without_mail
from gitrack.site.machine.api import segment
from gitrack.site.machine.badges import badge_path
from gitrack.store.codec.records import dump_record
from tests.site.attacked import GITLINK, PROGRAM, SYMLINK, built, files_of, folder, push, run


def _registered(model: str, stage: str) -> dict[str, bytes]:
    """A version in a stage."""
    top = f"registry/{model}"
    return {
        f"{top}/versions/1.yaml": dump_record(ModelVersion(version=1, run=run(1).id)),
        f"{top}/stages/{stage}.yaml": dump_record(StageState(versions=[1])),
    }


def test_a_name_made_like_the_place_of_another_has_a_place_of_its_own(repo, tmp_path):
    """`Abc` lies as `abc-<digest>`: an experiment by that very name must not lie there too."""
    names = ("Abc", links.slug("Abc"), links.slug(links.slug("Abc")), links.slug("!"))
    push(repo, files_of(*(run(number, experiment=name) for number, name in enumerate(names))))

    built(repo, tmp_path / "site")

    pages = list((tmp_path / "site/experiments").iterdir())
    assert len(pages) == len(names)
    assert len({segment(name) for name in names}) == len(names)


def test_places_of_usual_names_stay_as_they_are():
    for name in ("baseline", "late-flights_2", "run-20260101", "v1.2", "20260101-000001-aaaaaa"):
        assert links.slug(name) == segment(name) == name


def test_badges_of_two_models_never_share_a_place(repo, tmp_path):
    push(repo, {**files_of(run(1)), **_registered("a", "b-c"), **_registered("a-b", "c")})

    built(repo, tmp_path / "site")

    assert len(list((tmp_path / "site/badges").iterdir())) == 2
    assert badge_path("late-flights", "production") == "badges/late-flights-production.svg"


def test_data_by_odd_names_is_told_apart(repo, tmp_path):
    names = ("x", "columns:x", "columns:columns:x", ":", "")
    push(repo, files_of(run(1, data=[Dataset(name=name) for name in names])))

    built(repo, tmp_path / "site")

    assert len(list((tmp_path / "site/datasets").iterdir())) == len(names)


@pytest.mark.parametrize(
    "begin",
    [b"<!---->", b"<!---->\n", b"<?xml?>\n", b"<!DOCTYPE a>", b"<!DOCTYPE a><!--", b" \n\t"],
)
def test_a_text_that_is_nearly_a_picture_is_read_in_time(begin):
    """The beginning of SVG may hold many comments; how they could be read must not be many ways."""
    told = f"from gitrack.site.exhibits import _picture_kind as kind; kind({begin!r} * 600 + b'x')"
    subprocess.run([sys.executable, "-c", told], check=True, timeout=30)


def test_what_a_tree_may_hold_beside_files_stops_nothing(repo, tmp_path):
    one, other = run(1), run(2)
    place = f"{folder(one)}/artifacts"
    modes = {
        f"{place}/module": GITLINK,
        f"{place}/link.png": SYMLINK,
        f"{place}/run.sh": PROGRAM,
        f"{folder(other)}/run.yaml": SYMLINK,
        "registry/m/versions/1.yaml": GITLINK,
        "sweeps/s.yaml": SYMLINK,
        **{f"{folder(one)}/{name}": GITLINK for name in ("history.tsv", "code.patch")},
    }
    push(repo, {**files_of(one), **dict.fromkeys(modes, b"/etc/passwd")}, modes)

    report = built(repo, tmp_path / "site")

    assert report.runs == 1
    assert [fault.path for fault in report.faults] == [
        f"{folder(other)}/run.yaml",
        "sweeps/s.yaml",
    ]
    for path in (tmp_path / "site").rglob("*"):
        assert not path.is_symlink()
        assert path.is_dir() or b"root:x:" not in path.read_bytes()


def test_a_feed_and_a_badge_hold_only_what_xml_may_hold(repo, tmp_path):
    odd = "why\ufffe\uffff\ufdd0\x00\x1b\ud800<![CDATA[]]>]]>&"
    promotion = Promotion(
        model="m", version=1, run=run(1).id, kind="promotion", source="staging", to="production",
        at="2026-01-01T00:00:00.000Z", by=odd, why=odd, base="a" * 40, record="b" * 40,
        policy=PolicyUsed(sha256="c" * 64, commit="d" * 40),
    )  # fmt: skip
    files = {
        **files_of(run(1, name=odd)),
        **_registered("m", "production"),
        "registry/m/promotions/20260101T000000Z-v1-production.yaml": dump_record(promotion),
    }
    push(repo, files)

    built(repo, tmp_path / "site")

    feed = ElementTree.parse(tmp_path / "site/feed.xml")
    assert "⟨U+FFFE⟩⟨U+FFFF⟩" in "".join(feed.getroot().itertext())
    for badge in (tmp_path / "site/badges").iterdir():
        ElementTree.parse(badge)


@pytest.mark.parametrize(
    ("said", "text"),
    [
        ("display.unaddressed(text)", "' ' * 300_000"),
        ("models.without_mail(text)", "'a' * 300_000"),
        ("rules.Hide(public=True).package(text)", "'a' * 300_000"),
        ("rules.placeless(text)", "'a' * 300_000"),
        ("list(audit._writers(text))", "'says that ' * 100_000"),
        ("list(audit._writers(text))", "'says that ' + 'a wrote it, and ' * 100_000"),
        ("display.terminal(text)", "'\\x1b]' * 100_000 + '\\x1b[' + '0' * 300_000"),
        ("links.slug(text)", "'a.' * 300_000"),
    ],
)
def test_long_texts_are_read_in_time(said, text):
    """A pattern that tries every place anew takes minutes for what a record may hold."""
    told = (
        "from gitrack.site import display, links\n"
        "from gitrack.site.hiding import audit, models, rules\n"
        f"text = {text}\n{said}"
    )
    subprocess.run([sys.executable, "-c", told], check=True, timeout=30)


def test_addresses_and_places_are_found_wherever_they_begin():
    assert without_mail("by jo@example.com, <ann@b.c> and a@b@c") == "by …, <…> and …"
    assert unaddressed("Jo  <jo@example.com> and Ann<a@b> <x>") == "Jo and Ann <x>"
    hide = Hide(public=True)
    assert hide.package("one @ file:///home/jo/one") == "one @ …"
    assert hide.package("two==1  # git+https://h/two@abc") == "two==1  # …"
    assert hide.package("-e ../three C:\\four five==2") == "-e … … five==2"
    said = "registry/a says that b/x.yaml says that Jo <j@x> wrote it, and Ann wrote its commit"
    assert set(_writers(said)) == {"b/x.yaml says that Jo <j@x>", "Jo <j@x>", "Ann"}
    assert set(_writers("2 runs say that Jo wrote them, and Ann wrote their commits")) == {
        "Jo",
        "Ann",
    }
