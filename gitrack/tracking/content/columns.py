"""What is told of a column of each kind, gathered batch by batch with pyarrow and numpy."""

from __future__ import annotations

import math
from typing import Any

from gitrack.model.profile import LEVELS, ColumnProfile, Histogram, Value

#: A column of more different values is no list of names to be shown.
_MOST_NAMED = 50
#: A value that fewer rows have may tell who they are about.
_FEWEST_TO_NAME = 5
_LONGEST_NAMED = 80
_LONGEST_TYPE = 200
#: Between half as many and so many bins tell how the values of a column are spread.
_MOST_BINS = 32


def type_name(type_: Any) -> str:
    """A type of Arrow by one name, whichever library has written the column."""
    import pyarrow.types as kinds

    if kinds.is_dictionary(type_):
        return type_name(type_.value_type)
    if kinds.is_timestamp(type_):
        return f"timestamp[{type_.tz}]" if type_.tz else "timestamp"
    if kinds.is_date(type_):
        return "date"
    names = {"double": "float64", "float": "float32", "halffloat": "float16"}
    names |= dict.fromkeys(("large_string", "string_view"), "string")
    names |= dict.fromkeys(("large_binary", "binary_view"), "binary")
    text = names.get(str(type_), str(type_))
    return text if len(text) <= _LONGEST_TYPE else f"{text[: _LONGEST_TYPE - 1]}…"


def gatherer(type_: Any) -> Column:
    import pyarrow.types as kinds

    plain = type_.value_type if kinds.is_dictionary(type_) else type_
    if kinds.is_boolean(plain):
        return Truths(type_)
    if kinds.is_integer(plain):
        return Integers(type_)
    if kinds.is_floating(plain) or kinds.is_decimal(plain) or kinds.is_duration(plain):
        return Numbers(type_)
    if kinds.is_timestamp(plain) or kinds.is_date(plain):
        return Moments(type_)
    if kinds.is_string(plain) or kinds.is_large_string(plain) or kinds.is_string_view(plain):
        return Texts(type_)
    return Column(type_)


class Column:
    """Any column: how much of it is missing. The others know more of their types."""

    #: whether the kept rows of the column are of use
    sampled = False

    def __init__(self, type_: Any) -> None:
        import pyarrow.types as kinds

        self.type = type_name(type_)
        self._decode = kinds.is_dictionary(type_)
        self.missing = 0

    def add(self, column: Any) -> None:
        self._take(self._plain(column))

    def profile(self, name: str, rows: int, kept: Any, *, texts: bool) -> ColumnProfile:
        return ColumnProfile(name=name, type=self.type, missing=self.missing)

    def _take(self, column: Any) -> None:
        self.missing += column.null_count

    def _plain(self, column: Any) -> Any:
        import pyarrow as pa

        if not self._decode:
            return column
        chunks = [chunk.dictionary_decode() for chunk in column.chunks]
        return pa.chunked_array(chunks, column.type.value_type)


class Truths(Column):
    sampled = True

    def __init__(self, type_: Any) -> None:
        super().__init__(type_)
        self._true = 0

    def _take(self, column: Any) -> None:
        super()._take(column)
        self._true += column.true_count if hasattr(column, "true_count") else _sum(column)

    def profile(self, name: str, rows: int, kept: Any, *, texts: bool) -> ColumnProfile:
        return ColumnProfile(name=name, type=self.type, missing=self.missing, true=self._true)


class Texts(Column):
    sampled = True

    def profile(self, name: str, rows: int, kept: Any, *, texts: bool) -> ColumnProfile:
        distinct, top = _values(self._plain(kept))
        return ColumnProfile(
            name=name,
            type=self.type,
            missing=self.missing,
            distinct=distinct,
            top=top if texts else None,
        )


