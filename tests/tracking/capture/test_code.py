"""The patch gives the working tree back, and taking it touches nothing."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from gitrack.errors import UsageError
from gitrack.store.git.repository import Repository
from gitrack.tracking.capture import code
from gitrack.tracking.capture.code import code_head, code_state, require_clean, without_credentials

Git = Callable[..., str]


def state_of(folder: Path) -> code.CodeState:
    repository = Repository.discover(folder)
    return code_state(repository, code_head(repository))


def tree_of(folder: Path) -> dict[str, tuple[bytes, bool]]:
    """Every file with its content and whether it may be executed; links by their target."""
    found = {}
    for path in folder.rglob("*"):
        name = path.relative_to(folder).as_posix()
        if name.split("/")[0] == ".git" or (path.is_dir() and not path.is_symlink()):
            continue
        content = os.fsencode(path.readlink()) if path.is_symlink() else path.read_bytes()
        found[name] = (content, not path.is_symlink() and os.access(path, os.X_OK))
    return found


def restored(folder: Path, patch: bytes, target: Path, git: Git) -> dict[str, tuple[bytes, bool]]:
    """The tree of a clone at the same commit after `git apply`."""
    git(folder, "clone", "-q", str(folder), str(target))
    (target.parent / "code.patch").write_bytes(patch)
    git(target, "apply", "--whitespace=nowarn", str(target.parent / "code.patch"))
    return tree_of(target)


def fingerprint_of_git(folder: Path) -> dict[str, bytes]:
    return {str(p): p.read_bytes() for p in sorted((folder / ".git").rglob("*")) if p.is_file()}


def test_a_clean_checkout_has_a_commit_and_no_patch(repo: Path, git: Git) -> None:
    state = state_of(repo)

    assert state.patch is None
    assert state.code.commit == git(repo, "rev-parse", "HEAD")
    assert (state.code.branch, state.code.dirty, state.code.untracked) == ("main", False, 0)


@pytest.fixture
def changed(repo: Path, git: Git) -> Path:
    """A checkout with every kind of change at once."""
    files = {
        "text.txt": b"one\ntwo\nthree\n",
        "no newline.txt": b"end",
        "crlf.txt": b"a\r\nb\r\n",
        "latin.txt": "caf\u00e9\n".encode("latin-1"),
        "picture.bin": bytes(range(256)) * 4,
        "gone.txt": b"soon\n",
        "old name.txt": b"".join(b"line %d\n" % n for n in range(40)),
        "tool.sh": b"#!/bin/sh\n",
        "folder/d\u00fcrer \u96ea.txt": b"umlaut\n",
        'quo"te\t.txt': b"odd\n",
        "staged.txt": b"before\n",
    }
    for name, content in files.items():
        (repo / name).parent.mkdir(exist_ok=True)
        (repo / name).write_bytes(content)
    git(repo, "add", ".")
    git(repo, "commit", "-q", "-m", "files")
    (repo / ".gitignore").write_text("ignored/\n")
    for name in (
        "text.txt",
        "crlf.txt",
        "latin.txt",
        "folder/d\u00fcrer \u96ea.txt",
        'quo"te\t.txt',
    ):
        (repo / name).write_bytes((repo / name).read_bytes() + "m\u00e9hr\r\n".encode("latin-1"))
    (repo / "no newline.txt").write_bytes(b"other end")
    (repo / "picture.bin").write_bytes(bytes(reversed(range(256))) * 4)
    (repo / "gone.txt").unlink()
    git(repo, "mv", "old name.txt", "new name.txt")
    (repo / "tool.sh").chmod(0o755)
    (repo / "staged.txt").write_text("staged\n")
    git(repo, "add", "staged.txt")
    (repo / "staged.txt").write_text("and changed again\n")
    (repo / "fresh folder").mkdir()
    (repo / "fresh folder/untracked \u00fc.py").write_text("print('untracked')\n")
    (repo / "fresh folder/empty").touch()
    (repo / "fresh.bin").write_bytes(b"\0\1\2" * 50)
    (repo / "run.sh").write_text("#!/bin/sh\n")
    (repo / "run.sh").chmod(0o755)
    (repo / "link").symlink_to("text.txt")
    (repo / "ignored").mkdir()
    (repo / "ignored/big").write_text("not captured\n")
    return repo


def test_what_gitrack_makes_itself_is_no_code(repo: Path) -> None:
    for name in ("site/index.html", ".site.build-x1/new/index.html", ".site.lock", "views/a.yaml"):
        for top in (repo / ".tracking", repo / "sub/.tracking"):
            (top / name).parent.mkdir(parents=True, exist_ok=True)
            (top / name).write_text("made\n")

    state = state_of(repo)

    assert state.code.untracked == 2
    assert state.patch is not None
    assert b"views/a.yaml" in state.patch
    assert b"site" not in state.patch


def test_git_apply_gives_the_working_tree_back(changed: Path, tmp_path: Path, git: Git) -> None:
    state = state_of(changed)

    assert state.patch is not None
    assert state.code.dirty is True
    assert state.code.untracked == 6
    assert state.warnings == []
    expected = {k: v for k, v in tree_of(changed).items() if not k.startswith("ignored/")}
    assert restored(changed, state.patch, tmp_path / "clone", git) == expected


def test_nothing_of_the_users_is_touched(changed: Path, git: Git) -> None:
    hooks = changed / ".git/hooks"
    hooks.mkdir(exist_ok=True)
    for name in ("post-index-change", "pre-commit", "fsmonitor"):
        (hooks / name).write_text(f"#!/bin/sh\ntouch {changed}/hook-ran\n")
        (hooks / name).chmod(0o755)
    git(changed, "config", "core.fsmonitor", str(hooks / "fsmonitor"))
    before = fingerprint_of_git(changed)

    state_of(changed)

    assert fingerprint_of_git(changed) == before
    assert not (changed / "hook-ran").exists()


@pytest.mark.parametrize(
    "setting",
    [
        ("diff.noprefix", "true"),
        ("diff.mnemonicPrefix", "true"),
        ("diff.external", "false"),
        ("color.ui", "always"),
        ("diff.context", "0"),
        ("diff.relative", "true"),
        ("status.showUntrackedFiles", "no"),
        ("core.splitIndex", "true"),
        ("diff.srcPrefix", "x/"),
        ("diff.wsErrorHighlight", "all"),
    ],
)
def test_settings_of_the_user_do_not_change_the_patch(
    changed: Path, git: Git, setting: tuple[str, str]
) -> None:
    plain = state_of(changed).patch

    git(changed, "config", *setting)

    assert state_of(changed / "folder").patch == plain


def test_text_conversions_do_not_run(changed: Path, git: Git) -> None:
    (changed / ".git/info").mkdir(exist_ok=True)
    (changed / ".git/info/attributes").write_text("*.txt diff=odd\n")
    plain = state_of(changed).patch

    git(changed, "config", "diff.odd.textconv", f"touch {changed}/converted; cat")
    git(changed, "config", "diff.odd.command", f"touch {changed}/compared; true")

    assert state_of(changed).patch == plain
    assert not (changed / "converted").exists()
    assert not (changed / "compared").exists()


def test_a_subfolder_knows_its_place_and_takes_the_whole_patch(changed: Path) -> None:
    state = state_of(changed / "fresh folder")

    assert state.code.subfolder == "fresh folder"
    assert state.patch == state_of(changed).patch


def test_a_repository_without_a_commit_gives_everything(tmp_path: Path, git: Git) -> None:
    folder = tmp_path / "fresh"
    folder.mkdir()
    git(folder, "init", "-q")
    (folder / "added.py").write_text("a\n")
    git(folder, "add", "added.py")
    (folder / "other.py").write_text("b\n")

    state = state_of(folder)

    assert (state.code.commit, state.code.branch) == (None, "main")
    assert state.patch is not None
    target = tmp_path / "target"
    target.mkdir()
    git(target, "init", "-q")
    git(target, "apply", "-", stdin=state.patch.decode())
    assert tree_of(target) == tree_of(folder)


def test_in_the_middle_of_a_merge_the_patch_still_applies(
    repo: Path, tmp_path: Path, git: Git
) -> None:
    git(repo, "checkout", "-q", "-b", "other")
    (repo / "train.py").write_text("other\n")
    git(repo, "commit", "-qam", "other")
    git(repo, "checkout", "-q", "main")
    (repo / "train.py").write_text("main\n")
    git(repo, "commit", "-qam", "main")
    subprocess.run(["git", "-C", repo, "merge", "other"], capture_output=True, check=False)
    (repo / "new.py").write_text("new\n")

    state = state_of(repo)

    assert state.patch is not None
    assert restored(repo, state.patch, tmp_path / "clone", git) == tree_of(repo)


def test_a_detached_head_and_a_bare_repository(repo: Path, tmp_path: Path, git: Git) -> None:
    git(repo, "checkout", "-q", "--detach")
    assert state_of(repo).code.branch is None

    git(repo, "clone", "-q", "--bare", str(repo), str(tmp_path / "bare"))
    state = state_of(tmp_path / "bare")
    assert state.code.commit == git(repo, "rev-parse", "HEAD")
    assert state.code.dirty is None


def test_a_worktree_takes_its_own_changes(repo: Path, tmp_path: Path, git: Git) -> None:
    git(repo, "worktree", "add", "-q", str(tmp_path / "tree"), "-b", "side")
    (tmp_path / "tree/new.py").write_text("new\n")
    (repo / "elsewhere.py").write_text("not here\n")

    state = state_of(tmp_path / "tree")

    assert state.code.branch == "side"
    assert state.patch is not None
    assert b"new.py" in state.patch
    assert b"elsewhere" not in state.patch


def test_a_changed_submodule_is_a_change_and_its_inside_a_warning(
    repo: Path, tmp_path: Path, git: Git
) -> None:
    inner = tmp_path / "inner"
    inner.mkdir()
    git(inner, "init", "-q")
    (inner / "lib.py").write_text("1\n")
    git(inner, "add", ".")
    git(inner, "commit", "-qm", "inner")
    git(repo, "-c", "protocol.file.allow=always", "submodule", "add", "-q", str(inner), "lib")
    git(repo, "commit", "-qm", "with lib")

    (repo / "lib/lib.py").write_text("2\n")
    dirty = state_of(repo)
    git(repo / "lib", "commit", "-qam", "moved")
    moved = state_of(repo)

    assert "submodule lib has uncommitted changes" in dirty.warnings[0]
    assert dirty.code.dirty is True
    assert moved.patch is not None
    assert f"+Subproject commit {git(repo / 'lib', 'rev-parse', 'HEAD')}\n".encode() in moved.patch


def test_what_is_too_large_is_left_out_by_name(
    repo: Path, tmp_path: Path, git: Git, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(code, "LONGEST_PATCH", 5_000)
    monkeypatch.setattr(code, "LARGEST_UNTRACKED", 1_000)
    (repo / "train.py").write_text("small change\n")
    git(repo, "add", ".")
    (repo / "long.py").write_text("".join(f"line {n}\n" for n in range(1000)))
    git(repo, "add", "long.py")
    (repo / "big.csv").write_text("x" * 2_000)
    (repo / "evil\ndiff --git a\\b\n.bin").write_bytes(b"\0" * 1_500)
    (repo / "small.py").write_text("small\n")

    state = state_of(repo)

    assert state.patch is not None
    head = state.patch[: state.patch.index(b"\ndiff --git")].decode()
    assert all(line.startswith("# gitrack: ") for line in head.splitlines())
    assert "big.csv (2000 bytes)" in head
    assert "long.py" in head
    assert "code.patch leaves out" in state.warnings[0]
    found = restored(repo, state.patch, tmp_path / "clone", git)
    assert set(found) == {"train.py", "small.py"}
    assert found["train.py"][0] == b"small change\n"


def test_a_repository_inside_and_an_unreadable_file_are_left_out(repo: Path, git: Git) -> None:
    (repo / "vendored").mkdir()
    git(repo / "vendored", "init", "-q")
    (repo / "vendored/x").touch()
    (repo / "fine.py").write_text("fine\n")

    state = state_of(repo)

    assert state.patch is not None
    assert b"vendored/ (a repository of its own)" in state.patch
    assert b"fine.py" in state.patch


def test_names_that_are_not_utf8_are_captured(repo: Path) -> None:
    name = os.fsdecode(b"caf\xe9 [x].py")
    (repo / name).write_text("latin\n")

    state = state_of(repo)

    assert state.patch is not None
    assert b"caf\\351 [x].py" in state.patch


def test_leaked_variables_of_a_hook_do_not_mislead(
    changed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = state_of(changed)
    monkeypatch.setenv("GIT_INDEX_FILE", "/nowhere/index")
    monkeypatch.setenv("GIT_DIR", "/nowhere")

    assert state_of(changed) == plain


def test_require_clean_names_what_is_not(repo: Path) -> None:
    (repo / "scratch.txt").write_text("untracked files are no changes\n")
    require_clean(Repository.discover(repo))
    (repo / "train.py").write_text("changed\n")

    with pytest.raises(UsageError, match=r"uncommitted changes: train\.py; commit them"):
        require_clean(Repository.discover(repo))


def test_the_remote_is_the_one_that_the_branch_follows(repo: Path, git: Git) -> None:
    assert code_head(Repository.discover(repo)).remote is None
    git(repo, "remote", "add", "up", "https://ada:pass@example.com/up.git")
    assert code_head(Repository.discover(repo)).remote == "https://example.com/up.git"
    git(repo, "remote", "add", "origin", "git@example.com:team/project.git")
    assert code_head(Repository.discover(repo)).remote == "git@example.com:team/project.git"
    git(repo, "config", "branch.main.remote", "up")
    assert code_head(Repository.discover(repo)).remote == "https://example.com/up.git"
    git(repo, "remote", "set-url", "up", "/home/ada/up.git")
    assert code_head(Repository.discover(repo)).remote is None


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://example.com/a.git", "https://example.com/a.git"),
        ("https://user:pw@example.com/a.git?token=x", "https://example.com/a.git"),
        ("https://token@example.com:8443/a", "https://example.com:8443/a"),
        ("https://us@er:p@w@example.com/a", "https://example.com/a"),
        ("ssh://git:pw@example.com/a", "ssh://git@example.com/a"),
        ("ssh://git@example.com/a", "ssh://git@example.com/a"),
        ("git@example.com:a/b.git", "git@example.com:a/b.git"),
        ("s3://bucket/key", "s3://bucket/key"),
        ("HTTPS://u:p@EXAMPLE.com/a", "HTTPS://EXAMPLE.com/a"),
    ],
)
def test_urls_are_shown_without_credentials(url: str, shown: str) -> None:
    assert without_credentials(url) == shown
