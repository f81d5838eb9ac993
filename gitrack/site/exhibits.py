"""What runs left, made fit to be shown: pictures, text, and pointers to what is heavy.

Bytes of users never become markup of the site. Pictures are known by their first bytes, not by
their names; SVG goes into `<img>` as a data address, so that no SVG file can be opened by itself;
everything else that is text, HTML included, is copied under a name that ends in `.txt`.
"""

from __future__ import annotations

import base64
import re
import struct
from collections.abc import Iterable

import msgspec

from gitrack.model.run import Artifact, Run
from gitrack.site import display
from gitrack.site.links import document_page, slug
from gitrack.site.source import Source

_MAGIC = (
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"\xff\xd8\xff", "jpg"),
    (b"GIF87a", "gif"),
    (b"GIF89a", "gif"),
)
#: A comment ends where it first can: one that may go on makes the ways to read many beyond count.
_SVG = re.compile(
    rb"\A(?:\xef\xbb\xbf)?\s*"
    rb"(?:<\?xml[^>]*>\s*|<!--(?:(?!-->).)*-->\s*|<!DOCTYPE[^>]*>\s*)*<svg[\s>]",
    re.S,
)
#: Of the site's pages none should take a browser long.
_LARGEST_DOCUMENT = 2_000_000
_PREVIEW_LINES = 60
_PREVIEW_CHARACTERS = 8_000


class Picture(msgspec.Struct, frozen=True, kw_only=True):
    """A picture; `source` is relative to the top of the site, or a data address."""

    path: str
    source: str
    inline: bool = False
    width: int | None = None
    height: int | None = None


class Text(msgspec.Struct, frozen=True, kw_only=True):
    """A text file: its beginning, and where the whole lies. HTML has a `page` to be seen on."""

    path: str
    href: str
    page: str | None = None
    size: str | None
    preview: str
    cut: bool


class Other(msgspec.Struct, frozen=True, kw_only=True):
    """A file or folder that the site does not hold, and the commands that bring it.

    `plain` needs no gitrack. `more` is what whoever logged it said of it.
    """

    path: str
    about: str
    size: str | None
    md5: str | None
    command: str
    plain: str | None = None
    more: str | None = None
    model: bool = False


class Exhibits(msgspec.Struct, frozen=True, kw_only=True):
    """Everything below a run's `artifacts/`, and the files to write for it."""

    pictures: tuple[Picture, ...] = ()
    texts: tuple[Text, ...] = ()
    others: tuple[Other, ...] = ()
    copies: dict[str, bytes] = {}


def exhibits(
    source: Source, folder: str, run: Run, paths: Iterable[str], *, branch: str
) -> Exhibits:
    """Look at all that a run left; heavy files first by their records, the rest by their bytes.

    `paths` are those of all files in the run's folder.
    """
    top = f"{folder}/artifacts/"
    recorded = {artifact.path: artifact for artifact in run.artifacts}
    pictures: list[Picture] = []
    texts: list[Text] = []
    copies: dict[str, bytes] = {}
    others = [_heavy(a, run, top, branch) for a in run.artifacts if a.store == "dvc"]
    others += [_elsewhere(a, run) for a in run.artifacts if a.store == "uri"]
    for place, full in enumerate(sorted(path for path in paths if path.startswith(top))):
        path = full.removeprefix(top)
        pointed = path.removesuffix(".dvc")
        if pointed != path and pointed in recorded and recorded[pointed].store == "dvc":
            continue
        data = source.read(full)
        copy = f"files/{slug(run.id)}/{place}-{slug(path.rpartition('/')[2].partition('.')[0])}"
        kind = _picture_kind(data)
        if kind == "svg":
            address = "data:image/svg+xml;base64," + base64.b64encode(data).decode("ascii")
            pictures.append(Picture(path=path, source=address, inline=True))
        elif kind:
            width, height = _dimensions(data, kind)
            copies[f"{copy}.{kind}"] = data
            pictures.append(Picture(path=path, source=f"{copy}.{kind}", width=width, height=height))
        elif (text := _as_text(data)) is not None:
            copies[f"{copy}.txt"] = data
            texts.append(_text(path, copy, text, len(data)))
        else:
            others.append(_light(path, full, len(data), branch))
    return Exhibits(
        pictures=tuple(pictures), texts=tuple(texts), others=tuple(others), copies=copies
    )


def _heavy(artifact: Artifact, run: Run, top: str, branch: str) -> Other:
    files = f"{artifact.files} files" if artifact.files else "folder"
    about = " · ".join(
        part
        for part in (
            artifact.kind if artifact.kind != "file" else None,
            artifact.flavor,
            files if (artifact.md5 or "").endswith(".dir") else None,
        )
        if part
    )
    return Other(
        path=artifact.path,
        about=about,
        size=display.size(artifact.size),
        md5=artifact.md5,
        command=_get(artifact, run),
        plain=shell("dvc", "get", ".", top + artifact.path, "--rev", branch),
        more=artifact.description,
        model=artifact.kind == "model",
    )


def _elsewhere(artifact: Artifact, run: Run) -> Other:
    """What was not copied: where it lies, as text, for the page asks nothing of other machines."""
    return Other(
        path=artifact.path,
        about=f"at {artifact.uri}" if artifact.uri else "lies elsewhere",
        size=display.size(artifact.size),
        md5=artifact.md5,
        command=_get(artifact, run),
        more=artifact.description,
        model=artifact.kind == "model",
    )


def _get(artifact: Artifact, run: Run) -> str:
    return shell("gitrack", "artifact", "get", f"runs:/{run.id}/{artifact.path}")


def _light(path: str, full: str, size: int, branch: str) -> Other:
    name = path.rpartition("/")[2]
    command = f"{shell('git', 'show', f'{branch}:{full}')} > {shell(name)}"
    return Other(path=path, about="binary", size=display.size(size), md5=None, command=command)


def shell(*words: str) -> str:
    """A command line that a shell reads as these words."""
    import shlex

    return shlex.join(words)


def _picture_kind(data: bytes) -> str | None:
    for magic, kind in _MAGIC:
        if data.startswith(magic):
            return kind
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "webp"
    return "svg" if _SVG.match(data[:4096]) else None


def data_address(data: bytes) -> str | None:
    """A picture as an address that holds it; None for what is no picture."""
    kind = _picture_kind(data)
    if kind is None:
        return None
    media = {"svg": "svg+xml", "jpg": "jpeg"}.get(kind, kind)
    return f"data:image/{media};base64," + base64.b64encode(data).decode("ascii")


def _dimensions(data: bytes, kind: str) -> tuple[int | None, int | None]:
    if kind == "png" and len(data) >= 24:
        width, height = struct.unpack(">II", data[16:24])
        if 0 < width < 20_000 and 0 < height < 20_000:
            return width, height
    return None, None


def _as_text(data: bytes) -> str | None:
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return None if "\0" in text else text


def _is_document(path: str, size: int) -> bool:
    return path.lower().endswith((".html", ".htm")) and size <= _LARGEST_DOCUMENT


def _text(path: str, copy: str, text: str, size: int) -> Text:
    lines = text[:_PREVIEW_CHARACTERS].splitlines()[:_PREVIEW_LINES]
    preview = "\n".join(lines)
    return Text(
        path=path,
        href=f"{copy}.txt",
        page=document_page(copy) if _is_document(path, size) else None,
        size=display.size(size),
        preview=preview,
        cut=len(preview) + 1 < len(text),
    )
