"""Pointers are written as DVC writes them and read with suspicion."""

from __future__ import annotations

import string

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from gitrack.artifacts import Pointer, dump_pointer, load_pointer
from gitrack.errors import UnreadableFile

MD5 = "0123456789abcdef0123456789abcdef"

names = st.text(
    st.characters(exclude_characters="/\\\0", exclude_categories=["Cc", "Cs", "Zl", "Zp"]),
    min_size=1,
).filter(lambda name: name not in (".", "..") and not name.startswith("\ufeff"))


@given(
    path=names,
    md5=st.text(string.hexdigits.lower()[:16], min_size=32, max_size=32),
    folder=st.booleans(),
    size=st.none() | st.integers(0, 2**60),
    nfiles=st.none() | st.integers(0, 10**6),
    kind=st.sampled_from(["md5", "md5-dos2unix"]),
)
def test_a_pointer_comes_back_and_every_reader_agrees(path, md5, folder, size, nfiles, kind):
    pointer = Pointer(path=path, md5=md5 + ".dir" * folder, size=size, nfiles=nfiles, hash=kind)
    data = dump_pointer(pointer)

    assert load_pointer("x.dvc", data) == pointer
    assert yaml.safe_load(data) == YAML(typ="safe").load(data)
    assert yaml.safe_load(data)["outs"][0]["md5"] == pointer.md5


def test_a_pointer_of_dvc_2_is_read_as_that():
    data = f"outs:\n- md5: {MD5}\n  size: 5\n  path: x.txt\n".encode()
    assert load_pointer("x.dvc", data).hash == "md5-dos2unix"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "no list of outs"),
        ("outs: 5", "no list of outs"),
        ("outs: []", "0 outputs"),
        (f"outs: [{{md5: {MD5}, path: a}}, {{md5: {MD5}, path: b}}]", "2 outputs"),
        ("outs: [1]", "not a map"),
        ("outs: [{md5: ../../../../etc/passwd, path: x}]", "hexadecimal"),
        (f"outs: [{{md5: {MD5}x, path: x}}]", "hexadecimal"),
        (f"outs: [{{md5: {MD5}, path: ../x}}]", "beside the pointer"),
        (f"outs: [{{md5: {MD5}, path: 5}}]", "beside the pointer"),
        (f"outs: [{{md5: {MD5}, path: x, hash: blake3}}]", "hash is"),
        (f"outs: [{{md5: {MD5}, path: x, size: -1}}]", "size is"),
        (f"outs: [{{md5: {MD5}, path: x, size: true}}]", "size is"),
        ("&a [*a]", "."),
    ],
)
def test_a_broken_pointer_is_named(text, why):
    with pytest.raises(UnreadableFile, match=why) as caught:
        load_pointer("runs/a/model.dvc", text.encode())
    assert caught.value.path == "runs/a/model.dvc"
