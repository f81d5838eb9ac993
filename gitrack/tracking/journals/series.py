"""What one process logged, by columns: no object for a step, however many there are."""

from __future__ import annotations

import sys
from array import array
from collections.abc import Iterable, Iterator
from itertools import accumulate, chain
from typing import Any, Literal

from gitrack.tracking.journals.journal import PLACE_OF_FIELDS, DamagedJournal, Shape, stretches

_WORD = 8
_LARGEST_TIME = 2**63


class Series:
    """All sets of metrics of one shape, as they were packed; a column is cut out when asked for.

    `places` says where each stands among all that was logged.
    """

    def __init__(self, shape: Shape) -> None:
        self.shape = shape
        self._packed = bytearray()
        self._begins = array("q")
        self._ends = array("q")
        self._merged: array[int] | None = None

    def __len__(self) -> int:
        return len(self._packed) // self.shape.size

    def add(self, packed: memoryview, begin: int, end: int) -> None:
        """The next ones, with the places from `begin` to before `end`."""
        self._packed += packed
        self._begins.append(begin)
        self._ends.append(end)

    @property
    def places(self) -> array[int]:
        if self._merged is not None:
            return self._merged
        return array("q", chain.from_iterable(map(range, self._begins, self._ends)))

    def move(self, places: array[int], offset: int) -> None:
        """Into what several processes logged: `places` by the former place, after `offset`."""
        self._merged = array("q", (places[offset + place] for place in self.places))

    @property
    def first_place(self) -> int:
        return self._begins[0] if self._merged is None else self._merged[0]

    @property
    def last_place(self) -> int:
        return self._ends[-1] - 1 if self._merged is None else self._merged[-1]

    @property
    def last_values(self) -> tuple[float | int, ...]:
        """Of the last set."""
        return self._last()[4 if self.shape.has_step else 3 :]

    @property
    def last_step(self) -> int:
        step: int = self._last()[3]
        return step

    def _last(self) -> tuple[Any, ...]:
        return self.shape.packed.unpack_from(self._packed, len(self._packed) - self.shape.size)

    @property
    def times(self) -> array[int]:
        """In nanoseconds."""
        return self._column(0, "q")

    @property
    def steps(self) -> array[int]:
        return self._column(1, "q")

    def columns(self) -> dict[str, array[float] | array[int]]:
        """The values of every metric."""
        first = 2 if self.shape.has_step else 1
        return {
            name: self._column(number, "q" if kind == "q" else "d")
            for number, (name, kind) in enumerate(
                zip(self.shape.names, self.shape.types, strict=True), first
            )
        }

    def _column(self, number: int, kind: Literal["q", "d"]) -> array[Any]:
        """Every field has 8 bytes: eight slices with the stride of a record."""
        at, size = PLACE_OF_FIELDS + _WORD * number, self.shape.size
        found = bytearray(_WORD * len(self))
        for byte in range(_WORD):
            found[byte::_WORD] = self._packed[at + byte :: size]
        column: array[Any] = array(kind, bytes(found))
        if sys.byteorder == "big":
            column.byteswap()
        return column


class Stream:
    """The journal of one process: its events with their places and times, and its series."""

    def __init__(self, segments: Iterable[bytes]) -> None:
        self.events: list[tuple[int, int, dict[str, Any]]] = []
        self.series: list[Series] = []
        length = 0
        known: dict[int, Series] = {}  # by identity: a number may be given to another shape
        for item in stretches(segments):
            if isinstance(item, dict):
                self.events.append((length, time_of(item), item))
                length += 1
                continue
            shape, sets, packed = item
            series = known.get(id(shape))
            if series is None:
                series = known[id(shape)] = Series(shape)
                self.series.append(series)
            series.add(packed, length, length + sets)
            length += sets
        self.length = length

    def stamps(self) -> Iterator[int]:
        """A time for each place that never goes back: order beats clocks."""
        times = array("q", bytes(_WORD * self.length))
        for place, time, _ in self.events:
            times[place] = time
        for series in self.series:
            for place, time in zip(series.places, series.times, strict=True):
                times[place] = time
        return accumulate(times, max)


def merge(streams: list[Stream]) -> list[dict[str, Any]]:
    """The events of all in their order; the series of all get their places in it."""
    if len(streams) == 1:
        return [event for _, _, event in streams[0].events]
    stamps = array("q", chain.from_iterable(stream.stamps() for stream in streams))
    order = sorted(range(len(stamps)), key=stamps.__getitem__)
    places = array("q", bytes(_WORD * len(order)))
    for place, number in enumerate(order):
        places[number] = place
    events: list[tuple[int, dict[str, Any]]] = []
    offset = 0
    for stream in streams:
        events += [(places[offset + place], event) for place, _, event in stream.events]
        for series in stream.series:
            series.move(places, offset)
        offset += stream.length
    return [event for _, event in sorted(events, key=lambda found: found[0])]


def time_of(event: dict[str, Any]) -> int:
    """In nanoseconds; 0 where an event has none. Raises DamagedJournal."""
    time = event.get("time")
    if not isinstance(time, int):
        return 0
    if not -_LARGEST_TIME <= time < _LARGEST_TIME:
        raise DamagedJournal(f"an event is not what it should be: {time} is no time")
    return time