class Numbers(Column):
    """Floats and what becomes one without harm: extremes, mean and deviation of finite values."""

    sampled = True

    def __init__(self, type_: Any) -> None:
        super().__init__(type_)
        self.infinite = 0
        self._seen, self._mean, self._squares = 0, 0.0, 0.0
        self._min: Any = None
        self._max: Any = None

    def _take(self, column: Any) -> None:
        import numpy as np

        values = self._floats(column)
        missing = int(np.isnan(values).sum())
        self.missing += missing
        finite = values[np.isfinite(values)]
        self.infinite += len(values) - len(finite) - missing
        if len(finite):
            self._extend(*self._extremes(column, finite))
            self._merge(finite)

    def _floats(self, column: Any) -> Any:
        import pyarrow as pa
        import pyarrow.types as kinds

        if kinds.is_duration(column.type):
            seconds = {"s": 1, "ms": 1e3, "us": 1e6, "ns": 1e9}[column.type.unit]
            return column.cast(pa.int64()).cast(pa.float64(), safe=False).to_numpy() / seconds
        return column.cast(pa.float64(), safe=False).to_numpy()

    def _extremes(self, column: Any, finite: Any) -> tuple[Any, Any]:
        return finite.min(), finite.max()

    def _extend(self, low: Any, high: Any) -> None:
        self._min = low if self._min is None else min(self._min, low)
        self._max = high if self._max is None else max(self._max, high)

    def _merge(self, values: Any) -> None:
        """Mean and squared distance from it, of what was seen and these (Chan et al., 1979)."""
        import numpy as np

        with np.errstate(over="ignore", invalid="ignore"):
            count, mean = len(values), float(values.mean())
            squares = float(((values - mean) ** 2).sum())
        whole = self._seen + count
        apart = mean - self._mean
        self._squares += squares + apart * apart * self._seen * count / whole
        self._mean += apart * count / whole
        self._seen = whole

    def _spread(self) -> float | None:
        """The deviation of a sample, as pandas has it."""
        return math.sqrt(self._squares / (self._seen - 1)) if self._seen > 1 else None

    def profile(self, name: str, rows: int, kept: Any, *, texts: bool) -> ColumnProfile:
        import numpy as np

        kept = self._plain(kept)
        values = self._floats(kept)
        values = values[np.isfinite(values)]
        quantiles = _quantiles(values)
        distinct, top = self._counted(kept, values)
        return ColumnProfile(
            name=name,
            type=self.type,
            missing=self.missing,
            infinite=self.infinite,
            distinct=distinct,
            min=_number(self._min),
            max=_number(self._max),
            mean=_number(self._mean) if self._seen else None,
            std=_number(self._spread()),
            quantiles=_list(quantiles, self._worded),
            histogram=_histogram(values, quantiles, whole=isinstance(self, Integers)),
            top=top,
        )

    def _worded(self, value: Any) -> Value | None:
        return _number(value)

    def _counted(self, kept: Any, values: Any) -> tuple[int | None, list[tuple[Value, int]] | None]:
        import numpy as np

        return len(np.unique(values)), None


class Integers(Numbers):
    """Whole numbers: extremes to the last digit, and how often each where they are few."""

    def _extremes(self, column: Any, finite: Any) -> tuple[Any, Any]:
        import pyarrow.compute as pc

        found = pc.min_max(column).as_py()
        return found["min"], found["max"]

    def _counted(self, kept: Any, values: Any) -> tuple[int | None, list[tuple[Value, int]] | None]:
        return _values(kept)

    def _worded(self, value: Any) -> Value | None:
        return int(value)


