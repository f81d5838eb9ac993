"""The code of runs, so that a page can show what differs between any two of them.

Everything is named by git's own ids, so a file never changes once it is there, and what two commits
share is kept once. A page walks two folders side by side and loads only where their ids differ.

`data/code/commits.js`, the commits from which runs were started and those between them:

    gitrack.commits({
      "runs":    [[commit, folder | null], …],    the code commits of runs, and the id of their
                                                  outermost folder; null: not in this clone
      "commits": [[id, [parent, …], seconds, subject, author | null], …],    newest first
      "cut":     false                            true where older ones are left out
    })
    gitrack.commits(null)                         the site shows no code

`data/code/<folder id>.js`, a folder, for those that are not the same in all of these commits:

    gitrack.tree(id, [[name, kind, id], …])       kind: "tree", "file", "link" or "module"
    gitrack.tree(id, null)                        too many files in it

`data/code/<file id>.js`, a file, for those that are not the same in all of these commits:

    gitrack.blob(id, text, null)
    gitrack.blob(id, null, why)                   "binary", "large" or "private"

`assets/code.js` has the walk, for pages that compare:

    await gitrack.code.commits()                  the above, or null where the site shows no code
    await gitrack.code.files(one, other)          [[path, id in one | null, id in other | null], …]
                                                  or null where one of the commits is not here
    await gitrack.code.text(id)                   {text, why}; {null, "missing"} where it is not
    await gitrack.code.between(one, other)        [[commit, …], true where older ones are left out]:
                                                  those that only `other` has, newest first; or null
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial
from typing import Any

from gitrack.errors import GitrackError
from gitrack.model.run import Fault
from gitrack.site import display, links, scripts
from gitrack.site.code.differing import differing
from gitrack.site.contents import Contents
from gitrack.site.incremental import Made, Unit
from gitrack.site.parts import Units
from gitrack.store.git.ancestry import PastCommit
from gitrack.store.git.code_history import CodeHistory

_COMMIT = re.compile(r"(?:[0-9a-f]{40}|[0-9a-f]{64})\Z", re.ASCII)
#: The code of older runs is left to git.
_MOST_RUNS = 500
_MOST_COMMITS = 3_000
_MOST_FILE = 200_000
_MOST_BYTES = 40_000_000
_SUBJECT = 120


def units(contents: Contents) -> Units:
    """The commits, then folder by folder and file by file."""
    history = contents.extras.code
    commits = _commits(contents)
    if history is None:
        yield Unit("code", None, _nothing)
        return
    roots = [(commit, history.root(commit)) for commit in commits]
    inputs = (contents.settings, roots, history.edge())
    made = yield Unit("code", inputs, partial(_index, history, roots, contents.hide.public))
    for id, full in made.note[0] if made.note else ():
        yield Unit(f"code-folder:{id}", (id, full), partial(_folder, history, id, full))
    for id, why in made.note[1] if made.note else ():
        yield Unit(f"code-file:{id}", (id, why), partial(_file, history, id, why))


def _nothing() -> Made:
    """The site shows no code, and pages need not look for it."""
    return Made({links.code_data("commits"): scripts.call("commits", None)})


def _commits(contents: Contents) -> list[str]:
    """The code commits of runs, those of the newest runs first."""
    told = (entry.run.code.commit for entry in contents.known if entry.run.code)
    distinct = dict.fromkeys(id for id in told if id and _COMMIT.match(id))
    return list(distinct)[:_MOST_RUNS]


def _index(history: CodeHistory, roots: Sequence[tuple[str, str | None]], public: bool) -> Made:
    """All commits, and what else there is to write: a note of it, for folders and files."""
    faults = []
    here = sorted(commit for commit, root in roots if root is not None)
    past: list[PastCommit] = []
    cut = False
    folders: list[tuple[str, bool]] = []
    files: list[tuple[str, str | None]] = []
    try:
        if here:
            past, cut = history.below(here, most=_MOST_COMMITS)
        found = differing({root for _, root in roots if root is not None}, history.folder)
        folders = [(id, id in found.full) for id in sorted(found.folders)]
        files = _left_out(history.sizes(sorted(found.files)), found.private)
    except GitrackError as error:  # a damaged clone: pages say that the code is not here
        faults.append(Fault(path="code", why=error.message, hint=error.hint))
        roots = [(commit, None) for commit, _ in roots]
    told = {
        "runs": roots,
        "commits": [
            [one.id, one.parents, one.authored, _subject(one), None if public else _who(one)]
            for one in past
        ],
        "cut": cut,
    }
    data = scripts.call("commits", told)
    return Made({links.code_data("commits"): data}, faults, note=(folders, files))


def _left_out(sizes: dict[str, int], private: set[str]) -> list[tuple[str, str | None]]:
    """Every file, and why its text is left out: the largest ones where all would be too much."""
    total = 0
    kept: dict[str, str | None] = {}
    for size, id in sorted((size, id) for id, size in sizes.items()):
        why = "private" if id in private else "large" if size > _MOST_FILE else None
        if why is None:
            total += size
            why = "large" if total > _MOST_BYTES else None
        kept[id] = why
    return sorted(kept.items())


def _folder(history: CodeHistory, id: str, full: bool) -> Made:
    listed: Any = None
    if not full:
        inside = history.folder(id)
        listed = [[item.name.decode("utf-8", "replace"), item.kind, item.id] for item in inside]
    return Made({links.code_data(id): scripts.call("tree", id, listed)})


def _file(history: CodeHistory, id: str, why: str | None) -> Made:
    text = None
    if why is None:
        text = _text(history.file(id))
        why = "binary" if text is None else None
    return Made({links.code_data(id): scripts.call("blob", id, text, why)})


def _text(data: bytes) -> str | None:
    """A file's text without what looks like a secret; None for what is no text."""
    from gitrack.tracking.capture.secrets import Scanner  # late: few builds have new files

    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return None
    if "\0" in text:
        return None
    # a scanner of its own: what it has seen elsewhere must not matter here
    return Scanner("redact").clean_bytes("", data).decode("utf-8", "replace") if text else ""


def _subject(commit: PastCommit) -> str:
    first = commit.message.lstrip("\n").partition("\n")[0].strip()
    return first if len(first) <= _SUBJECT else f"{first[: _SUBJECT - 1]}…"


def _who(commit: PastCommit) -> str | None:
    return display.person(commit.author)
