"""Small packs: whole objects, an index of version 2, and a `.keep` until the ref has moved.

Loose objects would be lost: `git gc --prune=now` beside a writer removes those that no ref
reaches yet. A pack with a `.keep` is never touched.
"""

from __future__ import annotations

import contextlib
import re
import struct
import zlib
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from gitrack.errors import StoreError
from gitrack.store.git.files import Files
from gitrack.store.git.objects import HASHES, Hash
from gitrack.store.git.repository import Repository

#: What our `.keep` files say, so that those of dead writers can be told from other people's.
KEEP = b"gitrack\n"
#: What they say where there are no locks, and so no proof that a writer is dead.
KEEP_UNLOCKED = b"gitrack, without a lock\n"
#: Git counts packs and starts its own gc at 50: ours are joined before, those of one commit
#: at 24, joined ones at 8, so that there are hardly more than 40 and a commit is copied rarely.
JOIN_AT = 24
_JOIN_JOINED_AT = 8
#: The ledger's mark of a pack that has been joined and is to be removed.
_DOOMED = 999
_LARGEST_JOINED = 32 << 20
_LARGEST_PACK = 0x7FFFFFFF
_KINDS = {b"commit": 1, b"tree": 2, b"blob": 3}
_NAMES = {number: kind for kind, number in _KINDS.items()}
_LEDGER_LINE = re.compile(r"(\d{1,3}) (pack-[0-9a-f]{40,64})\Z")
_CHUNK = 1 << 15
#: From here on, compressing is what a commit's time goes into.
_LARGE = 1 << 15


class Packed(NamedTuple):
    """An object as it lies in a pack: its id, and head and deflated contents."""

    id: bytes
    data: bytes


def packed(kind: bytes, data: bytes, hash: Hash) -> Packed:
    """Make an object ready for a pack."""
    head = bytearray()
    rest = len(data)
    byte = (_KINDS[kind] << 4) | (rest & 15)
    rest >>= 4
    while rest:
        head.append(byte | 0x80)
        byte = rest & 0x7F
        rest >>= 7
    head.append(byte)
    return Packed(hash.of(kind, data), bytes(head) + _compressed(data))


def _compressed(data: bytes) -> bytes:
    if len(data) < _LARGE:
        return zlib.compress(data, 1)
    # a table of its own is not worth its time for the ids of a large folder: as small, in half
    stream = zlib.compressobj(1, zlib.DEFLATED, zlib.MAX_WBITS, 9, zlib.Z_FIXED)
    return stream.compress(data) + stream.flush()


def write_pack(
    repository: Repository, files: Files, objects: Iterable[Packed], *, exclusive: bool = True
) -> str:
    """Put objects into a new pack, guarded by a `.keep`; the pack's name (`pack-…`).

    The caller holds the writers' lock (`exclusive`), and calls `release` once a ref reaches the
    objects.
    """
    hash = HASHES[repository.object_format]
    unique = {item.id: item.data for item in objects}
    total = sum(map(len, unique.values()))
    if total > _LARGEST_PACK - 64:
        raise StoreError(
            f"{total >> 20} MB are too much for one commit", hint="keep big files as artifacts"
        )
    body = b"".join([struct.pack(">4sII", b"PACK", 2, len(unique)), *unique.values()])
    pack = body + hash.digest(body)
    name = f"pack-{pack[-hash.size :].hex()}"
    folder = repository.objects / "pack"
    # .idx last: it makes the pack visible. Temporaries lie in our own folder, since git's prune
    # removes objects/pack/tmp_*
    files.publish(folder / f"{name}.keep", KEEP if exclusive else KEEP_UNLOCKED)
    files.publish(folder / f"{name}.pack", pack, read_only=True, sync=True)
    index = _index(unique, pack[-hash.size :], hash)
    files.publish(folder / f"{name}.idx", index, read_only=True, sync=True)
    return name


def release(repository: Repository, name: str) -> None:
    """Hand a pack over to git: from now on gc may repack it."""
    with contextlib.suppress(FileNotFoundError):
        (repository.objects / "pack" / f"{name}.keep").unlink()