class Moments(Column):
    """Dates and times of day in UTC, to the microsecond."""

    sampled = True

    def __init__(self, type_: Any) -> None:
        super().__init__(type_)
        self._min: int | None = None
        self._max: int | None = None
        self._zone = bool(getattr(type_, "tz", None))

    def _microseconds(self, column: Any) -> Any:
        """Whole numbers since 1970; nothing where a moment lies too far away for that."""
        import pyarrow as pa

        zone = getattr(column.type, "tz", None)
        try:
            return column.cast(pa.timestamp("us", tz=zone), safe=False).cast(pa.int64())
        except pa.ArrowInvalid:
            return None

    def _take(self, column: Any) -> None:
        import pyarrow.compute as pc

        super()._take(column)
        whole = self._microseconds(column)
        if whole is None or whole.null_count == len(whole):
            return
        found = pc.min_max(whole).as_py()
        self._min = min(found["min"], found["min"] if self._min is None else self._min)
        self._max = max(found["max"], found["max"] if self._max is None else self._max)

    def profile(self, name: str, rows: int, kept: Any, *, texts: bool) -> ColumnProfile:
        import pyarrow.compute as pc

        whole = self._microseconds(self._plain(kept))
        values = None if whole is None else whole.drop_null().to_numpy()
        quantiles: Any = None if values is None else _quantiles(values)
        return ColumnProfile(
            name=name,
            type=self.type,
            missing=self.missing,
            distinct=None if whole is None else pc.count_distinct(whole).as_py(),
            min=self._worded(self._min),
            max=self._worded(self._max),
            quantiles=_list(quantiles, self._worded),
            histogram=self._spread(values, quantiles),
        )

    def _spread(self, values: Any, quantiles: Any) -> Histogram | None:
        return None if quantiles is None else _histogram(values / 1e6, quantiles / 1e6)

    def _worded(self, microseconds: Any) -> str | None:
        import numpy as np

        if microseconds is None:
            return None
        text = str(np.datetime64(int(microseconds), "us")).rstrip("0").rstrip(".")
        text = text if "." in text else str(np.datetime64(int(microseconds), "us"))[:19]
        if self.type == "date":
            return text.partition("T")[0]
        return text + ("Z" if self._zone else "")


def _values(column: Any) -> tuple[int | None, list[tuple[Value, int]] | None]:
    """How many different values, and the most frequent of few."""
    import pyarrow.compute as pc

    distinct = pc.count_distinct(column).as_py()
    if not 0 < distinct <= _MOST_NAMED:
        return distinct, None
    counted = pc.value_counts(column.combine_chunks())
    pairs = [(pair["values"], pair["counts"]) for pair in counted.to_pylist()]
    named = [(value, count) for value, count in pairs if _may_be_named(value, count)]
    return distinct, sorted(named, key=lambda pair: (-pair[1], pair[0])) or None


def _may_be_named(value: Any, count: int) -> bool:
    if value is None or count < _FEWEST_TO_NAME:
        return False
    return not isinstance(value, str) or len(value) <= _LONGEST_NAMED


def _quantiles(values: Any) -> Any:
    """Observed values: the smallest at or below which so large a share lies."""
    import numpy as np

    return np.quantile(values, LEVELS, method="inverted_cdf") if len(values) else None


def _list(quantiles: Any, worded: Any) -> list[Value] | None:
    return None if quantiles is None else [worded(value) for value in quantiles]


def _histogram(values: Any, quantiles: Any, *, whole: bool = False) -> Histogram | None:
    """So many bins as a terminal shows, over all but the last hundredth at both ends."""
    import numpy as np

    if quantiles is None:
        return None
    low, high = float(quantiles[0]), float(quantiles[-1])
    span = high - low or abs(low) / 2**20 or 1.0
    if not math.isfinite(span) or not 2.0**-900 < span < 2.0**900:
        return None
    width = 2.0 ** math.ceil(math.log2(span / _MOST_BINS))
    if whole:
        width = max(1.0, width)
    start = math.floor(low / width) * width
    count = math.floor((high - start) / width) + 1
    places = np.floor((values - start) / width)
    inside = places[(places >= 0) & (places < count)].astype("int64")
    return Histogram(
        start=_whole(start),
        width=_whole(width),
        counts=np.bincount(inside, minlength=count).tolist(),
        below=int((places < 0).sum()),
        above=int((places >= count).sum()),
    )


def _whole(value: float) -> float | int:
    return int(value) if value.is_integer() and abs(value) < 2**53 else value


def _number(value: Any) -> float | int | None:
    """Seven digits: more would differ with the order in which sums were made."""
    plain = value.item() if hasattr(value, "item") else value
    if isinstance(plain, int):
        return plain
    return float(f"{plain:.7g}") if isinstance(plain, float) and math.isfinite(plain) else None


def _sum(column: Any) -> int:
    import pyarrow.compute as pc

    return int(pc.sum(column).as_py() or 0)
