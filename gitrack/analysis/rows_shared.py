"""Rows, keys and times of two tables: what is in both, and what comes too late."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from gitrack.analysis.findings import Finding, counted, listed, percent

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    Flags = np.ndarray[Any, np.dtype[np.bool_]]


def same_rows(
    train: pd.DataFrame,
    test: pd.DataFrame,
    columns: Sequence[str],
    *,
    examples: int = 0,
    by_keys: bool = False,
) -> Iterator[Finding]:
    """Rows of the test set that training has seen, equal in every common column.

    Rows of few possible values repeat by chance. Where training rows repeat among themselves at
    least as often, or where keys tell cases apart, this is a note.
    """
    if not columns or not len(train) or not len(test):
        return
    seen, asked = _hashes(train, columns), _hashes(test, columns)
    found = _is_in(asked, seen)
    count = int(found.sum())
    if not count:
        return
    share = count / len(test)
    among = float(_repeats(seen))
    chance = among >= share
    text = f"{counted(count, 'test row')} ({percent(share)}) are in train as well"
    if chance:
        text += f"; {percent(among)} of the training rows repeat among themselves, too"
    yield Finding(
        check="rows",
        severe=not (chance or by_keys),
        text=text,
        count=count,
        share=share,
        examples=_shown(test.loc[found, list(columns)], examples),
    )


def near_rows(
    train: pd.DataFrame,
    test: pd.DataFrame,
    columns: Sequence[str],
    digits: int,
    *,
    examples: int = 0,
) -> Iterator[Finding]:
    """Rows that are alike but for the last digits of numbers, and case and blanks of texts."""
    if not columns or not len(train) or not len(test):
        return
    rough, asked = _rough(train[list(columns)], digits), _rough(test[list(columns)], digits)
    alike = _is_in(_hashes(asked, columns), _hashes(rough, columns))
    exactly = _is_in(_hashes(test, columns), _hashes(train, columns))
    found = alike & ~exactly
    count = int(found.sum())
    if count:
        share = count / len(test)
        among = float(_repeats(_hashes(rough, columns)))
        text = (
            f"{counted(count, 'test row')} ({percent(share)}) are nearly the same as training "
            f"rows ({digits} digits)"
        )
        if among >= share:
            text += f"; so are {percent(among)} of the training rows among themselves"
        yield Finding(
            check="near rows",
            severe=among < share,
            text=text,
            count=count,
            share=share,
            examples=_shown(test.loc[found, list(columns)], examples),
        )


def same_keys(
    train: pd.DataFrame, test: pd.DataFrame, keys: Sequence[str], *, examples: int = 0
) -> Iterator[Finding]:
    """Cases that are in both."""
    names = list(keys)
    # rows whose key is missing are no case
    one, other = train[names].dropna(), test[names].dropna()
    found = _is_in(_hashes(other, names), _hashes(one, names))
    shared = other.loc[found].drop_duplicates()
    count = int(found.sum())
    if count:
        share = count / len(test)
        many = counted(len(shared), "case")
        yield Finding(
            check="keys",
            severe=True,
            text=(
                f"{many} of {listed(names)} are in train and in test: {counted(count, 'test row')}"
                f" ({percent(share)})"
            ),
            columns=names,
            count=count,
            share=share,
            examples=_shown(shared, examples),
        )
    missing = len(train) + len(test) - len(one) - len(other)
    if missing:
        yield Finding(
            check="keys",
            severe=False,
            text=f"{counted(missing, 'row')} have no key and were not compared by it",
            columns=names,
            count=missing,
        )


def time_order(train: pd.DataFrame, test: pd.DataFrame, column: str) -> Iterator[Finding]:
    """Training rows that are later than the first test row."""
    before, after, unread = _comparable(train[column], test[column])
    if unread:
        yield Finding(
            check="time",
            severe=False,
            text=f"{counted(unread, 'row')} of {column!r} are no time and were not compared",
            columns=[column],
            count=unread,
        )
    if not len(before) or not len(after):
        yield Finding(
            check="time",
            severe=True,
            text=f"{column!r} has no times to compare in {'test' if len(before) else 'train'}",
            columns=[column],
        )
        return
    start = after.min()
    late = int((before > start).sum())
    if late:
        share = late / len(train)
        yield Finding(
            check="time",
            severe=True,
            text=(
                f"{counted(late, 'training row')} ({percent(share)}) are later than the first "
                f"test row by {column!r}: train ends {before.max()}, test begins {start}"
            ),
            columns=[column],
            count=late,
            share=share,
        )


def _comparable(train: Any, test: Any) -> tuple[Any, Any, int]:
    """Both columns as numbers, or both as moments in UTC, without what is neither."""
    import pandas as pd

    if all(pd.api.types.is_numeric_dtype(column) for column in (train, test)):
        kept = [column.dropna() for column in (train, test)]
        return kept[0], kept[1], 0
    times = []
    unread = 0
    for column in (train, test):
        moments = pd.to_datetime(column, utc=True, errors="coerce", format=_format(column))
        unread += int((moments.isna() & column.notna()).sum())
        times.append(moments.dropna())
    return times[0], times[1], unread


def _format(column: Any) -> str | None:
    import pandas as pd

    return None if pd.api.types.is_datetime64_any_dtype(column) else "ISO8601"


def _hashes(frame: pd.DataFrame, columns: Sequence[str]) -> Any:
    """64 bits a row, the same for equal values of other types: 1 and 1.0, category and text."""
    import pandas as pd

    plain = pd.DataFrame({name: _plain(frame[name]) for name in columns}, index=frame.index)
    return pd.util.hash_pandas_object(plain, index=False).to_numpy()


def _plain(column: Any) -> Any:
    """One way to keep a kind of values, so that the two tables can be compared."""
    import pandas as pd

    kinds = pd.api.types
    if kinds.is_bool_dtype(column) or kinds.is_integer_dtype(column):
        return (
            column.astype("float64")
            if not kinds.is_extension_array_dtype(column)
            else (column.astype("Float64").astype("float64"))
        )
    if kinds.is_float_dtype(column):
        return column.astype("float64") + 0.0  # no -0.0
    if kinds.is_datetime64_any_dtype(column):
        moments = column.dt.tz_convert("UTC").dt.tz_localize(None) if column.dt.tz else column
        return moments.astype("datetime64[us]")
    texts = column.astype(object)
    missing = texts.isna()
    return texts.map(str).where(~missing, None).astype(object)


def _is_in(asked: Any, seen: Any) -> Flags:
    import numpy as np

    return np.isin(asked, seen)


def _repeats(hashes: Any) -> float:
    """The share of rows that another row is equal to."""
    import numpy as np

    _, counts = np.unique(hashes, return_counts=True)
    return float(counts[counts > 1].sum() / len(hashes)) if len(hashes) else 0.0


def _rough(frame: pd.DataFrame, digits: int) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame({name: _rounded(frame[name], digits) for name in frame.columns})


def _rounded(column: Any, digits: int) -> Any:
    import numpy as np
    import pandas as pd

    if pd.api.types.is_float_dtype(column):
        values = column.to_numpy(dtype="float64", na_value=np.nan)
        with np.errstate(divide="ignore", invalid="ignore"):
            place = np.floor(np.log10(np.abs(values)))
        place = np.where(np.isfinite(place), place, 0)
        scale = 10.0 ** (digits - 1 - place)
        with np.errstate(over="ignore", invalid="ignore"):
            rounded = np.round(values * scale) / scale
        return pd.Series(np.where(np.isfinite(rounded), rounded, values), index=column.index)
    if pd.api.types.is_object_dtype(column) or pd.api.types.is_string_dtype(column):
        texts = column.astype(object)
        missing = texts.isna()
        return texts.map(lambda text: " ".join(str(text).lower().split())).where(~missing, None)
    return column


def _shown(frame: pd.DataFrame, count: int) -> list[str]:
    rows = frame.head(count).to_dict("records")
    return [", ".join(f"{name}={value}" for name, value in row.items())[:500] for row in rows]
