"""The code of runs: only what differs, named by git's ids, and nothing that is to stay private."""

from __future__ import annotations

import json

import msgspec
import pytest

from gitrack.model.run import Code, RunBundle
from gitrack.site import build_site
from gitrack.site.code.differing import differing, is_private
from gitrack.site.extras import Extras
from gitrack.store.git.code_history import CodeHistory, InFolder
from gitrack.store.git.repository import Repository
from tests.site.flights import MadeStore, flights


@pytest.fixture
def commit(repo, git):
    """`commit(**{"src/a.py": "text", "old.py": None})` gives its id."""

    def make(message="change", **files):
        for path, text in files.items():
            if text is None:
                git(repo, "rm", "-q", path)
                continue
            place = repo / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(text.encode() if isinstance(text, str) else text)
            git(repo, "add", "-f", path)
        git(repo, "commit", "-qm", message)
        return git(repo, "rev-parse", "HEAD")

    return make


@pytest.fixture
def built(repo, tmp_path):
    """`built(commits)`: what the site tells of runs that were started from these."""

    def build(*commits, name="site", hidden=False, **options):
        bundles = [
            RunBundle(
                run=msgspec.structs.replace(bundle.run, code=Code(commit=one)), files=bundle.files
            )
            for bundle, one in zip(flights(), commits, strict=False)
        ]
        extras = Extras(code=None if hidden else CodeHistory(Repository.discover(repo)))
        folder = tmp_path / name
        known = {"title": "T", "commit": "c" * 40, "extras": extras, **options}
        build_site(MadeStore(bundles), folder, **known)
        return told(folder)

    return build


def told(folder):
    """Every call of the scripts below `data/code/`: by function, then by first argument."""
    found = {"tree": {}, "blob": {}}
    for path in (folder / "data/code").iterdir():
        function, _, rest = path.read_text().partition("(")
        values = json.loads(f"[{rest.removesuffix(');' + chr(10))}]")
        if function == "gitrack.commits":
            found["commits"] = values[0]
        else:
            found[function.removeprefix("gitrack.")][values[0]] = values[1:]
    return found


def texts(found):
    return sorted(text for text, why in found["blob"].values() if why is None)


def test_files_that_differ_are_there_and_no_others(commit, built):
    first = commit(**{"src/deep/train.py": "print(1)\n", "lib/same.py": "same\n", "gone.py": "g\n"})
    second = commit(
        "better", **{"src/deep/train.py": "print(2)\n", "gone.py": None, "new/n.py": "n"}
    )

    found = built(first, second)

    assert texts(found) == ["g\n", "n", "print(1)\n", "print(2)\n"]
    names = {name for (items,) in found["tree"].values() for name, _, _ in items}
    assert {"src", "deep", "train.py", "gone.py", "lib"} <= names
    assert "same.py" not in names
    assert [row[3:] for row in found["commits"]["commits"][:2]] == [
        ["better", "Ada Example"],
        ["change", "Ada Example"],
    ]
    assert found["commits"]["commits"][0][1] == [first]
    assert dict(found["commits"]["runs"]).keys() == {first, second}


def test_a_commit_that_is_not_in_the_clone_is_told_as_such(commit, built):
    here = commit(**{"a.py": "a"})

    found = built(here, "f" * 40, "no id at all")

    assert dict(found["commits"]["runs"]) == {
        here: dict(found["commits"]["runs"])[here],
        "f" * 40: None,
    }
    assert not found["blob"]


def test_what_is_no_text_or_not_to_be_shown_has_no_text(commit, built):
    first = commit(**{"a.bin": b"\0\1", ".env": "X=1", "big.txt": "x" * 300_000, "a.py": "one"})
    key = "AKIA" + "QWERTYUIOPASDFGH"
    second = commit(
        **{"a.bin": b"\0\2", ".env": "X=2", "big.txt": "y" * 300_000, "a.py": f"key = '{key}'\n"}
    )

    found = built(first, second)

    assert sorted(why for _, why in found["blob"].values() if why) == [
        *("binary", "binary", "large", "large", "private", "private")
    ]
    assert len(texts(found)) == 2
    assert not any(key in text for text in texts(found))


def test_a_site_without_code_says_so(commit, built):
    assert built(commit(**{"a.py": "a"}), hidden=True) == {"tree": {}, "blob": {}, "commits": None}


def test_a_public_site_names_nobody(commit, built):
    from gitrack.site import Hide

    found = built(commit(**{"a.py": "a"}), hide=Hide(public=True))

    assert {row[4] for row in found["commits"]["commits"]} == {None}


def test_one_more_commit_gives_the_bytes_of_a_full_build(commit, built, tmp_path):
    commits = [commit(**{"src/a.py": "1", "b.py": "b"}), commit(**{"src/a.py": "2"})]
    cache = tmp_path / "cache"
    built(*commits, cache=cache)
    kept = {path: path.stat().st_ino for path in (tmp_path / "site/data/code").iterdir()}
    commits.append(commit(**{"src/a.py": "3", "b.py": None}))

    assert built(*commits, cache=cache) == built(*commits, name="whole")
    moved = [path.name for path, inode in kept.items() if path.stat().st_ino != inode]
    assert moved == ["commits.js"]


def test_a_clone_that_was_cut_off_and_no_longer_is_tells_all_commits(repo, commit, built, tmp_path):
    commits = [commit(**{"a.py": str(number)}) for number in range(3)]
    edge = repo / ".git/shallow"
    edge.write_text(f"{commits[-1]}\n")
    cache = tmp_path / "cache"
    assert len(built(commits[-1], cache=cache)["commits"]["commits"]) == 1
    edge.unlink()

    found = built(commits[-1], cache=cache)

    assert [row[0] for row in found["commits"]["commits"]][:3] == commits[::-1]
    assert found == built(commits[-1], name="whole")


def items(**entries):
    return [InFolder(name.encode(), kind, id) for name, (kind, id) in entries.items()]


def test_folders_that_are_files_elsewhere_or_missing_are_walked():
    folders = {
        "r1": items(x=("tree", "x"), y=("file", "f1")),
        "r2": items(x=("file", "f2")),
        "x": items(a=("file", "f3"), sub=("tree", "s")),
        "s": items(b=("link", "f4"), m=("module", "f5")),
    }

    found = differing(["r1", "r2"], folders.__getitem__)

    assert found.folders == {"r1", "r2", "x", "s"}
    assert found.files == {"f1", "f2", "f3", "f4"}


def test_what_all_have_in_common_is_never_opened():
    folders = {"r1": items(x=("tree", "x"), y=("file", "1")), "r2": items(x=("tree", "x"))}

    assert differing(["r1", "r2"], folders.__getitem__).files == {"1"}
    assert differing(["r1"], folders.__getitem__).folders == set()


def test_a_folder_of_too_many_files_is_named_and_not_read():
    full = [InFolder(str(n).encode(), "file", str(n)) for n in range(2_001)]

    found = differing(["r1", "r2"], {"r1": full, "r2": items(a=("file", "f"))}.__getitem__)

    assert found.full == {"r1"}
    assert found.files == {"f"}


@pytest.mark.parametrize("name", [b".env", b"Server.PEM", b"id_rsa", b"credentials.json"])
def test_names_of_private_files(name):
    assert is_private(name)
    assert not is_private(b"train.py")
