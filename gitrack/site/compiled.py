"""Templates as they were compiled, kept between builds: compiling takes longer than a page."""

from __future__ import annotations

import contextlib
import hashlib
import os
from pathlib import Path
from typing import Any

from gitrack.site.libraries import require

_DIGEST = 16


def compiled_in(cache: Path, generator: bytes) -> Any:
    """A `jinja2.BytecodeCache` in a folder, for one version of all code that makes pages.

    Whatever is wrong with a file counts as none; a folder that can't be written costs time only.
    """

    class Compiled(require("jinja2").BytecodeCache):  # type: ignore[misc] # it is imported late
        def load_bytecode(self, bucket: Any) -> None:
            try:
                data = _file(cache, bucket.key).read_bytes()
            except OSError:
                return
            told, code = data[:_DIGEST], data[_DIGEST:]
            if told == _digest(generator, code):
                bucket.bytecode_from_string(code)

        def dump_bytecode(self, bucket: Any) -> None:
            code = bucket.bytecode_to_string()
            path = _file(cache, bucket.key)
            fresh = path.with_suffix(f".{os.getpid()}.tmp")
            try:
                cache.mkdir(parents=True, exist_ok=True)
                fresh.write_bytes(_digest(generator, code) + code)
                fresh.replace(path)
            except OSError:
                with contextlib.suppress(OSError):
                    fresh.unlink()

    return Compiled()


def _file(cache: Path, key: str) -> Path:
    return cache / f"page-{key}.bin"


def _digest(generator: bytes, code: bytes) -> bytes:
    return hashlib.blake2b(code, key=generator, digest_size=_DIGEST).digest()
