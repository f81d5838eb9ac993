"""Writes references anew: `python -m tests.browser.references [PAGE …]`. Look at them."""

from __future__ import annotations

import io
import shutil
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.browser.conftest import _ARGUMENTS
from tests.browser.demo import PAGES, PLAIN, SHAPES, build_demo, file_of, open_page, settle
from tests.browser.serving import SERVED, serving


def main() -> None:
    from PIL import Image
    from PIL.Image import Quantize

    folder = Path(__file__).parent / "references"
    folder.mkdir(exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as place,
        sync_playwright() as playwright,
        ExitStack() as kept,
    ):
        site = build_demo(Path(place))
        served = kept.enter_context(serving(Path(place) / "late-flights", site))
        chromium = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=_ARGUMENTS
        )
        every = {**PAGES, **SERVED}
        for name in sys.argv[1:] or every:
            path = every[name]
            for theme, width in SHAPES:
                look = {"theme": theme, "width": width, "scripts": name not in PLAIN}
                look["served"] = served if name in SERVED else None
                with open_page(chromium, site, path, **look) as (page, _):
                    settle(page)
                    picture = Image.open(io.BytesIO(page.screenshot()))
                # 256 colours are enough to be compared, in a third of the bytes, where those
                # count that lie far from others: lines and dots are few pixels
                small = picture.convert("RGB").quantize(256, method=Quantize.MAXCOVERAGE)
                small.save(folder / file_of(name, theme, width), optimize=True)
                print(file_of(name, theme, width))
        chromium.close()


if __name__ == "__main__":
    main()
