"""`gitrack site publish`: one commit on a branch of pages, and not for everybody's eyes."""

import json
import threading
from pathlib import Path

import pytest
from click.testing import CliRunner

from gitrack.cli.main import cli
from gitrack.errors import StoreError, UsageError
from gitrack.registry.promotion.hosts.visibility import Visibility
from gitrack.site.publish import NotPublished, refuse_to_tell
from gitrack.store import open_store
from gitrack.store.git.pages import PagesBranch
from gitrack.store.git.repository import Repository


@pytest.fixture
def project(repo: Path, bundles, monkeypatch, git, tmp_path) -> Path:
    """A repository with three runs on its branch, and a bare remote."""
    git(tmp_path, "init", "-q", "--bare", "remote.git")
    git(repo, "remote", "add", "origin", str(tmp_path / "remote.git"))
    monkeypatch.chdir(repo)
    open_store().commit_runs(bundles[:3])
    return repo


@pytest.fixture
def remote(tmp_path) -> Path:
    return tmp_path / "remote.git"


def publish(*arguments: str, members: bool = True):
    words = ["site", "publish", *(["--members-only"] if members else []), *arguments]
    return CliRunner().invoke(cli, words)


def one_more(bundles, number: int) -> None:
    open_store().commit_runs([bundles[number]])


def pages(git, remote: Path, branch: str = "gh-pages") -> list[str]:
    return git(remote, "ls-tree", "-r", "--name-only", branch).splitlines()


def test_the_branch_has_one_commit_however_often(project, remote, git, bundles):
    (project / "train.py").write_text("changed, and staged\n")
    git(project, "add", "train.py")
    before = git(project, "status", "--porcelain")

    assert publish().exit_code == 0
    first = git(remote, "rev-parse", "gh-pages")
    one_more(bundles, 3)
    done = publish()

    assert done.exit_code == 0, done.output
    assert "of them new" in done.stdout
    assert git(remote, "rev-list", "--count", "gh-pages") == "1"
    assert git(remote, "rev-parse", "gh-pages") != first
    assert {".nojekyll", "index.html", "build.json"} <= set(pages(git, remote))
    assert git(project, "status", "--porcelain").splitlines() == [
        *before.splitlines(),
        "?? .tracking/",
    ]
    assert git(project, "branch", "--list", "gh-pages") == ""


def test_what_is_published_is_what_was_built(project, remote, git):
    publish()

    site = project / ".tracking/site"
    built = {p.relative_to(site).as_posix() for p in site.rglob("*") if p.is_file()}
    assert set(pages(git, remote)) == built | {".nojekyll"}
    assert git(remote, "show", "gh-pages:index.html") == (site / "index.html").read_text().strip()


def test_the_same_site_is_not_sent_twice(project, remote, git):
    publish()
    tip = git(remote, "rev-parse", "gh-pages")

    done = publish("--json")

    told = json.loads(done.stdout)
    assert (told["sent"], told["fresh"], told["commit"]) == (False, 0, tip)


def test_a_trial_sends_nothing(project, remote, git):
    done = publish("--dry-run")

    assert "would be published to gh-pages of origin" in done.stdout
    assert git(remote, "for-each-ref") == ""
    assert git(project, "for-each-ref", "refs/gitrack/pages") == ""


def test_from_another_clone(project, remote, git, bundles, tmp_path, monkeypatch):
    publish()
    git(project, "push", "-q", "origin", "main", "gitrack")
    git(tmp_path, "clone", "-q", "-b", "main", str(remote), "other")
    monkeypatch.chdir(tmp_path / "other")
    one_more(bundles, 3)

    done = publish()

    assert done.exit_code == 0, done.output
    assert git(remote, "rev-list", "--count", "gh-pages") == "1"
    monkeypatch.chdir(project)
    one_more(bundles, 4)
    assert publish().exit_code == 0


def test_a_branch_of_others_is_left_alone(project, remote, git):
    git(project, "push", "-q", "origin", "main:gh-pages")
    tip = git(remote, "rev-parse", "gh-pages")

    done = publish()

    assert isinstance(done.exception, NotPublished)
    assert "holds something else than a site of gitrack" in str(done.exception)
    assert git(remote, "rev-parse", "gh-pages") == tip
    assert publish("--branch", "experiments").exit_code == 0
    assert publish("--replace").exit_code == 0
    assert "index.html" in pages(git, remote)


