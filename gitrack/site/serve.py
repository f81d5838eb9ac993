"""Shows a built site to this machine only, and builds it again when the branch has moved."""

from __future__ import annotations

import sys
import threading
import traceback
from collections.abc import Callable
from functools import partial
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path
from urllib.parse import urlsplit

from gitrack.config.regular import read_regular
from gitrack.errors import UsageError
from gitrack.site.live.answers import Answer

_HOST = "127.0.0.1"
_OUR_NAMES = frozenset(["127.0.0.1", "localhost", "[::1]"])
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_TYPES = {
    "": "application/octet-stream",
    ".css": "text/css; charset=utf-8",
    ".gif": "image/gif",
    ".html": "text/html; charset=utf-8",
    ".jpg": "image/jpeg",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".webp": "image/webp",
    ".xml": "application/xml",
}


#: What is said of runs that are being written: (path below `live/`, query) to an answer.
Ask = Callable[[str, str], Answer | None]
_LIVE = "/live/"
#: Put into pages as they are sent: what is built knows nothing of being served.
_TAGS = (
    b'<link rel="stylesheet" href="/live/live.css">\n'
    b'<script defer src="/live/live.js"></script>\n</head>'
)


class _Handler(SimpleHTTPRequestHandler):
    """Files of one folder, nothing else, with headers that keep them harmless."""

    extensions_map = _TYPES
    ask: Ask | None = None
    server_version = "gitrack"
    sys_version = ""

    def send_head(self) -> BytesIO | None:
        """A file's bytes; anything that is not a file of the site is not found."""
        if not self._meant_for_us():
            self.send_error(HTTPStatus.MISDIRECTED_REQUEST)
            return None
        try:
            path = urlsplit(self.path).path
        except ValueError:  # what looks like an address of the web, and is none
            self.send_error(HTTPStatus.BAD_REQUEST)
            return None
        if self.ask is not None and path.startswith(_LIVE):
            return self._live(self.ask)
        asked = Path(self.translate_path(path + "index.html" if path.endswith("/") else path))
        root = Path(self.directory).resolve()
        try:
            file = asked.resolve(strict=True)
            if not file.is_relative_to(root):
                raise FileNotFoundError(asked)
            data = read_regular(file)
        except (OSError, ValueError):
            self.send_error(HTTPStatus.NOT_FOUND)
            return None
        kind = _TYPES.get(file.suffix, _TYPES[""])
        if self.ask is not None and kind == _TYPES[".html"] and not self._is_users():
            data = data.replace(b"</head>", _TAGS, 1)
        return self._found(kind, data)

    def _live(self, ask: Ask) -> BytesIO | None:
        """What no file holds: it is as new as the question."""
        asked = urlsplit(self.path)
        answer = ask(asked.path.removeprefix(_LIVE), asked.query)
        if answer is None:
            self.send_error(HTTPStatus.NOT_FOUND)
            return None
        return self._found(answer.kind, answer.data)

    def _found(self, kind: str, data: bytes) -> BytesIO:
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        return BytesIO(data)

    def _is_users(self) -> bool:
        """True for files that runs have left."""
        # what is no request is refused before there is a path
        return getattr(self, "path", "").startswith("/files/")

    def end_headers(self) -> None:
        """Headers that every answer carries."""
        policy = _POLICY + ("; sandbox" if self._is_users() else "")
        self.send_header("Content-Security-Policy", policy)
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Referrer-Policy", "no-referrer")
        # else a page from anywhere could load our data as its scripts
        self.send_header("Cross-Origin-Resource-Policy", "same-origin")
        self.send_header("Cache-Control", "no-cache")
        super().end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: the terminal is for what the site does, not for every picture."""

    def _meant_for_us(self) -> bool:
        """False for a foreign name that was made to point here (DNS rebinding)."""
        name, _, port = (self.headers.get("Host") or "").rpartition(":")
        return (name if port.isdigit() else f"{name}:{port}".strip(":")) in _OUR_NAMES


class _Http(ThreadingHTTPServer):
    """Answers in threads; a reader who went away is nothing to report."""

    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """What went wrong in an answer, as the base class shows it, but for a lost connection."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]  # as given


class Server:
    """The site of a folder on a port of this machine."""

    def __init__(self, folder: Path, port: int = 0) -> None:

        class OfThisServer(_Handler):
            """Of this one alone, so that it can be told whom to ask."""

        self._kind: type[_Handler] = OfThisServer
        try:
            self._http = _Http((_HOST, port), partial(self._kind, directory=str(folder)))
        except OSError as error:
            raise UsageError(
                f"port {port} of this machine cannot be used ({error.strerror or error})",
                hint="choose another one with --port, or leave it out",
            ) from error
        self.url = f"http://{_HOST}:{self._http.server_port}/"

    def tell(self, ask: Ask) -> None:
        """From now on pages show runs that are being written, too."""
        self._kind.ask = staticmethod(ask)

    def run(self, look: Callable[[], None], *, every: float = 1.0) -> None:
        """Answer until interrupted, and call `look` again and again beside it.

        When `look` fails its traceback is shown, and what there is goes on being served.
        """
        stop = threading.Event()

        def keep_looking() -> None:
            while not stop.wait(every):
                try:
                    look()
                except Exception:  # noqa: BLE001  # a fault of ours: shown, and not the end
                    traceback.print_exc()

        watcher = threading.Thread(target=keep_looking, name="gitrack-site", daemon=True)
        watcher.start()
        try:
            self._http.serve_forever(poll_interval=0.2)
        finally:
            stop.set()
            self.close()

    def stop(self) -> None:
        """End `run`; for another thread than the one in it."""
        self._http.shutdown()

    def close(self) -> None:
        """Give the port back."""
        self._http.server_close()
