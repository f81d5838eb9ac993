"""Does the training know what it must not know: rows, keys, times and columns that give it away."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gitrack.analysis.findings import Finding, LeakageReport, listed
from gitrack.errors import MissingExtra, UsageError
from gitrack.model.nearest import nearest

if TYPE_CHECKING:
    import pandas as pd

    from gitrack.tracking.run import Run

#: What the evidence is called, and the artifacts that show it.
EVIDENCE = "no-leakage"
REPORT = "leakage.md"
DETAILS = "leakage.json"


def check_leakage(
    train: Any,
    test: Any,
    *,
    time: str | None = None,
    keys: str | Sequence[str] | None = None,
    target: str | None = None,
    max_score: float = 0.98,
    near: int | None = None,
    examples: int = 0,
    ignore: Sequence[str] = (),
    run: Run | None = None,
    record: bool = True,
) -> LeakageReport:
    """Look for what a test set shares with its training set, and for a target in disguise.

    train, test  DataFrames (pandas, polars, Arrow), or paths of CSV, Parquet or JSON lines.
    time         the column by which they are split: no training row may be later than the first
                 test row.
    keys         the column, or columns, that name a case: no case may be in both.
    target       the column to be predicted: no single other column may tell it. A small tree on
                 each is fitted on the training rows and judged on the test rows, by AUC or R²;
                 `max_score` is what it may reach.
    near         also look for rows that are alike when numbers are rounded to so many digits and
                 case and blanks of texts are ignored.
    examples     so many keys or rows in the report. None unless asked for: they may be personal.
    ignore       columns that are no features, such as ids.

    Where a run is active (or given by `run`) it gets `leakage.json`, `leakage.md` and the evidence
    `no-leakage`, unless `record` is false. Raises UsageError for columns that are not there and
    tables that cannot be read, and MissingExtra without pandas or, with a target, scikit-learn.
    """
    from gitrack.analysis import rows_shared, targets_told

    one, other = _table(train, "train"), _table(test, "test")
    names = [keys] if isinstance(keys, str) else list(keys or ())
    _must_have({"time": [time], "keys": names, "target": [target]}, one, other)
    _check_numbers(max_score, near, examples)
    common = [name for name in one.columns if name in other.columns and name not in ignore]
    findings: list[Finding] = [*_schemas(one, other, ignore)]
    checked = ["columns", "rows"]
    left = []
    findings += rows_shared.same_rows(one, other, common, examples=examples, by_keys=bool(names))
    if near is not None:
        checked.append("near rows")
        findings += rows_shared.near_rows(one, other, common, near, examples=examples)
    if names:
        checked.append("keys")
        findings += rows_shared.same_keys(one, other, names, examples=examples)
    else:
        left.append("keys: none were named")
    if time is not None:
        checked.append("time")
        findings += rows_shared.time_order(one, other, time)
    else:
        left.append("time: no column was named")
    if target is not None:
        checked.append("target")
        features = [name for name in common if name not in (target, *names)]
        findings += targets_told.told(one, other, target, features, max_score)
    else:
        left.append("target: none was named")
    report = LeakageReport(
        findings=findings,
        train_rows=len(one),
        test_rows=len(other),
        checked=checked,
        not_checked=left,
    )
    if record:
        _record(report, run)
    return report


def _record(report: LeakageReport, run: Run | None) -> None:
    if run is None:
        from gitrack.tracking.active import active_run

        run = active_run()
    if run is None:
        return
    run.log_dict(report.as_dict(), DETAILS)
    run.log_text(report.markdown(), REPORT)
    run.log_evidence(EVIDENCE, report.passed, report.summary, REPORT)


def _table(data: Any, what: str) -> pd.DataFrame:
    """A DataFrame whose columns have unique names, and an index that counts."""
    from gitrack.tracking.content.frames import as_pandas

    if isinstance(data, (str, os.PathLike)):
        frame = _read(Path(os.fspath(data)))
    else:
        frame = as_pandas(data)
    if not frame.columns.is_unique:
        twice = sorted({str(name) for name in frame.columns[frame.columns.duplicated()]})
        raise UsageError(
            f"columns of {what} have the same name: {listed(twice)}",
            hint="rename them, so that it is clear which is meant",
        )
    result: pd.DataFrame = frame.reset_index(drop=True)
    return result.rename(columns=str)


def _read(path: Path) -> pd.DataFrame:
    try:
        import pandas
    except ImportError as error:
        raise MissingExtra("check_leakage", "pandas", "data") from error
    readers: dict[str, Any] = {
        ".csv": pandas.read_csv,
        ".tsv": lambda file: pandas.read_csv(file, sep="\t"),
        ".parquet": pandas.read_parquet,
        ".pq": pandas.read_parquet,
        ".jsonl": lambda file: pandas.read_json(file, lines=True),
        ".ndjson": lambda file: pandas.read_json(file, lines=True),
    }
    suffix = Path(path.stem).suffix if path.suffix.lower() in (".gz", ".gzip") else path.suffix
    suffix = ".parquet" if path.is_dir() else suffix.lower()
    if suffix not in readers:
        raise UsageError(
            f"{str(path)!r} is no table that can be read",
            hint=f"give a DataFrame, or a file that ends in one of {', '.join(readers)}",
        )
    if not path.exists():
        raise UsageError(f"{str(path)!r} does not exist", hint="give a path or a DataFrame")
    if not (path.is_file() or path.is_dir()):
        raise UsageError(f"{str(path)!r} is neither a file nor a folder", hint="give a file")
    try:
        frame: pd.DataFrame = readers[suffix](path)
    except ImportError as error:
        raise MissingExtra("reading Parquet", "pyarrow", "data") from error
    except (ValueError, OSError) as error:  # what pandas and pyarrow raise for broken files
        why = " ".join(str(error).split())[:200]
        raise UsageError(f"{str(path)!r} cannot be read as a table: {why}") from error
    return frame


def _must_have(
    wanted: dict[str, Iterable[str | None]], train: pd.DataFrame, test: pd.DataFrame
) -> None:
    for what, names in wanted.items():
        for name in names:
            for which, frame in (("train", train), ("test", test)):
                if name is not None and name not in frame.columns:
                    near = nearest(str(name), map(str, frame.columns))
                    hint = f"did you mean {near!r}?" if near else f"there are {_some(frame)}"
                    raise UsageError(f"{what} names {name!r}, which {which} has not", hint=hint)


def _check_numbers(max_score: float, near: int | None, examples: int) -> None:
    if not 0.5 <= max_score <= 1:
        raise UsageError(f"max_score is {max_score!r}", hint="give a number from 0.5 to 1")
    if near is not None and not 1 <= near <= 15:
        raise UsageError(f"near is {near!r}", hint="give how many digits count, 1 to 15")
    if examples < 0:
        raise UsageError(f"examples is {examples!r}", hint="give how many are to be shown")


def _some(frame: pd.DataFrame) -> str:
    return listed([str(name) for name in frame.columns])


def _schemas(train: pd.DataFrame, test: pd.DataFrame, ignore: Sequence[str]) -> Iterator[Finding]:
    for which, one, other in (("train", train, test), ("test", test, train)):
        only = [str(c) for c in one.columns if c not in other.columns and c not in ignore]
        if only:
            yield Finding(
                check="columns",
                severe=False,
                columns=only,
                count=len(only),
                text=f"only {which} has {listed(only)}: nothing is known of what it gives away",
            )