def test_whoever_was_faster_is_not_overwritten(project, remote, git, bundles, monkeypatch):
    publish()
    one_more(bundles, 3)
    send = PagesBranch.send

    def late(self, commit, replaces):
        git(remote, "update-ref", "refs/heads/gh-pages", git(project, "rev-parse", "main"))
        send(self, commit, replaces)

    git(project, "push", "-q", "origin", "main")
    monkeypatch.setattr(PagesBranch, "send", late)
    done = publish()

    assert isinstance(done.exception, StoreError)
    assert "somebody else has published to gh-pages" in str(done.exception)
    assert git(remote, "rev-parse", "gh-pages") == git(project, "rev-parse", "main")


def test_a_domain_that_the_pages_were_given_stays(project, remote, git, bundles, tmp_path):
    publish()
    git(tmp_path, "clone", "-q", "-b", "gh-pages", str(remote), "pages")
    (tmp_path / "pages/CNAME").write_text("runs.example.org\n")
    git(tmp_path / "pages", "add", ".")
    git(tmp_path / "pages", "commit", "-q", "-m", "domain")
    git(tmp_path / "pages", "push", "-q")
    one_more(bundles, 3)

    assert publish().exit_code == 0

    assert git(remote, "show", "gh-pages:CNAME") == "runs.example.org"
    assert git(remote, "rev-list", "--count", "gh-pages") == "1"


def test_strange_names_arrive_as_they_are(project, remote, git, tmp_path):
    folder = tmp_path / "odd"
    folder.mkdir()
    names = ['a"b', "ü\n", "back\\slash", "sp ace", "plain"]
    for name in names:
        (folder / name).write_text(name)
    (folder / "link").symlink_to(project / "train.py")
    branch = PagesBranch(Repository.discover(), "odd", "origin")

    saved = branch.save(folder, {}, "odd", Repository.discover().identity())
    branch.send(saved.commit, None)

    listed = git(remote, "ls-tree", "-r", "-z", "--name-only", "odd")
    assert sorted(listed.split("\0")[:-1]) == sorted(names)


def test_public_must_be_committed(project, remote, git):
    (project / ".tracking").mkdir()
    (project / ".tracking/config.yaml").write_text("site: {public: true}\n")

    done = publish(members=False)

    assert isinstance(done.exception, NotPublished)
    assert "written, and not committed" in str(done.exception)
    assert git(remote, "for-each-ref") == ""

    git(project, "add", ".tracking/config.yaml")
    git(project, "commit", "-q", "-m", "the site is for everybody")
    assert publish(members=False).exit_code == 0
    assert git(remote, "log", "-1", "--format=%an", "gh-pages") == "gitrack"


def test_nothing_is_built_where_it_may_not_be_published(project):
    done = publish(members=False)

    assert isinstance(done.exception, NotPublished)
    assert "--members-only" in done.exception.hint
    assert not (project / ".tracking/site").exists()


@pytest.mark.parametrize(
    ("repository", "pages", "public", "vouched", "allowed"),
    [
        ("everybody", "everybody", False, False, True),
        ("everybody", None, False, False, True),
        ("some", "everybody", False, False, False),
        ("some", "everybody", False, True, False),  # the host knows better
        ("some", "everybody", True, False, True),
        ("some", "some", False, False, True),
        ("some", None, False, False, False),
        ("some", None, False, True, True),
        (None, None, False, False, False),
        (None, None, False, True, True),
        (None, None, True, False, True),
    ],
)
def test_who_may_be_told(repository, pages, public, vouched, allowed):
    def judge():
        refuse_to_tell(repository, pages, public=public, vouched=vouched)

    if allowed:
        judge()
    else:
        with pytest.raises(NotPublished):
            judge()


def test_the_host_is_asked(project, monkeypatch, git):
    """A private repository of a host whose pages are open to everybody."""
    from gitrack.registry.promotion.hosts import visibility

    asked = []

    def says(host, token):
        asked.append(host.project)
        return Visibility(repository="some", pages="everybody")

    monkeypatch.setattr(visibility, "visibility", says)
    git(project, "remote", "set-url", "origin", "https://github.com/acme/models.git")

    done = publish()

    assert asked == ["acme/models"]
    assert "its pages are open to everybody" in str(done.exception)


