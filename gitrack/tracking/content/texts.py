"""Tables in text files, whole or in part: CSV with any delimiter, and JSON lines."""

from __future__ import annotations

import csv
import gzip
import io
import os
import random
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from gitrack.model.profile import ColumnProfile, TableProfile
from gitrack.tracking.content.survey import Detail, Survey
from gitrack.tracking.content.tables import (
    MOST_COLUMNS,
    Unreadable,
    column_name,
    gathered,
    positional,
    worded,
)

#: Of larger texts so many bytes are read, in pieces from all over them.
MOST_TEXT = 256 * 1024 * 1024
_PIECES = 256
#: So much text is read at once, which tells the types of its columns best.
_AT_ONCE = 16 * 1024 * 1024
_BLOCK = 4 * 1024 * 1024
#: Counting the lines of larger files would take longer than a run should wait.
_MOST_COUNTED = 2_000_000_000
#: Columns whose type is found out to be another one further down in the file.
_MOST_TRIES = 8
_DELIMITERS = ",;\t|"
_HEAD = 1_000_000
#: Bytes that text has none or few of.
_CONTROLS = bytes(code for code in range(32) if code not in b"\t\n\r\f\v")
_COLUMN_NUMBER = re.compile(r"In CSV column #(\d+)")


def csv_profile(path: Path, detail: Detail, *, packed: bool) -> tuple[TableProfile, int]:
    """A text of lines with a header, and how many columns it has. Raises Unreadable."""
    head = _head(path, packed=packed)
    if not head.strip():
        return TableProfile(rows=0), 0
    delimiter, names = _header(head)
    columns = len(names)
    shown = [column_name(name) for name in names[:MOST_COLUMNS]]
    bare = TableProfile(columns=[ColumnProfile(name=name) for name in shown])
    if detail == "off":
        return msgspec.structs.replace(bare, rows=_rows(path, packed=packed)), columns
    try:
        encoding = "utf-8" if _is_utf8(head) else "latin-1"
        file = _Csv(path, delimiter, columns, packed=packed, encoding=encoding)
        profile = file.profile(shown, detail)
    except ImportError:
        profile = bare
    if profile.rows is None:
        profile = msgspec.structs.replace(profile, rows=_rows(path, packed=packed))
        if profile.read is not None and profile.rows is not None:
            profile = msgspec.structs.replace(profile, read=min(profile.read, profile.rows))
    return profile, columns


def _rows(path: Path, *, packed: bool) -> int | None:
    found = count_lines(path, packed=packed)
    return None if found is None else max(found - 1, 0)


class _Csv:
    """One CSV file; what its columns are may be found out in several tries."""

    def __init__(
        self, path: Path, delimiter: str, columns: int, *, packed: bool, encoding: str
    ) -> None:
        self._path = path
        self._encoding = encoding
        self._delimiter = delimiter
        self._columns = columns
        self._packed = packed
        # of a packed file nobody knows how large it is before it was read
        self._whole = not packed and path.stat().st_size <= MOST_TEXT
        self._newlines = False
        self._types: dict[str, Any] = {}
        self._skipped = 0
        self._cut = False

    def profile(self, names: Sequence[str], detail: Detail) -> TableProfile:
        import pyarrow as pa

        survey = None
        for attempt in range(_MOST_TRIES):
            try:
                survey = self._survey(detail)
                break
            except pa.ArrowInvalid as error:
                self._learn(str(error), last=attempt == _MOST_TRIES - 2)
        if survey is None:
            raise Unreadable("its lines do not make up a table")
        if self._skipped > survey.rows:
            raise Unreadable(f"{self._skipped:,} of its lines have another number of columns")
        whole = self._whole or (self._packed and not self._cut)
        return TableProfile(
            rows=survey.rows if whole else None,
            read=None if whole else survey.rows,
            sampled=survey.sampled,
            skipped=self._skipped or None if whole else None,
            columns=survey.columns(names),
        )

    def _learn(self, why: str, *, last: bool) -> None:
        """From what went wrong: line breaks in quotes, or a column that is no number after all."""
        import pyarrow as pa

        found = _COLUMN_NUMBER.search(why)
        if found is None:
            if self._newlines:
                raise Unreadable(why.partition("\n")[0])
            self._newlines = True
        elif last:
            self._types = {str(at): pa.string() for at in range(self._columns)}
        else:
            name = found[1]
            was_whole = name not in self._types and "conversion error to int" in why
            text = pa.binary() if "invalid UTF8" in why else pa.string()
            self._types[name] = pa.float64() if was_whole else text

    def _survey(self, detail: Detail) -> Survey:
        from pyarrow import csv as arrow_csv

        self._skipped = 0
        self._cut = False
        options = {
            "read_options": arrow_csv.ReadOptions(
                column_names=[str(at) for at in range(self._columns)],
                skip_rows_after_names=1,
                block_size=_BLOCK,
                encoding=self._encoding,
            ),
            "parse_options": arrow_csv.ParseOptions(
                delimiter=self._delimiter,
                newlines_in_values=self._newlines,
                invalid_row_handler=self._skip,
            ),
            "convert_options": arrow_csv.ConvertOptions(
                strings_can_be_null=True,
                column_types=self._types,
                include_columns=[str(at) for at in range(min(self._columns, MOST_COLUMNS))],
            ),
        }
        if self._whole and self._path.stat().st_size <= _AT_ONCE:
            table = arrow_csv.read_csv(self._path, **options)
            survey = Survey(table.schema.types, detail)
            survey.add(table)
            return survey
        with self._open() as file, arrow_csv.open_csv(file, **options) as reader:
            survey = Survey(reader.schema.types, detail)
            for table in gathered(self._limited(reader)):
                survey.add(table)
        return survey

    def _limited(self, reader: Any) -> Iterator[Any]:
        size = 0
        for batch in reader:
            yield positional(batch.columns, batch.num_rows)
            size += batch.nbytes
            if self._packed and size > MOST_TEXT:
                self._cut = True
                return

    def _open(self) -> Any:
        import pyarrow as pa

        if self._packed:
            return pa.input_stream(self._path, compression="gzip")
        if self._whole:
            return pa.input_stream(self._path, compression=None)
        return pa.PythonFile(io.BufferedReader(_Spread(self._path), _BLOCK), mode="r")

    def _skip(self, row: Any) -> str:
        self._skipped += 1
        return "skip"


