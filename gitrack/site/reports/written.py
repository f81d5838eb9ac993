"""What people wrote for the site: the texts of reports, pictures beside them, charts."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import msgspec


class Written(msgspec.Struct, frozen=True, kw_only=True):
    """Texts as they lie in the project; `pictures` gives a file's bytes, None where there is none.

    `texts` and `pictures` go by paths below `reports/`; `charts` are texts of
    `.tracking/charts/`, by the names of their files.
    """

    texts: Mapping[str, str] = {}
    charts: Mapping[str, str] = {}
    pictures: Callable[[str], bytes | None] = lambda path: None


def chart_name(file: str) -> str:
    """What a chart is called: the name of its file without the ending."""
    return file.removesuffix(".json").removesuffix(".vl")
