"""A column that alone tells the target, where it should take a model to do so.

What is too good to be true is leakage until somebody has explained it: Kaufman, Rosset, Perlich
and Stitelman, Leakage in data mining, 2012.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from gitrack.analysis.findings import Finding, counted, listed
from gitrack.errors import MissingExtra, UsageError

if TYPE_CHECKING:
    import pandas as pd

#: Rows that a column is judged by: more would change little.
MOST_ROWS = 50_000
#: Numbers of fewer different values than this are classes.
_MOST_CLASSES = 20
#: A class must be seen so often to be learnt from.
_FEWEST = 2
_DEPTH = 4


class _Judge(NamedTuple):
    """How well the target is told: by AUC of classes, or by R² of numbers."""

    measure: str
    train: Any
    test: Any


def told(
    train: pd.DataFrame,
    test: pd.DataFrame,
    target: str,
    features: Sequence[str],
    max_score: float,
) -> Iterator[Finding]:
    """Features that reach more than `max_score` alone, and those that are another's copy."""
    try:
        import sklearn  # noqa: F401  # only whether it is there
    except ImportError as error:
        raise MissingExtra("a check of the target", "scikit-learn", "analysis") from error
    one, other = _some(train, target), _some(test, target)
    judge = _judge(one[target], other[target], target)
    if isinstance(judge, Finding):
        yield judge
        return
    for name in features:
        score = _score(one[name], other[name], judge)
        if score is not None and score > max_score:
            yield _finding(name, target, score, judge.measure)
    yield from _copies(one, other, features)


def _finding(name: str, target: str, score: float, measure: str) -> Finding:
    return Finding(
        check="target",
        severe=True,
        text=f"{name!r} alone tells {target!r}: {measure} {score:.4f} on the test rows",
        columns=[name],
        count=1,
        score=round(score, 6),
    )


