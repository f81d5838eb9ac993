"""A pipe, a socket or a device in the place of a file is refused at once."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from gitrack.config.regular import read_regular


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no such files")
def test_what_is_no_regular_file_is_called_by_its_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # the address of a socket may not be long
    os.mkfifo("pipe")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("socket")
        Path("device").symlink_to("/dev/zero")

        for kind in ("pipe", "socket", "device"):
            with pytest.raises(OSError, match=f"it is a {kind}, not a regular file"):
                read_regular(Path(kind))


def test_a_file_is_read_and_what_is_missing_is_missing(tmp_path):
    (tmp_path / "file").write_bytes(b"a\r\nb\0")
    (tmp_path / "link").symlink_to("file")

    assert read_regular(tmp_path / "file") == b"a\r\nb\0"
    assert read_regular(tmp_path / "link") == b"a\r\nb\0"
    assert read_regular(tmp_path / "file", most=3) == b"a\r\n"
    with pytest.raises(FileNotFoundError):
        read_regular(tmp_path / "nothing")
    with pytest.raises(IsADirectoryError):
        read_regular(tmp_path)
