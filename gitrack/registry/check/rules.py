"""What any pull request must keep to: where its files lie, that they are new, that they parse."""

from __future__ import annotations

from collections import Counter

import msgspec

from gitrack.artifacts.branch_files import day_files, remote_in
from gitrack.artifacts.pointers import SUFFIX as POINTER
from gitrack.artifacts.pointers import load_pointer
from gitrack.config.safe_yaml import MAX_BYTES
from gitrack.errors import GitrackError, NotFound
from gitrack.model.run import Run
from gitrack.registry.check.changes import Change
from gitrack.registry.check.findings import unreadable
from gitrack.registry.check.sight import BIGGEST_FILE, Sight
from gitrack.registry.check.spots import Kind, Spot
from gitrack.store import named
from gitrack.store.codec.records import load_run, load_value
from gitrack.store.layout import HISTORY, PIPELINE, RECORD

_MOST_TOLD = 50
_MOST_SETTINGS = 10_000
#: What may be said of a run after it has ended.
LABELS = frozenset(("name", "notes", "tags"))
_APPEND_ONLY = {
    Kind.EVIDENCE: "evidence",
    Kind.ARTIFACT_VERSION: "a version of a named artifact",
}
_MODES = {
    b"100755": "is executable",
    b"120000": "is a symbolic link",
    b"160000": "is a submodule, a pointer to another repository",
    b"100664": "has a file mode that git no longer writes",
}


def check_files(sight: Sight) -> None:
    """Every rule that needs no promotion."""
    _belongs(sight)
    _portable(sight)
    _sizes(sight)
    _runs(sight)
    _days(sight)
    _named_artifacts(sight)


def _belongs(sight: Sight) -> None:
    counted: Counter[str] = Counter()
    for spot, change in sight.spots.values():
        if spot.kind is Kind.OTHER:
            counted[spot.why] += 1
            if counted[spot.why] <= _MOST_TOLD:
                says = f"{change.what} a file where none may be changed: {spot.why}"
                sight.refuse("forbidden-path", says, spot.do, change.path)
        elif change.after is not None and change.after.mode != b"100644":
            why = _MODES.get(change.after.mode, f"has the mode {change.after.mode!r}")
            sight.refuse(
                "file-mode",
                f"{why}; this branch holds plain files only",
                "commit it as a plain file of mode 100644, or leave it out",
                change.path,
            )
        if spot.kind in _APPEND_ONLY and change.before is not None:
            sight.refuse(
                "append-only",
                f"{change.what} {_APPEND_ONLY[spot.kind]} that is on the base already; "
                "what was recorded stays as it was",
                "restore the file, and record what is new in a file of its own",
                change.path,
            )


def _portable(sight: Sight) -> None:
    for path, other in sight.changes.collisions:
        sight.refuse(
            "same-name",
            f"differs from {other} in case or accents only: on Windows and macOS the two are one",
            "give it another name",
            path,
        )


def _sizes(sight: Sight) -> None:
    for spot, change in sight.spots.values():
        if change.after is None:
            continue
        size = sight.sizes.get(change.after.id)
        if size is None:
            if change.after.mode != b"160000":
                sight.refuse(
                    "missing",
                    "its contents are not in this clone",
                    "fetch the pull request whole, without a filter",
                    change.path,
                )
            continue
        plain = spot.kind is not Kind.RUN or spot.name == RECORD
        most = MAX_BYTES if plain else BIGGEST_FILE
        if size > most:
            sight.refuse(
                "too-big",
                f"has {size:,} bytes, more than the {most:,} that such a file may have",
                "keep large content out of git: gitrack logs it as a heavy file",
                change.path,
            )


# -- runs -----------------------------------------------------------------------------------


def _runs(sight: Sight) -> None:
    by_run: dict[str, dict[str, Change]] = {}
    for spot, change in sight.of(Kind.RUN):
        by_run.setdefault(spot.owner, {})[spot.name] = change
    promoted = _runs_of_promotions(sight)
    new: dict[str, str] = {}
    for folder, files in by_run.items():
        if sight.trees.folder(sight.base, folder) is None:
            id = folder.rpartition("/")[2]
            if new.setdefault(id, folder) != folder:
                sight.refuse(
                    "same-run",
                    f"adds the run {id} twice, here and in {new[id]}",
                    "a copied run needs an id of its own",
                    folder,
                )
            _new_run(sight, folder, files)
        else:
            _old_run(sight, folder, files, promoted)


