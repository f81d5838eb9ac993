"""A part of the site, what it follows from, and what making it gives."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from gitrack.model.run import Fault


class Made(NamedTuple):
    """Files by their paths on the site, what could not be read, and a note for the next build.

    A note is anything that msgpack holds; it comes back as plain lists, maps and values.
    """

    files: Mapping[str, bytes]
    faults: Sequence[Fault] = ()
    note: Any = None


class Unit(NamedTuple):
    """Some files that are made together.

    `make` must be a function of `inputs` alone (and of the code): equal inputs, equal bytes. The
    contents of a folder of the branch are an input by the id of their tree.
    """

    name: str
    inputs: object
    make: Callable[[], Made]


def key_of(inputs: object) -> bytes:
    """A digest of anything that msgpack holds, records included.

    Maps in another order have another digest: a unit is then made once too often, never wrongly.
    """
    try:
        encoded = msgspec.msgpack.encode(inputs)
    except (UnicodeEncodeError, OverflowError):  # lone surrogates, whole numbers without an end
        encoded = json.dumps(msgspec.to_builtins(inputs)).encode("ascii")
    return hashlib.blake2b(encoded, digest_size=16).digest()
