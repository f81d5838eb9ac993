"""Fits that autolog has seen begin: which one is the outermost, and in which run it is logged."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import msgspec

from gitrack.tracking import notice
from gitrack.tracking.run import Run


class Choices(msgspec.Struct, frozen=True, kw_only=True):
    """What the caller of `autolog` wants."""

    experiment: str | None = None
    training_score: bool = True
    curves_every: int = 1
    log_models: bool = False


class Fit:
    """One outermost fit, and the run that hears of it. `own` says that the run is for it alone."""

    def __init__(self, run: Run, *, own: bool) -> None:
        self.run = run
        self.own = own
        self.began = time.perf_counter()
        self._prefix = _prefix_in(run)

    def params(self, params: Mapping[str, object]) -> None:
        """Log settings. What the user logged under the same name with another value stays his."""
        known = self.run.params
        fresh = {}
        for name, value in params.items():
            full = self._prefix + name
            if full in known and known[full] != value:
                full = f"estimator.{full}"
            if full not in known:
                fresh[full] = value
        self.run.log_params(fresh)

    def metrics(self, metrics: Mapping[str, float], step: int | None = None) -> None:
        self.run.log_metrics({self._prefix + name: v for name, v in metrics.items()}, step=step)

    def log_metrics(self, metrics: Mapping[str, Any], step: int | None = None, /) -> None:
        """For callbacks, which are called from inside the training."""
        with quietly():
            self.metrics(metrics, step)

    def tags(self, tags: Mapping[str, object]) -> None:
        self.run.set_tags({self._prefix + name: value for name, value in tags.items()})

    def table(self, table: object, name: str) -> None:
        self.run.log_table(table, self._prefix.replace(".", "-") + name)

    def model(self, model: object, example: object = None) -> None:
        """Log the fitted model, with what it takes if there are rows to find out."""
        with nothing_logged():
            self.run.log_model(
                model, self._prefix.replace(".", "-") + "model", input_example=example
            )

    def ended(self) -> None:
        self.metrics({"fit_seconds": time.perf_counter() - self.began})


_choices: Choices | None = None
_stack: ContextVar[tuple[Any, ...]] = ContextVar("gitrack_fits", default=())
_heard: ContextVar[Fit | None] = ContextVar("gitrack_fit", default=None)
_lock = threading.Lock()
#: Threads that are inside an outermost fit.
_fitting: set[int] = set()


def choose(choices: Choices | None) -> None:
    """Turn logging of fits on, or off with None."""
    global _choices
    _choices = choices


def choices() -> Choices | None:
    """None while autolog is off."""
    return _choices


@contextmanager
def quietly() -> Iterator[None]:
    """Whatever goes wrong in logging is said once and ends nobody's training."""
    try:
        yield
    except Exception as trouble:  # noqa: BLE001 - see above
        worded = f"{type(trouble).__name__}: {notice.worded(trouble)}"
        notice.warn_once("autolog", f"autolog could not log everything: {worded}")


@contextmanager
def within(subject: Any) -> Iterator[None]:
    """A fit inside another one."""
    token = _stack.set((*_stack.get(), subject))
    try:
        yield
    finally:
        _stack.reset(token)


@contextmanager
def nothing_logged() -> Iterator[None]:
    """Fits in here are parts of something greater."""
    with within(None):
        yield


def current() -> Fit | None:
    """Whose curves are drawn here: those of the outermost fit, or of a step of a pipeline.

    A search or a cross-validation fits many times, and their curves would be one tangle.
    """
    stack = _stack.get()
    if not stack or not all(hasattr(s, "steps") or s is stack[-1] for s in stack[:-1]):
        return None
    return _heard.get()


def is_nested() -> bool:
    """True inside another fit, also in threads that a fit uses for its parts.

    Such a thread has started no run of its own, while another thread is in a fit.
    """
    if _stack.get():
        return True
    from gitrack.tracking.active import active_here

    with _lock:
        others = _fitting - {threading.get_ident()}
    return bool(others) and active_here() is None


def fit_logged(
    subject: Any, work: Callable[[Fit | None], Any], begin: Callable[[Fit], None]
) -> tuple[Any, Fit | None]:
    """Do `work`, the outermost fit of `subject`; what it gives, and the Fit if one is logged.

    A run that was started for it alone is left open: `close` ends it.
    """
    fit: Fit | None = None
    with quietly():
        fit = _begin()
        if fit is not None:
            begin(fit)
    if fit is not None:
        fit.began = time.perf_counter()
    token, heard = _stack.set((subject,)), _heard.set(fit)
    with _lock:
        _fitting.add(threading.get_ident())
    try:
        result = work(fit)
    except BaseException as error:
        if fit is not None and fit.own:
            with quietly():
                from gitrack.tracking.run import outcome_of

                status, text = outcome_of(error)
                fit.run.end(status, error=text)
        raise
    finally:
        with _lock:
            _fitting.discard(threading.get_ident())
        _heard.reset(heard)
        _stack.reset(token)
    if fit is not None:
        with quietly():
            fit.ended()
    return result, fit


def close(fit: Fit) -> None:
    """End the run if it was started for this fit."""
    if fit.own:
        with quietly():
            fit.run.end()


def _begin() -> Fit | None:
    from gitrack.tracking.active import active_run, start_run

    chosen = choices()
    if chosen is None:
        return None
    run = active_run()
    if run is not None:
        return Fit(run, own=False)
    if chosen.experiment is None:
        return None
    return Fit(start_run(chosen.experiment), own=True)


#: How many fits a run has heard of.
_counted: dict[str, int] = {}


def _prefix_in(run: Run) -> str:
    """Nothing for the first fit of a run, `fit2.` for the second: their settings differ."""
    with _lock:
        number = _counted[run.id] = _counted.get(run.id, 0) + 1
    return "" if number == 1 else f"fit{number}."