def _new_run(sight: Sight, folder: str, files: dict[str, Change]) -> None:
    record = files.get(RECORD)
    id = folder.rpartition("/")[2]
    if record is None or record.after is None:
        sight.refuse(
            "incomplete",
            f"adds files of a run {id} that has no {RECORD}",
            "push the whole run: gitrack push",
            folder,
        )
        return
    elsewhere = sight.folder_of_run(id)
    if elsewhere is not None:
        sight.refuse(
            "same-run",
            f"the run {id} is on the base already, in {elsewhere}",
            "a copied run needs an id of its own",
            record.path,
        )
    run = _run(sight, record)
    for name, change in files.items():
        _run_file(sight, name, change)
    if run is not None:
        _artifacts_there(sight, folder, run, files)


def _run(sight: Sight, change: Change) -> Run | None:
    if change.after is None or sight.sizes.get(change.after.id, 0) > MAX_BYTES:
        return None
    try:
        return load_run(change.path, sight.data(change))
    except GitrackError as error:
        sight.findings.append(unreadable(error, change.path))
        return None


def _run_file(sight: Sight, name: str, change: Change) -> None:
    """The files beside the record that programs read."""
    if change.after is None or sight.sizes.get(change.after.id, 0) > BIGGEST_FILE:
        return
    try:
        if name.endswith(POINTER):
            pointer = load_pointer(change.path, sight.data(change))
            wanted = name.rpartition("/")[2].removesuffix(POINTER)
            if pointer.path != wanted:
                sight.refuse(
                    "unreadable",
                    f"points to {pointer.path!r} instead of {wanted!r}",
                    "a pointer stands beside what it names",
                    change.path,
                )
        elif name == PIPELINE:
            load_value(change.path, sight.data(change))
        elif name == HISTORY:
            from gitrack.model.history import History

            History.from_tsv(sight.data(change), name=change.path)
    except GitrackError as error:
        sight.findings.append(unreadable(error, change.path))


def _artifacts_there(sight: Sight, folder: str, run: Run, files: dict[str, Change]) -> None:
    """A heavy artifact of the record has its pointer, with the same md5."""
    for artifact in run.artifacts:
        if artifact.store != "dvc":
            continue
        change = files.get(f"artifacts/{artifact.path}{POINTER}")
        if change is None:
            sight.refuse(
                "incomplete",
                f"lists the artifact {artifact.path!r}, whose pointer is "
                "not among the files of the run",
                "push the whole run: gitrack push",
                f"{folder}/{RECORD}",
            )
            continue
        try:
            pointer = load_pointer(change.path, sight.data(change))
        except GitrackError:
            continue  # told already
        if artifact.md5 is not None and pointer.md5 != artifact.md5:
            sight.refuse(
                "incomplete",
                f"its md5 is {pointer.md5}, but the run says {artifact.md5}",
                "push the run as it was recorded",
                change.path,
            )


def _old_run(sight: Sight, folder: str, files: dict[str, Change], promoted: dict[str, str]) -> None:
    """A run that is on the base: its labels may change, nothing else."""
    id = folder.rpartition("/")[2]
    do = "restore its files; what is new belongs into a run of its own"
    for name, change in files.items():
        if name != RECORD or change.before is None or change.after is None:
            sight.refuse(
                "append-only",
                f"{change.what} a file of the run {id}, which is on the base already; "
                "a run never changes once it is recorded",
                do,
                change.path,
            )
            continue
        after = _run(sight, change)
        try:
            before = load_run(change.path, sight.old_data(change))
        except GitrackError:
            sight.refuse(
                "append-only",
                f"changes the run {id}, whose record on the base cannot be read",
                do,
                change.path,
            )
            continue
        if after is not None:
            _labels(sight, change, before, after, promoted)


