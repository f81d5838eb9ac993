"""Which versions hold which bytes: found, remembered, and never wrong."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from gitrack.errors import GitrackError
from gitrack.model.named import ArtifactVersion
from gitrack.store.index.contents import Contents
from gitrack.store.memory import MemoryBranch
from gitrack.store.named import NamedArtifacts, dump, version_path


class Counting(MemoryBranch):
    """Counts the files that are opened."""

    opened = 0

    def read_many(self, ids: Iterable[str]) -> Any:
        wanted = list(ids)
        self.opened += len(wanted)
        return super().read_many(wanted)


def md5(number: int) -> str:
    return f"{number:032x}"


def a_version(number: int, **fields: Any) -> bytes:
    known: dict[str, Any] = {"path": "d.csv", "md5": md5(number), "created": "2024", **fields}
    run = "20241022-143012-7k3f9q"
    return dump(ArtifactVersion(name="d", version=number, run=run, **known))


def a_branch(count: int, **others: bytes) -> Counting:
    branch = Counting()
    files = {version_path("d", n): a_version(n) for n in range(1, count + 1)}
    branch.commit({**files, **others}, "versions")
    return branch


def test_another_process_opens_only_what_has_come_since(tmp_path: Path) -> None:
    branch = a_branch(100)
    assert Contents(branch, tmp_path).paths("d", md5(7), at=branch.tip()) == [version_path("d", 7)]
    branch.opened = 0
    branch.commit({version_path("d", 101): a_version(101), version_path("d", 3): None}, "more")

    contents = Contents(branch, tmp_path)

    assert contents.paths("d", md5(101), at=branch.tip()) == [version_path("d", 101)]
    assert contents.paths("d", md5(3), at=branch.tip()) == []
    assert contents.paths("d", md5(7), at=branch.tip()) == [version_path("d", 7)]
    assert branch.opened == 1


def test_an_older_commit_is_told_as_it_was(tmp_path: Path) -> None:
    branch = a_branch(50)
    before = branch.tip()
    branch.commit({version_path("d", 3): None}, "less")
    contents = Contents(branch, tmp_path)

    assert contents.paths("d", md5(3), at=branch.tip()) == []
    assert contents.paths("d", md5(3), at=before) == [version_path("d", 3)]


@pytest.mark.parametrize("damage", [b"", b"00000000\n[]", b"\xff" * 90])
def test_a_damaged_memory_is_made_anew(tmp_path: Path, damage: bytes) -> None:
    branch = a_branch(50)
    Contents(branch, tmp_path).paths("d", md5(1), at=branch.tip())
    (file,) = tmp_path.iterdir()
    file.write_bytes(damage)

    found = Contents(branch, tmp_path).paths("d", md5(9), at=branch.tip())

    assert found == [version_path("d", 9)]


def test_a_folder_that_cannot_be_written_does_no_harm(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    branch = a_branch(50)

    found = Contents(branch, tmp_path / "file").paths("d", md5(9), at=branch.tip())

    assert found == [version_path("d", 9)]


def test_what_is_written_by_hand_is_opened_whatever_is_asked(tmp_path: Path) -> None:
    odd = version_path("d", 51)
    branch = a_branch(50, **{odd: a_version(51).replace(b'"' + md5(51).encode() + b'"', b"'x'")})

    assert Contents(branch).paths("d", md5(9), at=branch.tip()) == [version_path("d", 9), odd]


def test_what_cannot_be_read_is_among_all_and_not_remembered(tmp_path: Path) -> None:
    branch = a_branch(50)
    whole = MemoryBranch.read_many

    def lacking(ids: Iterable[str]) -> Any:
        for place, (id, data) in enumerate(whole(branch, ids)):
            yield id, GitrackError("missing") if place == 0 else data

    branch.read_many = lacking  # type: ignore[method-assign]  # an object that is not there
    found = Contents(branch, tmp_path).paths("d", md5(9), at=branch.tip())

    assert found == [version_path("d", 9), version_path("d", 1)]
    assert list(tmp_path.iterdir()) == []


def test_contents_elsewhere_are_found_though_their_place_looks_like_an_md5() -> None:
    uri = f"s3://bucket/{md5(4)}/d.csv"
    branch = a_branch(3, **{version_path("d", 4): a_version(4, md5=None, uri=uri)})

    found = NamedArtifacts(branch).find("d", md5=None, uri=uri)

    assert found is not None
    assert found.version == 4
    assert Contents(branch).paths("d", None, at=branch.tip()) == [version_path("d", 4)]
