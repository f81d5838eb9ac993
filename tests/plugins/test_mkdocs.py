"""The plugin of MkDocs, by real builds."""

import subprocess
import sys
from pathlib import Path

import pytest

from gitrack.store import open_store
from tests.site.flights import flights

_SETTINGS = """
site_name: Flights
strict: true
use_directory_urls: true
theme: {name: mkdocs}
plugins:
  - search
  - gitrack: {OPTIONS}
nav:
  - index.md
  - Experiments: PLACE/index.html
"""


@pytest.fixture
def docs(repo: Path, monkeypatch) -> Path:
    """Documentation in a project with three runs."""
    monkeypatch.chdir(repo)
    open_store().commit_runs(flights()[:3])
    (repo / "docs").mkdir()
    (repo / "docs/index.md").write_text("# Flights\n\n[all runs](experiments/runs.html)\n")
    settle(repo)
    return repo


def settle(repo: Path, options: str = "{}", place: str = "experiments") -> None:
    text = _SETTINGS.replace("{OPTIONS}", options).replace("PLACE", place)
    (repo / "mkdocs.yml").write_text(text)


def mkdocs(repo: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "mkdocs", *words]
    return subprocess.run(command, cwd=repo, capture_output=True, text=True, check=False)


def test_the_site_lies_in_the_docs_and_links_to_it_are_checked(docs):
    done = mkdocs(docs, "build")

    assert done.returncode == 0, done.stderr
    built = docs / "site/experiments"
    own = docs / ".tracking/site"
    assert {p.relative_to(built): p.read_bytes() for p in built.rglob("*") if p.is_file()} == {
        p.relative_to(own): p.read_bytes() for p in own.rglob("*") if p.is_file()
    }
    home = (docs / "site/index.html").read_text()
    assert 'href="experiments/"' in home
    assert 'href="experiments/runs.html"' in home

    (docs / "docs/index.md").write_text("[a run](experiments/runs/nowhere.html)\n")
    done = mkdocs(docs, "build")
    assert done.returncode != 0
    assert "nowhere.html" in done.stderr


def test_it_can_be_turned_off_and_put_elsewhere(docs):
    (docs / "docs/index.md").write_text("# Flights\n")
    settle(docs, "{at: team/runs}", "team/runs")
    assert mkdocs(docs, "build").returncode == 0
    assert (docs / "site/team/runs/index.html").is_file()

    settle(docs, "{at: ../outside}")
    done = mkdocs(docs, "build")
    assert done.returncode != 0
    assert "no folder below the documentation" in done.stderr


def test_what_gitrack_refuses_is_said(docs):
    (docs / ".tracking").mkdir(exist_ok=True)
    (docs / ".tracking/config.yaml").write_text("site: {titel: x}\n")

    done = mkdocs(docs, "build")

    assert done.returncode != 0
    assert "titel" in done.stderr
    assert "Traceback" not in done.stderr


def test_private_runs_are_not_deployed_by_mkdocs_either(docs, tmp_path, git):
    git(tmp_path, "init", "-q", "--bare", "remote.git")
    git(docs, "remote", "add", "origin", str(tmp_path / "remote.git"))

    done = mkdocs(docs, "gh-deploy")

    assert done.returncode != 0
    assert "nothing is published" in done.stderr
    assert "members_only: true" in done.stderr  # what can be written in mkdocs.yml
    assert "--members-only" not in done.stderr
    assert git(tmp_path / "remote.git", "for-each-ref") == ""

    settle(docs, "{members_only: true}")
    done = mkdocs(docs, "gh-deploy")
    assert done.returncode == 0, done.stderr
    listed = git(tmp_path / "remote.git", "ls-tree", "-r", "--name-only", "gh-pages")
    assert "experiments/index.html" in listed