def _labels(
    sight: Sight, change: Change, before: Run, after: Run, promoted: dict[str, str]
) -> None:
    changed = changed_fields(before, after)
    hard = [name for name in changed if name not in LABELS]
    if hard:
        what = ", ".join(_difference(name, before, after) for name in hard[:3])
        more = f" and {len(hard) - 3} more" if len(hard) > 3 else ""
        sight.refuse(
            "append-only",
            f"changes what the run {before.id} recorded: {what}{more}; "
            "only its name, tags and notes may change",
            "restore the file; a corrected result belongs into a run of its own",
            change.path,
        )
    elif before.id in promoted:
        sight.refuse(
            "append-only",
            f"changes the {' and '.join(changed)} of the run {before.id} and promotes it "
            f"({promoted[before.id]}) in one pull request",
            "change the labels in a pull request of their own, before the promotion",
            change.path,
        )
    else:
        words = " and ".join(changed) or "layout"
        sight.note("labels", f"changes the {words} of the run {before.id}", change.path)


def _difference(name: str, before: Run, after: Run) -> str:
    old, new = getattr(before, name), getattr(after, name)
    if isinstance(old, dict) and isinstance(new, dict):
        keys = sorted(key for key in {**old, **new} if old.get(key) != new.get(key))
        if keys:
            key = keys[0]
            return f"{name}.{key} from {_short(old.get(key))} to {_short(new.get(key))}"
    if isinstance(old, str | int | float) and isinstance(new, str | int | float):
        return f"{name} from {_short(old)} to {_short(new)}"
    return name


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 40 else text[:39] + "…"


def changed_fields(before: msgspec.Struct, after: msgspec.Struct) -> list[str]:
    """In what two records of one kind differ."""
    fields = before.__struct_fields__
    # by their text: a metric that is not a number differs from itself
    return [name for name in fields if repr(getattr(before, name)) != repr(getattr(after, name))]


def _runs_of_promotions(sight: Sight) -> dict[str, str]:
    """The runs whose versions this pull request promotes, with what says so."""
    found: dict[str, str] = {}
    for spot, change in sight.of(Kind.PROMOTION):
        if change.before is None and spot.number is not None:
            try:
                version = sight.before.version(spot.owner, spot.number)
            except GitrackError:
                continue  # told where promotions are judged
            found[version.run] = f"{spot.owner} v{spot.number}"
    return found


# -- beside runs ----------------------------------------------------------------------------


def _days(sight: Sight) -> None:
    """A day's own DVC settings: those of the branch, so that nobody's bytes come from elsewhere."""
    changes = sight.of(Kind.DAY)
    if not changes:
        return
    try:
        root = sight.opened.branch.read(".dvc/config", at=sight.base)
    except NotFound:
        root = b""
    remote = remote_in(root)
    wanted = day_files(remote).get(".dvc/config")
    for _, change in changes:
        small = change.after is not None and sight.sizes.get(change.after.id, 0) < _MOST_SETTINGS
        if not small or sight.data(change) != wanted:
            sight.refuse(
                "forbidden-path",
                "says that heavy files come from another place than the branch's own .dvc/config",
                f"leave it out, or write it as it is for {remote or 'a branch without a remote'}",
                change.path,
            )


def _named_artifacts(sight: Sight) -> None:
    for spot, change in sight.of(Kind.ARTIFACT_VERSION, Kind.ARTIFACT_ALIAS):
        if change.after is None:
            if spot.kind is Kind.ARTIFACT_ALIAS:
                sight.note("alias", f"removes the alias {spot.owner}:{spot.name}", change.path)
            continue
        try:
            data = sight.data(change)
            if spot.kind is Kind.ARTIFACT_VERSION:
                version = named.load_version(change.path, data)
                _known_run(sight, spot, change, version.run)
            else:
                _, alias = named.load_alias(change.path, data)
                sight.note(
                    "alias", f"points {spot.owner}:{spot.name} to v{alias.version}", change.path
                )
        except GitrackError as error:
            sight.findings.append(unreadable(error, change.path))


def _known_run(sight: Sight, spot: Spot, change: Change, run: str) -> None:
    if not run_is_there(sight, run):
        sight.refuse(
            "unknown-run",
            f"version {spot.name} of {spot.owner} is of the run {run}, "
            "which is neither on the base nor in this pull request",
            "push the run with it: gitrack push",
            change.path,
        )


def run_is_there(sight: Sight, run: str) -> bool:
    """On the base, or added by this pull request."""
    if sight.folder_of_run(run) is not None:
        return True
    tail = f"/{run}/{RECORD}"
    return any(
        change.after is not None and change.path.endswith(tail) for _, change in sight.of(Kind.RUN)
    )