def _some(frame: pd.DataFrame, target: str) -> pd.DataFrame:
    """Rows whose target is known, evenly spread over the table."""
    known = frame[frame[target].notna()]
    return known.iloc[:: max(1, -(-len(known) // MOST_ROWS))]


def _judge(train: Any, test: Any, target: str) -> _Judge | Finding:
    """What is to be told, as classes or as numbers; a finding where it cannot be judged."""
    import pandas as pd

    numbers = pd.api.types.is_numeric_dtype(train) and not pd.api.types.is_bool_dtype(train)
    if pd.api.types.is_numeric_dtype(train) != pd.api.types.is_numeric_dtype(test):
        raise UsageError(
            f"target {target!r} is {train.dtype} in train and {test.dtype} in test",
            hint="make them the same type",
        )
    if numbers and train.nunique() > _MOST_CLASSES:
        values = [column.astype("float64").to_numpy() for column in (train, test)]
        if len(values[1]) < _FEWEST or values[1].std() == 0:
            return _cannot(target, "test has one value of it")
        return _Judge("R²", *values)
    classes = _classes(train, test)
    for which, values_ in zip(("train", "test"), classes, strict=True):
        if len(set(values_)) < _FEWEST:
            return _cannot(target, f"{which} has one value of it")
    if train.nunique() > len(train) // _FEWEST:
        return _cannot(target, f"nearly every one of {len(train):,} rows has a class of its own")
    return _Judge("AUC", *classes)


def _classes(train: Any, test: Any) -> list[Any]:
    """The most frequent classes; all others are one, or many would be judged for minutes."""
    texts = [column.astype(str) for column in (train, test)]
    frequent = texts[0].value_counts().index[:_MOST_CLASSES]
    return [text.where(text.isin(frequent), "(other)").to_numpy() for text in texts]


def _cannot(target: str, why: str) -> Finding:
    text = f"{target!r} could not be checked: {why}"
    return Finding(check="target", severe=False, text=text, columns=[target])


def _score(train: Any, test: Any, judge: _Judge) -> float | None:
    """A small tree on one column. None where the column says nothing, or cannot be used."""
    from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

    made = _inputs(train, test, judge)
    if made is None:
        return None
    known, asked = made
    if judge.measure == "R²":
        from sklearn.metrics import r2_score

        tree = DecisionTreeRegressor(max_depth=10, min_samples_leaf=2, random_state=0)
        tree.fit(known, judge.train)
        return float(r2_score(judge.test, tree.predict(asked)))
    leaf = max(1, min(5, len(known) // 100))
    tree = DecisionTreeClassifier(max_depth=_DEPTH, min_samples_leaf=leaf, random_state=0)
    tree.fit(known, judge.train)
    return _auc(list(tree.classes_), tree.predict_proba(asked), judge.test)


def _auc(classes: list[str], chances: Any, truth: Any) -> float | None:
    """The least of each class against the rest, of classes that both tables have."""
    from sklearn.metrics import roc_auc_score

    scores = []
    for place, name in enumerate(classes):
        is_it = truth == name
        if 0 < is_it.sum() < len(truth):
            scores.append(float(roc_auc_score(is_it, chances[:, place])))
    return min(scores, default=None)


def _inputs(train: Any, test: Any, judge: _Judge) -> tuple[Any, Any] | None:
    """The column as numbers, and whether it is missing: that tells something, too."""
    import numpy as np
    import pandas as pd

    kinds = pd.api.types
    both = (train, test)
    if all(kinds.is_datetime64_any_dtype(column) for column in both):
        stamps = [pd.to_datetime(column, utc=True) for column in both]
        plain = [stamp.astype("int64").astype("float64").where(stamp.notna()) for stamp in stamps]
    elif all(kinds.is_numeric_dtype(column) for column in both):
        plain = [column.astype("float64") for column in both]
    elif all(kinds.is_timedelta64_dtype(column) for column in both):
        plain = [column.dt.total_seconds() for column in both]
    else:
        plain = list(_coded(train, test, judge))
    arrays = []
    for column in plain:
        values = column.to_numpy(dtype="float64", na_value=np.nan)
        missing = np.isnan(values)
        values = np.clip(np.where(missing, 0.0, values), -1e30, 1e30)
        arrays.append(np.column_stack([values, missing]).astype("float32"))
    return (arrays[0], arrays[1]) if len(arrays[0]) else None


def _coded(train: Any, test: Any, judge: _Judge) -> Iterator[Any]:
    """Each text as what the training rows with it have for a target; an unknown one is missing.

    Rare texts are left out: a name that only one row has tells that row and nothing else.
    """
    import pandas as pd

    known = train.astype(object).map(str, na_action="ignore")
    truth = pd.Series(judge.train, index=train.index)
    numbers = (
        truth
        if judge.measure == "R²"
        else pd.Series(pd.factorize(truth, sort=True)[0].astype("float64"), index=train.index)
    )
    grouped = numbers.groupby(known)
    means = grouped.mean() if judge.measure == "R²" else grouped.agg(_most_frequent)
    means = means[grouped.count() >= _FEWEST]
    for column in (known, test.astype(object).map(str, na_action="ignore")):
        yield column.map(means).astype("float64")


def _most_frequent(values: Any) -> float:
    """With its share as the part behind the dot, so that two purities can be told apart."""
    counts = values.value_counts()
    return float(counts.index[0]) + 0.5 * float(counts.iloc[0]) / len(values)


def _copies(train: pd.DataFrame, test: pd.DataFrame, features: Sequence[str]) -> Iterator[Finding]:
    """Features that are the same in every row of both tables."""
    import pandas as pd

    groups: dict[tuple[int, int], list[str]] = {}
    for name in features:
        marks = []
        for frame in (train, test):
            try:
                hashed = pd.util.hash_pandas_object(frame[name], index=False)
            except TypeError:  # lists and dicts
                hashed = pd.util.hash_pandas_object(frame[name].map(str), index=False)
            marks.append(hash(hashed.to_numpy().tobytes()))
        groups.setdefault((marks[0], marks[1]), []).append(name)
    for names in groups.values():
        if len(names) > 1:
            yield Finding(
                check="columns",
                severe=False,
                text=f"{counted(len(names), 'column')} are copies of each other: {listed(names)}",
                columns=names,
                count=len(names),
            )
