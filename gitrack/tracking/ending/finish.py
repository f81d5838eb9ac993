"""From a run's folder in the outbox to the branch: fold, keep artifacts, clean, commit, discard."""

from __future__ import annotations

import contextlib
import subprocess
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from gitrack.artifacts import branch_files_for_new_branch, cache_of, day_files, deliver
from gitrack.artifacts.guard import relying
from gitrack.errors import ArtifactError, GitrackError, NotFound, UnreadableFile
from gitrack.model.run import Run, RunBundle, Status
from gitrack.tracking import notice, outbox, rules
from gitrack.tracking.capture.captured import Captured, load_captured, save_file, save_record
from gitrack.tracking.ending.bundle import make_bundle, wishes_of
from gitrack.tracking.journals.fold import Folded, Writer, fold, glance
from gitrack.tracking.journals.journal import MAGIC, SUFFIX

if TYPE_CHECKING:
    from gitrack.store.git.repository import Repository
    from gitrack.store.numbering import Wish
    from gitrack.tracking.place import Place
    from gitrack.tracking.run import Run as LiveRun

#: Seconds that the owner of a run waits for its other processes to close their journals.
PATIENCE = 2.0


def finish_live(run: LiveRun, status: Status, error: str | None) -> None:
    """The end of a run in the process that owns it. Says what goes wrong and never raises."""
    rules.judge_end(run.place.policy, run.tags)
    named = rules.name_of(run.place.policy, run.experiment, run.params, run.tags)
    run.journal.event("end", status=status.value, error=error, name=named)
    run.journal.close()
    captured = run.capture.finish() if run.capture is not None else None
    for warning in captured.warnings if captured is not None else ():
        notice.warn_once(f"capture {run.place.folder} {warning}", warning)
    if run.journal.kept and run.folder is not None:
        _flee(run)
    where = run.folder or "memory"
    try:
        if captured is not None and run.folder is not None:
            _save(run.folder, captured)
        in_memory = [(run.journal.name, MAGIC + b"".join(run.journal.kept))]
        _commit_live(run, captured, in_memory if run.journal.kept else [])
    except Exception as trouble:  # noqa: BLE001 - whatever it is, the training goes on
        hint = getattr(trouble, "hint", None)
        notice.warn(
            f"run {run.id} is not on the branch yet: {_sentence(trouble)}"
            f"{f' ({hint})' if hint else ''}; it waits in {where}: "
            + ("type 'gitrack sync' once that is mended" if run.folder else "it will be lost")
            + ("; what the disk refused will be lost" if run.folder and run.journal.kept else "")
        )
    finally:
        if run.launch_note is not None:
            with contextlib.suppress(OSError):
                run.launch_note.unlink(missing_ok=True)


def _flee(run: LiveRun) -> None:
    """The disk is full to the end: what is only in memory would die with this process."""
    assert run.folder is not None
    number = len(run.journal.written)
    name = f"{run.journal.name}{f'.{number}' if number else ''}{SUFFIX}"
    found = outbox.move_elsewhere(run.folder, name, MAGIC + b"".join(run.journal.kept))
    if found is not None:
        run.folder = found
        run.journal.kept.clear()


def _sentence(error: BaseException) -> str:
    if isinstance(error, GitrackError):
        return error.message
    return f"{type(error).__name__}: {notice.worded(error)}"


def _save(folder: Path, captured: Captured) -> None:
    """Before anything else: a kill from here on finds it there."""
    try:
        for name, data in captured.files.items():
            save_file(folder, name, data)
        save_record(folder, captured)
    except OSError as error:
        notice.warn_once(f"capture {folder.parent}", f"{folder}: {notice.worded(error)}")


def _commit_live(
    run: LiveRun, captured: Captured | None, in_memory: list[tuple[str, bytes]]
) -> None:
    if run.place.repository is None:
        notice.warn_once(
            "no repository",
            f"{run.place.folder} is in no git repository that can be used: runs wait in "
            f"{run.place.outbox}; 'gitrack sync --into REPO' brings them into one",
        )
        return
    if run.folder is None:
        folded = fold(None, in_memory)
        bundle = make_bundle(run.place, None, folded, captured)
        commit_bundle(run.place, bundle, wishes_of(folded))
        return
    with outbox.claim(run.folder) as mine:
        if mine:
            _wait_for_others(run.folder)
            commit_folder(run.place, run.folder, captured, in_memory)


def _wait_for_others(folder: Path) -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        members = [
            glance(name, paths)
            for name, paths in outbox.journals(folder).items()
            if not name.startswith("owner")
        ]
        if not any(map(may_write, members)):
            return
        time.sleep(0.02)