def _index(objects: dict[bytes, bytes], trailer: bytes, hash: Hash) -> bytes:
    places: dict[bytes, int] = {}
    at = 12
    for id, data in objects.items():
        places[id] = at
        at += len(data)
    ids = sorted(objects)
    fan = [bisect_left(ids, bytes((byte + 1,))) for byte in range(255)] + [len(ids)]
    parts = [
        b"\xfftOc\x00\x00\x00\x02",
        struct.pack(">256I", *fan),
        *ids,
        struct.pack(f">{len(ids)}I", *[zlib.crc32(objects[id]) for id in ids]),
        struct.pack(f">{len(ids)}I", *[places[id] for id in ids]),
        trailer,
    ]
    body = b"".join(parts)
    return body + hash.digest(body)


class PackIndex:
    """Where a pack's objects begin, from its `.idx`."""

    def __init__(self, data: bytes, hash: Hash) -> None:
        if data[:8] != b"\xfftOc\x00\x00\x00\x02" or len(data) < 1032:
            raise StoreError("a pack's index is not of version 2")
        self._data = data
        self._size = hash.size
        self._fan: tuple[int, ...] = struct.unpack_from(">256I", data, 8)
        self.count = self._fan[255]

    def find(self, id: bytes) -> int | None:
        """The number of an object in the index."""
        low = self._fan[id[0] - 1] if id[0] else 0
        high = self._fan[id[0]]
        data, size = self._data, self._size
        while low < high:
            middle = (low + high) // 2
            at = 1032 + size * middle
            there = data[at : at + size]
            if there == id:
                return middle
            if there < id:
                low = middle + 1
            else:
                high = middle
        return None

    def offset(self, number: int) -> int:
        """Where an object begins in its pack; packs of ours need no 64-bit offsets."""
        at = 1032 + (self._size + 4) * self.count + 4 * number
        return int.from_bytes(self._data[at : at + 4])

    def offsets(self) -> list[tuple[int, bytes]]:
        """(offset, id) of every object, as they lie in the pack."""
        ids = range(self.count)
        start, size = 1032, self._size
        return sorted(
            (self.offset(n), self._data[start + size * n : start + size * (n + 1)]) for n in ids
        )


