"""Named artifacts on the branch: read, looked up, numbered, and hostile files told by name."""

from __future__ import annotations

from typing import Any

import pytest

from gitrack.errors import InvalidName, NotFound, UnreadableFile
from gitrack.model.named import ArtifactAlias, ArtifactVersion
from gitrack.model.names import alias_name, artifact_name
from gitrack.model.run import Artifact, Run
from gitrack.store.memory import MemoryBranch
from gitrack.store.named import NamedArtifacts, alias_path, dump, version_path
from gitrack.store.numbering import Wish, numbered, pointed

RUN = "20241022-143012-7k3f9q"
TIME = "2024-10-22T14:30:12.000Z"
LATER = "2024-10-23T14:30:12.000Z"


def md5(number: int) -> str:
    return f"{number:032x}"


def a_version(number: int, *, name: str = "flights", **fields: Any) -> ArtifactVersion:
    known: dict[str, Any] = {"run": RUN, "path": "d.parquet", "md5": md5(number), "created": TIME}
    return ArtifactVersion(name=name, version=number, **{**known, **fields})


def on_branch(files: dict[str, bytes]) -> NamedArtifacts:
    branch = MemoryBranch()
    branch.commit(dict(files), "artifacts")
    return NamedArtifacts(branch)


def some(*, count: int = 3, aliases: dict[str, int] | None = None) -> dict[str, bytes]:
    files = {version_path("flights", n): dump(a_version(n)) for n in range(1, count + 1)}
    for alias, number in (aliases or {}).items():
        files[alias_path("flights", alias)] = dump(ArtifactAlias(version=number, set=TIME))
    return files


def a_run(*artifacts: Artifact, id: str = RUN) -> Run:
    return Run(id=id, name="r", experiment="e", started=TIME, author="A <a@b>",
               artifacts=list(artifacts))  # fmt: skip


def apply(files: dict[str, bytes], found: Any) -> dict[str, bytes]:
    return {**files, **{path: data for path, data in found.files.items() if data is not None}}


def test_names_versions_and_aliases_are_read_back():
    known = on_branch(some(count=12, aliases={"best": 2}))

    assert known.names() == ["flights"]
    assert known.numbers("flights") == list(range(1, 13))
    assert known.resolve("flights").version == 12
    assert known.resolve("flights", "v2") == known.resolve("flights", "best") == a_version(2)
    assert known.find("flights", md5=md5(7)) == a_version(7)
    assert known.find("flights", md5=md5(99)) is None


@pytest.mark.parametrize(
    ("name", "wanted", "near"),
    [("flihgts", "latest", "flights"), ("flights", "bets", "best"), ("flights", "v9", "v3"),
     ("Flights", "latest", "flights"), ("../x", "latest", "artifact ls"), ("x", "v1", "ls")],
)  # fmt: skip
def test_what_is_not_there_is_said_with_what_is_near(name, wanted, near):
    known = on_branch(some(aliases={"best": 2}))

    with pytest.raises(NotFound) as caught:
        known.resolve(name, wanted)
    assert near in (caught.value.hint or "")


def test_an_empty_branch_knows_no_name():
    known = NamedArtifacts(MemoryBranch())

    assert known.names() == []
    assert known.faults() == []
    with pytest.raises(NotFound):
        known.resolve("flights")


HOSTILE = {
    version_path("flights", 4): (dump(a_version(5)), "version is 5"),
    version_path("flights", 6): (dump(a_version(6, name="other")), "name is 'other'"),
    version_path("flights", 7): (dump(a_version(7, md5="../../etc")), "hexadecimal"),
    version_path("flights", 8): (dump(a_version(8, run="nobody")), "not a run id"),
    version_path("flights", 9): (dump(a_version(9, path="../../x")), "leads nowhere"),
    version_path("flights", 10): (b"- a\n", "named fields"),
    version_path("flights", 11): (b"a: &x [*x]\n", ""),
    "artifacts/flights/versions/01.yaml": (dump(a_version(1)), "version is 1"),
    "artifacts/flights/versions/x/1.yaml": (dump(a_version(1)), "no version"),
    "artifacts/flights/versions/2.txt": (b"", "no version"),
    "artifacts/flights/note.md": (b"hi", "no version"),
    alias_path("flights", "gone"): (dump(ArtifactAlias(version=77)), "not there"),
    alias_path("flights", "latest"): (dump(ArtifactAlias(version=1)), "cannot be set"),
    alias_path("flights", "v3"): (dump(ArtifactAlias(version=1)), "number of a version"),
    "artifacts/stray.yaml": (b"x: 1\n", "no named artifact"),
    "artifacts/con/versions/1.yaml": (b"x: 1\n", "no named artifact"),
}


@pytest.mark.parametrize("path", HOSTILE)
def test_a_hostile_file_is_a_fault_and_hides_no_other(path):
    data, why = HOSTILE[path]
    known = on_branch({**some(aliases={"best": 2}), path: data})

    told = [fault for fault in known.faults() if path.startswith(fault.path)]
    assert len(told) == 1
    assert why in told[0].why
    assert known.resolve("flights", "best") == a_version(2)
    assert set(range(1, 4)) <= {one.version for one in known.versions("flights")[0]}
    assert known.find("flights", md5=md5(3)) == a_version(3)


