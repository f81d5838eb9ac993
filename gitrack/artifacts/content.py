"""What a file is, judged by its bytes: text, a picture, or neither."""

from __future__ import annotations

#: How the pictures begin that browsers and code hosts show. SVG and HTML count as text.
_PICTURES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF87a", b"GIF89a")


def is_text(data: bytes) -> bool:
    """True for UTF-8 without a NUL: what git compares line by line and people read."""
    if b"\0" in data:
        return False
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def is_picture(data: bytes) -> bool:
    """True for PNG, JPEG, GIF, WebP and AVIF."""
    if data.startswith(_PICTURES):
        return True
    if data[:4] == b"RIFF":
        return data[8:12] == b"WEBP"
    return data[4:12] in (b"ftypavif", b"ftypavis")


def belongs_in_git(data: bytes) -> bool:
    """True for what people can look at on a code host; size is judged elsewhere."""
    return is_text(data) or is_picture(data)