class YoungPacks:
    """The packs that we wrote and have not left to git yet, by a ledger; read without git."""

    def __init__(self, repository: Repository) -> None:
        self._repository = repository
        self._hash = HASHES[repository.object_format]
        self._folder = repository.objects / "pack"
        self._ledger = repository.home / "packs"
        self._seen: tuple[int, int, int] | None = None
        self._open: dict[str, PackIndex] = {}

    def read(self, id: bytes) -> tuple[bytes, bytes] | None:
        """(kind, contents) of an object, or None if it is in no young pack."""
        self._refresh()
        for name, index in list(self._open.items()):
            number = index.find(id)
            if number is None:
                continue
            try:
                return _object_at(self._folder / f"{name}.pack", index.offset(number))
            except FileNotFoundError:
                self._open.pop(name, None)
        return None

    def record(self, files: Files, name: str, level: int = 0) -> None:
        """Note a pack in the ledger; under the writers' lock."""
        files.append(self._ledger, f"{level} {name}\n".encode())

    def join(self, files: Files) -> None:
        """Join packs once there are many of one size; under the writers' lock."""
        ledger = self._lines()
        doomed = [name for level, name in ledger if level == _DOOMED]
        if doomed:  # whoever joined them died before it could remove them
            ledger = [line for line in ledger if line[0] != _DOOMED]
            self._drop(files, doomed, ledger)
        count = Counter(level for level, _ in ledger)
        full = [level for level, n in count.items() if n >= (_JOIN_JOINED_AT if level else JOIN_AT)]
        # a multi-pack-index names packs: removing one of them would break it
        if not full or (self._folder / "multi-pack-index").exists():
            return
        level = min(full)
        names = [name for at, name in ledger if at == level]
        rest = [(at, name) for at, name in ledger if at != level]
        objects, present = self._gather(names)
        if len(present) > 1:
            joined = write_pack(self._repository, files, objects)
            size = sum(len(item.data) for item in objects)
            if size < _LARGEST_JOINED:
                rest.append((level + 1, joined))
            old = [name for name in present if name != joined]
            self._rewrite(files, [*rest, *((_DOOMED, name) for name in old)])
            self._drop(files, old, rest)
            release(self._repository, joined)
        else:
            self._rewrite(files, rest)

    def sweep(self, files: Files) -> None:
        """Release what dead writers guarded, and take it up to be joined; under the lock.

        A pack without index was never whole. Any other stays, even if no ref came to reach it:
        git may have seen an object in it, and not written the same one again.
        """
        for keep in self._folder.glob("pack-*.keep"):
            if not _is_ours(keep):
                continue
            if keep.with_suffix(".idx").exists():
                self.record(files, keep.stem)
                keep.unlink()
            else:
                keep.with_suffix(".pack").unlink(missing_ok=True)
                keep.unlink()

    def _drop(self, files: Files, names: Iterable[str], rest: Iterable[tuple[int, str]]) -> None:
        for name in names:
            _remove_pack(self._folder, name)
        self._rewrite(files, rest)

    def _gather(self, names: Iterable[str]) -> tuple[list[Packed], list[str]]:
        objects: list[Packed] = []
        present: list[str] = []
        for name in names:
            try:
                pack = (self._folder / f"{name}.pack").read_bytes()
                index = PackIndex((self._folder / f"{name}.idx").read_bytes(), self._hash)
            except FileNotFoundError:
                continue  # git's own gc has taken it in
            places = index.offsets()
            ends = [at for at, _ in places[1:]] + [len(pack) - self._hash.size]
            for (start, id), end in zip(places, ends, strict=True):
                objects.append(Packed(id, pack[start:end]))
            present.append(name)
        return objects, present

    def _rewrite(self, files: Files, lines: Iterable[tuple[int, str]]) -> None:
        text = "".join(f"{level} {name}\n" for level, name in lines)
        files.publish(self._ledger, text.encode())

    def _lines(self) -> list[tuple[int, str]]:
        try:
            text = self._ledger.read_text("ascii", "replace")
        except FileNotFoundError:
            return []
        found = filter(None, map(_LEDGER_LINE.match, text.splitlines()))
        levels: dict[str, int] = {}
        for match in found:
            levels.setdefault(match[2], int(match[1]))
        return [(level, name) for name, level in levels.items()]

    def _refresh(self) -> None:
        try:
            state = self._ledger.stat()
        except FileNotFoundError:
            self._seen, self._open = None, {}
            return
        seen = (state.st_ino, state.st_size, state.st_mtime_ns)
        if seen == self._seen:
            return
        opened: dict[str, PackIndex] = {}
        for _, name in reversed(self._lines()):
            index = self._open.get(name)
            if index is None:
                try:
                    data = (self._folder / f"{name}.idx").read_bytes()
                except FileNotFoundError:
                    continue
                index = PackIndex(data, self._hash)
            opened[name] = index
        self._seen, self._open = seen, opened


def _is_ours(keep: Path) -> bool:
    try:
        return keep.read_bytes() == KEEP
    except FileNotFoundError:
        return False


def _remove_pack(folder: Path, name: str) -> None:
    for suffix in (".idx", ".pack", ".rev", ".bitmap"):
        with contextlib.suppress(FileNotFoundError):
            (folder / (name + suffix)).unlink()


def _object_at(pack: Path, offset: int) -> tuple[bytes, bytes] | None:
    with open(pack, "rb", buffering=0) as file:
        file.seek(offset)
        chunk = file.read(_CHUNK)
        kind = _NAMES.get((chunk[0] >> 4) & 7)
        if kind is None:
            return None  # a delta: not a pack of our making any more
        at = 0
        while chunk[at] & 0x80:
            at += 1
        inflate = zlib.decompressobj()
        data = inflate.decompress(chunk[at + 1 :])
        while not inflate.eof:
            chunk = file.read(_CHUNK * 8)
            if not chunk:
                raise StoreError(f"the pack {pack.name} is damaged", hint="type  git fsck")
            data += inflate.decompress(chunk)
    return kind, data


def missing_ids(repository: Repository, ids: Sequence[str]) -> list[str]:
    """Which objects are not here, told from the packs' indices: asking git would fetch them."""
    hash = HASHES[repository.object_format]
    missing = {id for id in ids if not (repository.objects / id[:2] / id[2:]).exists()}
    for place in sorted((repository.objects / "pack").glob("pack-*.idx")):
        if not missing:
            break
        try:
            index = PackIndex(place.read_bytes(), hash)
        except FileNotFoundError:
            continue
        missing = {id for id in missing if index.find(bytes.fromhex(id)) is None}
    return [id for id in dict.fromkeys(ids) if id in missing]
