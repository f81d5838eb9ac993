"""A live run: gathers while the training goes on, and becomes one commit when it ends."""

from __future__ import annotations

import datetime as dt
import os
import threading
import traceback
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import msgspec

from gitrack.artifacts.names import check_name
from gitrack.errors import UsageError
from gitrack.model.run import Evidence, Scalar, Status
from gitrack.tracking.journals.journal import Journal
from gitrack.tracking.logged import values
from gitrack.tracking.logged.filing import Filing
from gitrack.tracking.logged.inputs import Inputs

if TYPE_CHECKING:
    from gitrack.tracking.capture import Capture
    from gitrack.tracking.place import Place

#: Characters of a traceback that are kept: its end says most.
LONGEST_ERROR = 8_000


class Run(Filing, Inputs):
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
        """Remove the label `name`; one that is not there is no mistake. Raises InvalidName."""
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
        """Seeds of random number generators: `{"numpy": 42}`, whole numbers of 64 bits.

        Logged again under one name, the last counts. Raises UsageError and InvalidName.
        """
        self._must_run()
        whole = {values.key("seed", name): values.step(seed) for name, seed in seeds.items()}
        self.journal.event("seeds", values=whole)
        return self

    def log_evidence(
        self, name: str, passed: bool, detail: str | None = None, report: str | None = None
    ) -> Self:
        """A fact that a promotion may ask for: `log_evidence("unit-tests", True, "212 passed")`.

        `detail` says it in words, `report` is the path of an artifact of this run that shows it.
        Logged again under one name, the last counts. Raises InvalidName for what is not letters,
        digits, dots and dashes, and UsageError for `passed` that is neither True nor False.
        """
        self._must_run()
        if type(passed) is not bool:
            hint = "give True or False"
            raise UsageError(f"evidence {name!r:.60} is {passed!r:.60}, not a verdict", hint=hint)
        fact = Evidence(
            name=values.evidence_name(name),
            passed=passed,
            detail=None if detail is None else values.text("a detail", detail),
            report=None if report is None else check_name(report),
        )
        self.journal.event("evidence", evidence=msgspec.to_builtins(fact))
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
            from gitrack.tracking.ending.finish import finish_live

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

    def judge_tags(self, tags: Mapping[str, Scalar], *, complete: bool = False) -> None:
        """Hold tags against the policy: it warns or refuses."""
        from gitrack.tracking.rules import judge_tags

        judge_tags(self.place.policy, tags, complete=complete)


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
