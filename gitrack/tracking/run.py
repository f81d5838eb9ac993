"""A live run: gathers while the training goes on, and becomes one commit when it ends."""

from __future__ import annotations

import datetime as dt
import os
import shutil
import threading
import traceback
import unicodedata
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import msgspec

from gitrack.artifacts.names import check_name
from gitrack.errors import InvalidName, UsageError
from gitrack.model.ids import short
from gitrack.model.run import Scalar, Status
from gitrack.tracking import files, notice, values
from gitrack.tracking.journal import Journal

if TYPE_CHECKING:
    from gitrack.tracking.capture import Capture
    from gitrack.tracking.place import Place

#: Characters of a traceback that are kept: its end says most.
LONGEST_ERROR = 8_000


class Run:
    """What `start_run` gives. Every `log_…` returns the run, so calls can be chained.

    Misuse (a wrong type, a bad name, a run that has ended) raises at once. Trouble with the disk,
    git or DVC never does: it is said once, and `gitrack sync` brings the run later.
    """

    def __init__(
        self,
        *,
        run_id: str,
        name: str,
        experiment: str,
        place: Place,
        journal: Journal,
        owner: bool,
        folder: Path | None,
        capture: Capture | None = None,
        params: dict[str, Scalar] | None = None,
        tags: dict[str, Scalar] | None = None,
    ) -> None:
        self.id = run_id
        self.name = name
        self.experiment = experiment
        self.place = place
        self.folder = folder
        self.capture = capture
        self.journal = journal
        self.launch_note: Path | None = None
        self._owner_pid = os.getpid() if owner else 0
        self._params = dict(params or {})
        self._tags = dict(tags or {})
        self._lock = threading.RLock()
        self._status = Status.RUNNING

    # what it is

    @property
    def status(self) -> Status:
        return self._status

    @property
    def owner(self) -> bool:
        """True in the process that started the run: the one that commits it."""
        return self._owner_pid == os.getpid()

    @property
    def params(self) -> dict[str, Scalar]:
        """The params that this process knows of."""
        return dict(self._params)

    @property
    def tags(self) -> dict[str, Scalar]:
        """The tags that this process knows of."""
        return dict(self._tags)

    def __repr__(self) -> str:
        return f"<gitrack run {self.id} {self.name!r} of {self.experiment!r}: {self._status}>"

    # params, metrics, tags

    def log_param(self, name: str, value: object) -> Self:
        """One setting; see `log_params`."""
        return self.log_params({name: value})

    def log_params(self, params: Mapping[str, object] | object) -> Self:
        """Settings: a dict, or an object with attributes (`argparse.Namespace`, a dataclass).

        Nested dicts are flattened with dots. Numbers, text, truth and None are kept as they are;
        lists and short arrays as JSON; enums as their value; anything else as its text, of which
        at most 8,000 characters are allowed. A param is set once: the same value again is
        harmless, another one raises UsageError, and so do longer texts. Raises InvalidName.
        """
        self._must_run()
        fresh = values.flat(params)
        with self._lock:
            for name, value in fresh.items():
                known = self._params.get(name, value)
                if known != value and not (known != known and value != value):  # NaN is itself
                    raise UsageError(
                        f"param {name!r} is {known!r} already and cannot become {value!r}",
                        hint="a param is set once in a run; log what changes as a metric or tag",
                    )
            fresh = {name: value for name, value in fresh.items() if name not in self._params}
            if fresh:
                self._params.update(fresh)
                self.journal.event("params", values=fresh)
        return self

    def log_metric(
        self,
        name: str,
        value: float,
        step: int | None = None,
        *,
        timestamp: float | dt.datetime | None = None,
    ) -> Self:
        """One number; see `log_metrics`."""
        return self.log_metrics({name: value}, step, timestamp=timestamp)

    def log_metrics(
        self,
        metrics: Mapping[str, Any],
        step: int | None = None,
        *,
        timestamp: float | dt.datetime | None = None,
    ) -> Self:
        """Numbers that belong together. With a step each is a point of a curve, without only the
        last value is kept.

        Takes Python, numpy and torch numbers and arrays of one element; NaN and infinities are
        kept, integers beyond 64 bits become floats. `step` is any whole number of 64 bits, in any
        order. `timestamp` is seconds since 1970, or a datetime (local time unless it has a zone);
        now unless given. All or none of them is kept when it returns, whatever happens to the
        process then. Raises UsageError for what is no number or no step, and InvalidName.
        """
        if self._status is not Status.RUNNING:
            self._must_run()
        when = None if timestamp is None else values.nanoseconds(timestamp)
        try:
            self.journal.metrics(metrics, step, when)
        except AttributeError:
            if isinstance(metrics, Mapping):
                raise
            hint = "pass a dict, as in log_metrics({'auc': 0.9})"
            raise UsageError(f"metrics {metrics!r:.60} are not a dict", hint=hint) from None
        return self

    def set_tag(self, name: str, value: object) -> Self:
        """One label. Unlike a param it may change: the last value counts. See `set_tags`."""
        return self.set_tags({name: value})

    def set_tags(self, tags: Mapping[str, object]) -> Self:
        """Labels, of the same types as params. The project's policy warns or refuses.

        Raises UsageError, InvalidName and PolicyViolation.
        """
        self._must_run()
        fresh = values.flat(tags, kind="tag")
        self.judge_tags(fresh)
        with self._lock:
            self._tags.update(fresh)
            if fresh:
                self.journal.event("tags", values=fresh)
        return self

    def delete_tag(self, name: str) -> Self:
        """Remove a label; one that is not there is no mistake."""
        self._must_run()
        with self._lock:
            self._tags.pop(values.key("tag", name), None)
            self.journal.event("untag", name=name)
        return self

    def set_notes(self, text: str) -> Self:
        """What people should know about this run, up to 100,000 characters of Markdown or plain
        text; replaces earlier notes. Raises UsageError for what is longer or no text."""
        self._must_run()
        self.journal.event("notes", text=values.text("a note", text, longest=values.LONGEST_NOTE))
        return self

    def log_seeds(self, seeds: Mapping[str, int]) -> Self:
        """Seeds of random number generators: `{"numpy": 42}`."""
        self._must_run()
        whole = {values.key("seed", name): values.step(seed) for name, seed in seeds.items()}
        self.journal.event("seeds", values=whole)
        return self

    # files

    def log_artifact(
        self,
        path: str | os.PathLike[str],
        name: str | None = None,
        *,
        kind: str | None = None,
        flavor: str | None = None,
    ) -> Self:
        """A file or folder, as it is now: it may change or go afterwards.

        `name` is its path in the run (its own name unless given); one that ends in `/` is a folder
        to put it in. Logged again under one name, the last counts. `kind` is one word (`file` or
        `folder` unless given; `model`, `figure` …), `flavor` a model's library. Small text and
        pictures (`artifacts.inline_below`, 100 kB) go to the branch, everything else to DVC. Links
        are followed; pipes, dangling links and loops in a folder are left out with a warning.
        Raises UsageError if nothing is there, and InvalidName for a name that some system could
        not store. A full disk warns.
        """
        self._must_run()
        found = files.source(path)
        if name is None or name.endswith("/"):
            name = f"{name or ''}{found.resolve().name}"
        name = check_name(name)
        what = kind or ("folder" if found.is_dir() else "file")
        return self._keep(name, what, flavor, path=found)

    def log_artifacts(self, folder: str | os.PathLike[str], name: str | None = None) -> Self:
        """Every file of a folder, each an artifact of its own, below `name`.

        Raises UsageError if it is no folder, and InvalidName for a name that some system could not
        store; then none of them is kept.
        """
        self._must_run()
        top = files.source(folder)
        if not top.is_dir():
            hint = "log one file with log_artifact"
            raise UsageError(f"{top} is not a folder", hint=hint)
        prefix = f"{check_name(name.rstrip('/'))}/" if name else ""
        found = {
            check_name(prefix + path.relative_to(top).as_posix()): path
            for path in sorted(top.rglob("*"))
            if path.is_file()
        }
        for path_in_run, path in found.items():
            self._keep(path_in_run, "file", None, path=path)
        return self

    def log_text(self, text: str, name: str, *, kind: str = "text") -> Self:
        """Text as a file, in UTF-8. Raises UsageError for what is no text, and InvalidName."""
        if not isinstance(text, str):
            hint = "log a file with log_artifact, a dict with log_dict"
            raise UsageError(f"text is a {type(text).__name__}", hint=hint)
        return self.log_bytes(text.encode("utf-8", "backslashreplace"), name, kind=kind)

    def log_bytes(
        self, data: bytes, name: str, *, kind: str = "file", flavor: str | None = None
    ) -> Self:
        """Bytes as a file. Raises UsageError for what is no bytes, and InvalidName."""
        self._must_run()
        if not isinstance(data, (bytes, bytearray, memoryview)):
            raise UsageError(f"{data!r:.60} is not bytes", hint="log text with log_text")
        return self._keep(check_name(name), kind, flavor, data=bytes(data))

    def log_dict(self, content: Any, name: str) -> Self:
        """A dict or list as JSON, or as YAML if the name ends in .yaml or .yml.

        Raises UsageError for what JSON cannot say, and InvalidName.
        """
        self._must_run()
        return self.log_bytes(files.as_document(content, check_name(name)), name, kind="dict")

    def log_figure(self, figure: Any, name: str) -> Self:
        """A figure of matplotlib or Altair, or a picture of PIL, as what its name ends in.

        Raises UsageError for other figures and endings, and InvalidName.
        """
        from gitrack.tracking.content.figures import figure_bytes

        self._must_run()
        full, data = figure_bytes(figure, check_name(name))
        return self.log_bytes(data, full, kind="figure")

    def log_table(self, frame: Any, name: str) -> Self:
        """A DataFrame as CSV, TSV, JSON or Parquet, as its name says.

        Raises UsageError for what is none and for other endings, and InvalidName.
        """
        from gitrack.tracking.content.frames import frame_bytes

        self._must_run()
        full, data = frame_bytes(frame, check_name(name))
        return self.log_bytes(data, full, kind="table")

    def log_predictions(
        self, y_true: Any, scores: Any, *, ids: Any = None, name: str | None = None
    ) -> Self:
        """What was true and what was predicted, case by case: comparisons test on these pairs.

        `scores` are probabilities (a column a class for several classes), values or labels; `ids`
        name the cases where runs may see them in another order. Raises UsageError if the lengths
        differ, InvalidName, and MissingExtra without pyarrow.
        """
        from gitrack.tracking.content.predictions import predictions_bytes

        self._must_run()
        usual, data, kind = predictions_bytes(y_true, scores, ids)
        return self.log_bytes(data, name or usual, kind=kind)

    def log_dataset(
        self,
        data: Any,
        name: str | None = None,
        *,
        role: str | None = None,
        version: str | None = None,
    ) -> Self:
        """An input: a path, a URI or a DataFrame. Its md5, rows and columns are taken now.

        `name` is that of the file unless given, `role` is such as `train` or `test`, `version`
        whatever you call it. One name in several roles is several inputs. Nothing is copied.
        Raises UsageError for what is not there, and InvalidName.
        """
        from gitrack.tracking.content import describe_dataset

        self._must_run()
        repository = self.place.repository
        dataset, extra = describe_dataset(
            data, name, role, version, root=repository.worktree if repository else None
        )
        self.journal.event("data", dataset=msgspec.to_builtins(dataset))
        for path, content in extra.items():
            write = partial(files.write_in, content, path, below=files.EXTRA)
            self._write(path, write, "file", {})
        return self

    # the end

    def end(self, status: str = "finished", *, error: str | None = None) -> None:
        """End the run and commit it. A second call does nothing.

        `status` is `finished`, `failed` or `killed`, else UsageError; `error` is kept as its
        reason. In a process that joined the run only this process's part ends. Trouble with git,
        disk or DVC does not raise: the run then waits in the outbox for `gitrack sync`.
        """
        try:
            final = Status(status)
        except ValueError:
            final = Status.RUNNING
        if final is Status.RUNNING:
            hint = "use finished, failed or killed"
            raise UsageError(f"{status!r} is not how a run ends", hint=hint)
        with self._lock:
            if self._status is not Status.RUNNING:
                return
            self._status = final
        if self.owner:
            from gitrack.tracking.finish import finish_live

            finish_live(self, final, error)
        else:
            self.journal.event("close")
            self.journal.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        status, text = outcome_of(error)
        self.end(status, error=text)

    # within

    def _must_run(self) -> None:
        if self._status is not Status.RUNNING:
            raise UsageError(
                f"run {short(self.id)} has ended ({self._status})",
                hint=f"go on with it by gitrack.start_run(run_id='{self.id}')",
            )

    def judge_tags(self, tags: Mapping[str, Scalar], *, complete: bool = False) -> None:
        """Hold tags against the policy: it warns or refuses."""
        from gitrack.tracking.rules import judge_tags

        judge_tags(self.place.policy, tags, complete=complete)

    def _keep(
        self,
        name: str,
        kind: str,
        flavor: str | None,
        *,
        path: Path | None = None,
        data: bytes = b"",
    ) -> Self:
        """An artifact into the outbox now; into git or DVC when the run ends."""
        if not isinstance(kind, str) or not kind.isidentifier():
            raise InvalidName("kind of artifact", kind, "is not one word", hint="use one word")
        name = unicodedata.normalize("NFC", name)  # as two files they would be one on a Mac
        if path is not None:
            write = partial(files.copy_in, path, name)
        else:
            write = partial(files.write_in, data, name)
        self._write(name, write, "artifact", {"artifact": kind, "flavor": flavor})
        return self

    def _write(
        self, name: str, write: Callable[[Path], None], event: str, content: dict[str, Any]
    ) -> None:
        """First the file, then the word of it: what a journal names is there."""
        if self.folder is None:
            notice.warn_once("artifacts", f"{name} is not kept: nowhere to write it")
            return
        try:
            with self._lock:
                write(self.folder)
                self.journal.event(event, path=name, **content)
        except (OSError, shutil.Error) as error:
            notice.warn(f"{name} of run {short(self.id)} is not kept: {notice.worded(error)}")


def outcome_of(error: BaseException | None) -> tuple[Status, str | None]:
    """The status of a run whose body ended with `error`, and what to write about it."""
    if error is None or (isinstance(error, SystemExit) and error.code in (None, 0)):
        return Status.FINISHED, None
    if isinstance(error, GeneratorExit):
        return Status.FINISHED, None
    text = "".join(traceback.format_exception(error))
    if len(text) > LONGEST_ERROR:
        text = "…" + text[-LONGEST_ERROR:]
    text = text.encode("utf-8", "backslashreplace").decode()
    status = Status.KILLED if isinstance(error, KeyboardInterrupt) else Status.FAILED
    return status, text
