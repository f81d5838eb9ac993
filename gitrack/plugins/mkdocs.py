"""A plugin of MkDocs that mounts the site of a project in its documentation.

    plugins:
      - gitrack: {at: experiments}
    nav:
      - Experiments: experiments/index.html

Links from Markdown to its pages are checked as those to any other page.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, Literal

from mkdocs.config import config_options as options
from mkdocs.config.base import Config
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import ConfigurationError, PluginError
from mkdocs.plugins import BasePlugin, get_plugin_logger
from mkdocs.structure.files import File, Files

_PLACE = re.compile(r"[A-Za-z0-9_-]+(?:/[A-Za-z0-9_-]+)*\Z")
#: Copies of what runs have left: some may be Markdown, which is not ours to render.
_LEFT_BY_RUNS = "files/"

log = get_plugin_logger("gitrack")


class Settings(Config):  # type: ignore[no-untyped-call]  # MkDocs leaves it untyped
    """What stands under the plugin's name in `mkdocs.yml`."""

    at = options.Type(str, default="experiments")
    project = options.Type(str, default=".")
    members_only = options.Type(bool, default=False)
    enabled = options.Type(bool, default=True)


class GitrackPlugin(BasePlugin[Settings]):  # type: ignore[no-untyped-call]  # likewise
    """Builds the site as `gitrack site build` does, and lays it into the documentation."""

    def __init__(self) -> None:
        self._deploys = False
        self._site: Path | None = None

    def on_startup(self, *, command: Literal["build", "gh-deploy", "serve"], dirty: bool) -> None:
        """Called once, before anything is built."""
        self._deploys = command == "gh-deploy"

    def on_config(self, config: MkDocsConfig) -> MkDocsConfig:
        """Refuse a place that would not lie below the documentation."""
        at = self.config.at
        if not _PLACE.match(at):
            raise ConfigurationError(
                f"gitrack: at is {at!r}, which is no folder below the documentation: write it as "
                "experiments, or docs/experiments"
            )
        return config

    def on_files(self, files: Files, *, config: MkDocsConfig) -> Files:
        """Build the site, and make its pages known to whatever links to them."""
        if not self.config.enabled:
            return files
        self._site = self._built(config)
        for place in sorted(self._site.rglob("*.html")):
            path = place.relative_to(self._site).as_posix()
            if path.startswith(_LEFT_BY_RUNS):
                continue
            name = f"{self.config.at}/{path}"
            if files.get_file_from_path(name) is not None:
                raise PluginError(f"gitrack: {name} lies in {config.docs_dir} already")
            files.append(File.generated(config, name, abs_src_path=str(place)))
        return files

    def on_post_build(self, *, config: MkDocsConfig) -> None:
        """Lay everything else beside the pages."""
        if self._site is not None and self.config.enabled:
            target = Path(config.site_dir) / self.config.at
            shutil.copytree(self._site, target, dirs_exist_ok=True)

    def _built(self, config: MkDocsConfig) -> Path:
        project = Path(config.config_file_path).parent / self.config.project
        if self._deploys:
            self._ask_whether_to_deploy(project, config.remote_name)
        told = _gitrack(project, "site", "build", "--json")
        log.info("%s runs at %s/", told["runs"], self.config.at)
        return Path(told["output"])

    def _ask_whether_to_deploy(self, project: Path, remote: str) -> None:
        """`mkdocs gh-deploy` shows the pages to everybody whom the host lets see them."""
        words = ["--members-only"] if self.config.members_only else []
        # whatever the branch of the documentation holds, MkDocs replaces itself
        known = ["--dry-run", "--replace", "--remote", remote, "--json"]
        _gitrack(project, "site", "publish", *known, *words)


def _gitrack(project: Path, *words: str) -> Any:
    """What a command of gitrack prints; what it says besides goes where MkDocs' words go."""
    command = [sys.executable, "-m", "gitrack", "-C", str(project), *words]
    done = subprocess.run(
        command, capture_output=True, text=True, encoding="utf-8", errors="replace", check=False
    )
    if done.returncode:
        said = [line for line in done.stderr.splitlines() if line.strip()]
        why = "\n".join(said or [f"exit code {done.returncode}"])
        # what the command line takes as an option stands in mkdocs.yml here
        why = why.replace("--members-only", "members_only: true to the plugin in mkdocs.yml")
        raise PluginError(f"gitrack: {why}")
    for line in done.stderr.splitlines():
        log.info("%s", line)
    return json.loads(done.stdout)