def test_two_at_once_leave_one_whole_site(project, remote, git):
    done = []
    threads = [threading.Thread(target=lambda: done.append(_quiet_publish())) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert None in done  # one of them has come through
    assert git(remote, "rev-list", "--count", "gh-pages") == "1"
    assert "index.html" in pages(git, remote)


def _quiet_publish() -> Exception | None:
    from gitrack.cli.commands.site import publish as command

    try:
        command.main(["--members-only"], standalone_mode=False)
    except StoreError as error:
        return error
    return None


def test_search_engines_are_asked_to_stay_away_unless_they_are_asked_in(project):
    wanted = '<meta name="robots" content="noindex">'
    site = project / ".tracking/site"
    CliRunner().invoke(cli, ["site", "build"], catch_exceptions=False)
    assert all(wanted in page.read_text() for page in site.rglob("*.html"))

    (project / ".tracking/config.yaml").write_text("site: {index: true}\n")
    CliRunner().invoke(cli, ["site", "build"], catch_exceptions=False)
    assert not any("noindex" in page.read_text() for page in site.rglob("*.html"))


@pytest.mark.parametrize("words", [(), ("--replace",), ("--replace", "--dry-run")])
@pytest.mark.parametrize("branch", ["gitrack", "main"])
def test_no_site_takes_the_place_of_runs_or_of_code(project, remote, git, branch, words):
    git(project, "push", "-q", "origin", "gitrack", "main")
    tip = git(remote, "rev-parse", branch)

    done = publish("--branch", branch, *words)

    assert isinstance(done.exception, UsageError | NotPublished)
    assert branch in str(done.exception)
    assert "--replace" not in str(done.exception)
    assert git(remote, "rev-parse", branch) == tip


def test_a_repository_for_the_pages_alone_may_have_them_on_main(project, git, tmp_path):
    git(tmp_path, "init", "-q", "--bare", "pages.git")
    git(project, "remote", "add", "pages", str(tmp_path / "pages.git"))

    done = publish("--remote", "pages", "--branch", "main")

    assert done.exit_code == 0, done.output
    assert "index.html" in pages(git, tmp_path / "pages.git", "main")


def test_a_remote_that_takes_no_pages_says_what_can_be_done(project, remote):
    hook = remote / "hooks/pre-receive"
    hook.write_text("#!/bin/sh\necho protected: nobody pushes here >&2\nexit 1\n")
    hook.chmod(0o755)

    done = publish()

    assert "nobody pushes here" in str(done.exception)
    hint = done.exception.hint
    assert "--branch" in hint
    assert "git push" not in hint  # there is no branch of pages here that could be pushed


def test_a_clone_without_the_branch_does_not_empty_the_pages(
    project, remote, git, tmp_path, monkeypatch
):
    """CI checks out one branch and no more: that one knows of no run is no news about runs."""
    git(project, "push", "-q", "origin", "gitrack", "main")
    assert publish().exit_code == 0
    tip = git(remote, "rev-parse", "gh-pages")
    url = f"file://{remote}"
    git(tmp_path, "clone", "-q", "--depth", "1", "--branch", "main", url, "shallow")
    monkeypatch.chdir(tmp_path / "shallow")

    done = publish()

    assert isinstance(done.exception, StoreError)
    assert "gitrack pull" in done.exception.hint
    assert git(remote, "rev-parse", "gh-pages") == tip
    assert "gitrack pull" in CliRunner().invoke(cli, ["site", "build"]).stderr
    assert CliRunner().invoke(cli, ["pull"]).exit_code == 0
    assert publish("--dry-run").exit_code == 0


def test_a_project_that_has_no_run_anywhere_may_be_published(repo, git, tmp_path, monkeypatch):
    git(tmp_path, "init", "-q", "--bare", "remote.git")
    git(repo, "remote", "add", "origin", str(tmp_path / "remote.git"))
    monkeypatch.chdir(repo)

    assert publish().exit_code == 0