def test_a_hostile_version_raises_when_it_is_the_one_that_is_meant():
    known = on_branch({**some(), version_path("flights", 4): dump(a_version(4, md5="x"))})

    with pytest.raises(UnreadableFile, match=r"versions/4\.yaml"):
        known.resolve("flights")


def test_new_contents_take_the_next_number_and_known_ones_none():
    files = some()
    new, old = Artifact(path="a", name="flights", md5=md5(9)), Artifact(
        path="b", name="flights", md5=md5(2)
    )  # fmt: skip
    wishes = [Wish(path="a", time=TIME, aliases=("best",)), Wish(path="b", time=TIME)]

    found = numbered(on_branch(files), a_run(new, old), wishes)

    assert found.versions == {"a": ("flights", 4), "b": ("flights", 2)}
    assert set(found.files) == {version_path("flights", 4), alias_path("flights", "best")}
    known = on_branch(apply(files, found))
    assert known.resolve("flights", "best").md5 == md5(9)
    assert known.resolve("flights").by == "A <a@b>"


def test_the_same_contents_twice_in_one_run_are_one_version():
    one, two = (Artifact(path=path, name="n", md5=md5(1)) for path in "ab")

    found = numbered(
        NamedArtifacts(MemoryBranch()), a_run(one, two),
        [Wish(path="a", time=TIME), Wish(path="b", time=TIME)],
    )  # fmt: skip

    assert found.versions == {"a": ("n", 1), "b": ("n", 1)}
    assert list(found.files) == [version_path("n", 1)]


def test_a_commit_that_comes_again_changes_nothing():
    run = a_run(Artifact(path="a", name="n", md5=md5(1)))
    wishes = [Wish(path="a", time=TIME, aliases=("best",))]
    first = numbered(NamedArtifacts(MemoryBranch()), run, wishes)

    again = numbered(on_branch(apply({}, first)), run, wishes)

    assert again.versions == first.versions
    assert again.files == {}


def test_an_alias_that_was_set_later_stays_where_it_is():
    files = some()
    files[alias_path("flights", "best")] = dump(ArtifactAlias(version=3, set=LATER))
    run = a_run(Artifact(path="a", name="flights", md5=md5(1)))

    late = numbered(on_branch(files), run, [Wish(path="a", time=TIME, aliases=("best",))])
    later = numbered(on_branch(files), run, [Wish(path="a", time=f"{LATER}", aliases=("best",))])

    assert late.files == {}
    assert list(later.files) == [alias_path("flights", "best")]


def test_names_that_differ_by_case_alone_are_one():
    run = a_run(Artifact(path="a", name="FLIGHTS", md5=md5(9)))

    found = numbered(
        on_branch(some(aliases={"best": 1})), run, [Wish(path="a", time=LATER, aliases=("Best",))]
    )

    assert set(found.files) == {version_path("flights", 4), alias_path("flights", "best")}
    assert found.run.artifacts[0].name == "flights"


def test_a_reference_without_md5_is_one_version_for_each_uri():
    def wish(uri: str, known: NamedArtifacts) -> tuple[Any, Any]:
        run = a_run(Artifact(path="a", name="n", store="uri", uri=uri))
        found = numbered(known, run, [Wish(path="a", time=TIME)])
        return found.versions["a"], found

    first, found = wish("s3://b/a\u2028.csv", NamedArtifacts(MemoryBranch()))
    known = on_branch(apply({}, found))

    assert first == ("n", 1)
    assert wish("s3://b/a\u2028.csv", known)[0] == ("n", 1)
    assert wish("s3://b/c.csv", known)[0] == ("n", 2)


def test_an_invented_number_does_not_make_two_versions_one():
    files = {**some(), version_path("flights", 999_999_999): dump(a_version(999_999_999))}
    run = a_run(Artifact(path="a", name="flights", md5=md5(77)))

    with pytest.raises(UnreadableFile, match=r"999999999\.yaml: no number is left"):
        numbered(on_branch(files), run, [Wish(path="a", time=TIME)])


def test_an_alias_is_only_pointed_at_what_is_there():
    known = on_branch(some(aliases={"best": 1}))

    assert list(pointed(known, "flights", "BEST", 2, time=TIME, by=None)) == [
        alias_path("flights", "best")
    ]
    with pytest.raises(NotFound):
        pointed(known, "flights", "best", 9, time=TIME, by=None)


@pytest.mark.parametrize("name", ["", "a/b", "..", ".", "a:b", "con", ".git", "x" * 121, "a\nb", 3])
def test_a_name_that_cannot_be_kept_is_refused(name):
    with pytest.raises(InvalidName):
        artifact_name(name)


@pytest.mark.parametrize("name", ["flights", "données-été", "🚀", "a b", "v3", "latest"])
def test_other_names_are_kept(name):
    assert artifact_name(name) == name


@pytest.mark.parametrize(
    "alias", ["latest", "LATEST", "v3", "V3", "7", "DVC", "a/b", "..", "", "a@b", None]
)
def test_an_alias_that_would_be_taken_for_something_else_is_refused(alias):
    with pytest.raises(InvalidName):
        alias_name(alias)