class _Spread(io.RawIOBase):
    """The first line of a large text and pieces from all over it, each of whole lines."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("rb")
        size = os.fstat(self._file.fileno()).st_size
        length = MOST_TEXT // _PIECES
        part, lot = size / _PIECES, random.Random(0)
        # somewhere in each part: at even distances a pattern of the data would be met again
        self._starts = [int(part * at + lot.random() * (part - length)) for at in range(_PIECES)]
        self._starts[0] = 0
        self._length = length
        self._piece = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._piece and self._starts:
            self._piece = memoryview(self._next())
        taken = min(len(buffer), len(self._piece))
        buffer[:taken] = self._piece[:taken]
        self._piece = self._piece[taken:]
        return taken

    def close(self) -> None:
        self._file.close()
        super().close()

    def _next(self) -> bytes:
        start = self._starts.pop(0)
        self._file.seek(start)
        data = self._file.read(self._length)
        begin = 0 if start == 0 else data.find(b"\n") + 1
        return data[begin : data.rfind(b"\n") + 1]


def json_lines_profile(path: Path, detail: Detail, *, packed: bool) -> tuple[TableProfile, int]:
    """Objects, one a line. Raises Unreadable."""
    lines = count_lines(path, packed=packed)
    if not lines:
        return TableProfile(rows=lines), 0
    try:
        import pyarrow as pa
        from pyarrow import json as arrow_json
    except ImportError:
        return TableProfile(rows=lines), 0
    try:
        with pa.input_stream(path, compression="gzip" if packed else None) as file:
            head = file.read(_AT_ONCE)
        head = head[: head.rfind(b"\n") + 1] if len(head) == _AT_ONCE else head
        options = arrow_json.ReadOptions(block_size=_BLOCK)
        table = arrow_json.read_json(pa.BufferReader(head), read_options=options)
    except (pa.ArrowException, OSError, EOFError) as error:
        raise Unreadable(worded(error), rows=lines) from error
    names, width = table.schema.names, table.num_columns
    survey = Survey(list(table.schema.types[:MOST_COLUMNS]), detail)
    survey.add(positional(table.columns[:MOST_COLUMNS], table.num_rows))
    profile = TableProfile(
        rows=lines,
        read=survey.rows if survey.rows < lines else None,
        sampled=survey.sampled,
        columns=survey.columns([column_name(name) for name in names[:MOST_COLUMNS]]),
    )
    return profile, width


def count_lines(path: Path, *, packed: bool = False) -> int | None:
    """Lines, where a line break inside quotes is none; blank lines at the end do not count."""
    if path.stat().st_size > _MOST_COUNTED // (8 if packed else 1):
        return None
    count = 0
    quoted = False
    blank = True
    last = b""
    try:
        with gzip.open(path) if packed else path.open("rb") as file:
            while chunk := file.read(_BLOCK):
                if quoted or b'"' in chunk:
                    for number, piece in enumerate(chunk.split(b'"')):
                        if number:
                            quoted = not quoted
                        if not quoted:
                            count += piece.count(b"\n")
                else:
                    count += chunk.count(b"\n")
                blank = chunk.endswith(b"\n")
                last = chunk
    except (gzip.BadGzipFile, EOFError) as error:
        raise Unreadable(worded(error)) from error
    if count and blank:
        end = last[-4096:].replace(b"\r", b"")
        count -= len(end) - len(end.rstrip(b"\n")) - 1
    return count if blank else count + 1


def _head(path: Path, *, packed: bool) -> bytes:
    try:
        with gzip.open(path) if packed else path.open("rb") as file:
            head: bytes = file.read(_HEAD)
    except (gzip.BadGzipFile, EOFError) as error:
        raise Unreadable(worded(error)) from error
    strange = len(head) - len(head.translate(None, _CONTROLS))
    if b"\0" in head or strange > len(head) // 100:
        raise Unreadable("it is binary and no text")
    return head


def _is_utf8(head: bytes) -> bool:
    """But for a character that the end of what was read may have cut."""
    try:
        head.decode()
    except UnicodeDecodeError as error:
        return error.start > len(head) - 4 and len(head) == _HEAD
    return True


def _header(head: bytes) -> tuple[str, list[str]]:
    text = head.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "replace")
    line = text.partition("\n")[0]
    delimiter = max(_DELIMITERS, key=line.count)
    try:
        names = next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    except (csv.Error, StopIteration) as error:
        raise Unreadable("its first line names no columns") from error
    if not names:
        raise Unreadable("its first line names no columns")
    return delimiter, names