def may_write(writer: Writer) -> bool:
    """Whether a process other than the owner may still add to its journal."""
    return (
        not writer.owner
        and not writer.closed
        and writer.mark is not None
        and writer.mark.life() != "dead"
    )


def commit_folder(
    place: Place,
    folder: Path,
    captured: Captured | None = None,
    in_memory: Iterable[tuple[str, bytes]] = (),
    *,
    again: bool = False,
) -> Run:
    """Commit one folder of the outbox, whose claim the caller holds, and remove it.

    It stays while other processes of the run may still write: what they log later is united
    with what is on the branch by the next sync. `again` if somebody may have committed it and
    died before the removal.
    """
    seen = outbox.sizes(folder)
    folded = fold(folder, in_memory)
    if captured is None:
        captured = load_captured(folder)
    with _undisturbed(place):
        bundle = make_bundle(place, folder, folded, captured)
        if not (again and _is_there(place, folded, bundle.run)):
            commit_bundle(place, bundle, wishes_of(folded))
    if not any(map(may_write, folded.writers)):
        outbox.discard(folder, seen)
    return bundle.run


def _undisturbed(place: Place) -> contextlib.AbstractContextManager[None]:
    """Nothing is collected between the keeping of a file and the commit of its pointer."""
    if place.repository is None:
        return contextlib.nullcontext()
    return relying(place.repository.common_dir)


def commit_bundle(place: Place, bundle: RunBundle, wishes: Sequence[Wish] = ()) -> None:
    """One commit, with what plain DVC needs where heavy files are among the run's, and with the
    versions of named artifacts that it wishes for."""
    remote = place.config.artifacts.remote
    primary = {
        model.primary_metric.name for model in place.policy.models.values() if model.primary_metric
    }
    first_files = branch_files_for_new_branch(remote)
    days = day_files(remote) if _delivered(place, bundle.run) else None
    metric = next((name for name in bundle.run.metrics if name in primary), None)
    store = place.store()
    if wishes:
        done = store.commit_named(
            bundle, wishes, first_files=first_files, day_files=days, primary_metric=metric
        )
        _tell_spelling(bundle.run, done.run)
    else:
        store.commit_runs([bundle], first_files=first_files, day_files=days, primary_metric=metric)
    keep_reachable(place.repository, bundle.run)


def _tell_spelling(logged: Run, kept: Run) -> None:
    """A named artifact is spelled as it was when it was first named."""
    there = {artifact.path: artifact.name for artifact in kept.artifacts}
    for artifact in logged.artifacts:
        name = there[artifact.path]
        if artifact.name != name:
            notice.warn(
                f"{artifact.name} of run {logged.id} is kept as a version of {name}: "
                "names that differ by case alone are one folder on some systems"
            )


def _delivered(place: Place, run: Run) -> bool:
    """True if the run has heavy files and a remote has them."""
    heavy = [artifact.md5 for artifact in run.artifacts if artifact.store == "dvc"]
    remote, repository = place.config.artifacts.remote, place.repository
    if not heavy or remote is None or repository is None:
        return False
    cache = cache_of(repository.worktree, repository.common_dir)
    try:
        return deliver([md5 for md5 in heavy if md5], cache, remote)
    except ArtifactError as error:
        notice.warn(f"the heavy files of run {run.id} stay in the DVC cache: {error}")
        return False


def _is_there(place: Place, folded: Folded, run: Run) -> bool:
    """Did somebody commit it and die before the folder was removed?"""
    try:
        there = place.store().run(run.id)
    except (NotFound, UnreadableFile):
        return False
    resumed = folded.start is not None and folded.start.resumed
    same_end = (there.ended, there.status) == (run.ended, run.status)
    return there == run or bool(resumed and same_end)


_reachable: set[tuple[str, str]] = set()


def keep_reachable(repository: Repository | None, run: Run) -> None:
    """`refs/gitrack/code/<sha>` for code that no remote has: a squash must not lose it."""
    commit = run.code.commit if run.code else None
    if repository is None or not commit or (str(repository.common_dir), commit) in _reachable:
        return
    try:
        remote = repository.git(
            "for-each-ref", "--count=1", "--format=%(refname)", f"--contains={commit}",
            "refs/remotes", "refs/gitrack/code",
        )  # fmt: skip
        if not remote:
            repository.git("update-ref", f"refs/gitrack/code/{commit}", commit)
    except (GitrackError, OSError, subprocess.SubprocessError) as error:
        notice.warn_once(
            f"code {commit}", f"commit {commit[:12]} is not kept alive: {notice.worded(error)}"
        )
        return
    _reachable.add((str(repository.common_dir), commit))
