"""All runs of a branch at one commit as a table of columns, each read when it is asked for."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from functools import cache
from itertools import accumulate
from typing import TYPE_CHECKING, Any, NamedTuple

from gitrack.store.index.columns import Value, kind_of
from gitrack.store.index.segment import Damaged, Segment

if TYPE_CHECKING:
    import msgspec
    import numpy as np

    from gitrack.model.run import Artifact, Fault, Use

#: Columns in the order in which people expect them; params, metrics and the rest follow by name.
_FIRST = (
    *("id", "name", "experiment", "status", "started", "ended", "author", "command"),
    *("parent", "notes", "error"),
)
#: For the machine alone: they are columns, but nobody lists them.
_HIDDEN = frozenset({"blob", "pipeline", "artifacts", "uses"})


class Piece(NamedTuple):
    """A segment and the rows of it that are no longer true."""

    segment: Segment
    #: (id, path) of its first and last row: rows of a segment are sorted by that
    first: tuple[str, str]
    last: tuple[str, str]
    dead: frozenset[int] = frozenset()

    @property
    def rows(self) -> int:
        return self.segment.rows - len(self.dead)

    def has(self, name: str) -> bool:
        """True if a row that is still true has a value in the column."""
        if self.segment.present(name) > len(self.dead):
            return True
        values = self.segment.column(name)
        return any(v is not None and row not in self.dead for row, v in enumerate(values))


class RunTable:
    """Columns of runs, sorted by id (that is, by time). Lists that it gives must not be changed."""

    def __init__(
        self,
        pieces: Sequence[Piece],
        faults: Sequence[tuple[str, str, str | None]] = (),
        *,
        commit: str | None = None,
        rebuild: Callable[[], Sequence[Piece]] | None = None,
        before: RunTable | None = None,
    ) -> None:
        """`before` is the table of an earlier commit; where no run came, its columns are ours."""
        self.commit = commit
        self.rows = sum(piece.rows for piece in pieces)
        self._pieces = pieces
        self._faults = faults
        self._rebuild = rebuild
        same = before is not None and before._pieces is pieces
        self._columns: dict[str, list[Value]] = before._columns if before and same else {}
        self._order: list[int] | None = None
        self._order_array: np.ndarray[Any, Any] | None = None
        self._ordered = False

    @property
    def faults(self) -> list[Fault]:
        """Files below `runs/` that cannot be read as what their place says they are."""
        if not self._faults:
            return []  # without what records need: a listing is to be fast
        from gitrack.model.run import Fault

        return [Fault(path=path, why=why, hint=hint) for path, why, hint in self._faults]

    def names(self) -> list[str]:
        """The columns: plain fields first, then those of each section by name."""
        known: set[str] = set()
        for piece in self._pieces:
            known.update(name for name in piece.segment.names() if piece.has(name))
        known -= _HIDDEN
        first = [name for name in _FIRST if name in known]
        return first + sorted(known.difference(first))

    def kind(self, name: str) -> str | None:
        """`number`, `text`, `bool` or `mixed`; None for a column that no run has."""
        kinds = {piece.segment.kind(name) for piece in self._pieces if piece.has(name)} - {None}
        if "mixed" in kinds and any(piece.dead for piece in self._pieces):
            return kind_of([value for value in self.column(name) if value is not None])
        return kinds.pop() if len(kinds) == 1 else "mixed" if kinds else None

    def column(self, name: str) -> list[Value]:
        """Every run's value, None where it has none."""
        values = self._columns.get(name)
        if values is None:
            values = self._columns[name] = self._whole(lambda: self._list(name))
        return values

    def cells(self, name: str, rows: Sequence[int]) -> list[Value]:
        """The values of some rows: for a few of them much cheaper than the whole column."""
        if name in self._columns or any(piece.dead for piece in self._pieces):
            values = self.column(name)
            return [values[row] for row in rows]
        picked: list[Value] = self._whole(lambda: self._pick(name, rows))
        return picked

    def frame_column(self, name: str) -> np.ndarray[Any, Any]:
        """The column as pandas likes it: a missing number is NaN, a missing text None."""
        array: np.ndarray[Any, Any] = self._whole(lambda: self._array(name))
        return array

    def path(self, row: int) -> str:
        """The folder of a run."""
        return str(self.column("path")[row])

    def artifacts(self, row: int) -> list[Artifact]:
        """What a run left."""
        text = self.column("artifacts")[row]
        return [] if text is None else _decoder("artifacts").decode(str(text))

    def uses(self, row: int) -> list[Use]:
        """What a run read of other runs, or from elsewhere."""
        text = self.column("uses")[row]
        return [] if text is None else _decoder("uses").decode(str(text))

    def _whole(self, read: Callable[[], Any]) -> Any:
        """What `read` gives; when the cache turns out to be damaged, once more from the branch."""
        try:
            return read()
        except Damaged:
            if self._rebuild is None:
                raise
            self._pieces, self._rebuild = self._rebuild(), None
            self._columns.clear()
            self._order_array = None
            self._ordered = False
            return read()

    def _list(self, name: str) -> list[Value]:
        values: list[Value] = []
        for piece in self._pieces:
            own = piece.segment.column(name)
            if piece.dead:
                own = [value for row, value in enumerate(own) if row not in piece.dead]
            values = values + own if values else own
        order = self._permutation()
        return values if order is None else [values[row] for row in order]

    def _pick(self, name: str, rows: Sequence[int]) -> list[Value]:
        """Some rows of a table without dead ones, each from the piece that it lies in."""
        order = self._permutation()
        starts = list(accumulate((piece.rows for piece in self._pieces), initial=0))
        cells: list[Value] = [None] * len(rows)
        places: dict[int, list[tuple[int, int]]] = {}
        for at, row in enumerate(rows):
            row = row if order is None else order[row]
            which = bisect_right(starts, row) - 1
            places.setdefault(which, []).append((at, row - starts[which]))
        for which, pairs in places.items():
            found = self._pieces[which].segment.cells(name, [row for _, row in pairs])
            for (at, _), cell in zip(pairs, found, strict=True):
                cells[at] = cell
        return cells

    def _array(self, name: str) -> np.ndarray[Any, Any]:
        import numpy as np

        arrays = [piece.segment.array(name) for piece in self._pieces]
        kinds = {array.dtype.kind for array in arrays if array is not None}
        numbers = bool(kinds) and kinds <= {"i", "f"}
        parts = []
        for piece, array in zip(self._pieces, arrays, strict=True):
            if array is None:
                array = np.full(piece.segment.rows, np.nan if numbers else None)
            elif len(kinds) > 1 and not numbers:
                array = array.astype(object)
            parts.append(np.delete(array, sorted(piece.dead)) if piece.dead else array)
        if not parts:
            return np.empty(0, dtype=object)
        whole = parts[0] if len(parts) == 1 else np.concatenate(parts)
        if self._permutation() is None:
            return whole
        if self._order_array is None:  # numpy takes a list apart anew every time
            self._order_array = np.array(self._order, dtype="i8")
        ordered: np.ndarray[Any, Any] = whole.take(self._order_array)
        return ordered

    def _permutation(self) -> list[int] | None:
        """The rows of all pieces in the order of the table; None if they are in it already."""
        if not self._ordered:
            self._ordered = True
            pairs = zip(self._pieces, self._pieces[1:], strict=False)
            if all(one.last < other.first for one, other in pairs):
                self._order = None
            else:
                keys = [key for piece in self._pieces for key in _keys(piece)]
                self._order = sorted(range(len(keys)), key=keys.__getitem__)
        return self._order


@cache
def _decoder(name: str) -> msgspec.json.Decoder[Any]:
    import msgspec  # late: a listing does without

    from gitrack.model.run import Artifact, Use

    kinds = {"artifacts": list[Artifact], "uses": list[Use]}
    return msgspec.json.Decoder(kinds[name])


def _keys(piece: Piece) -> list[tuple[Any, Any]]:
    pairs = zip(piece.segment.column("id"), piece.segment.column("path"), strict=True)
    return [key for row, key in enumerate(pairs) if row not in piece.dead]
