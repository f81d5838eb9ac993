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

from gitrack.errors import UsageError

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
}


class _Handler(SimpleHTTPRequestHandler):
    """Files of one folder, nothing else, with headers that keep them harmless."""

    extensions_map = _TYPES
    server_version = "gitrack"
    sys_version = ""

    def send_head(self) -> BytesIO | None:
        """A file's bytes; anything that is not a file of the site is not found."""
        if not self._meant_for_us():
            self.send_error(HTTPStatus.MISDIRECTED_REQUEST)
            return None
        path = urlsplit(self.path).path
        asked = Path(self.translate_path(path + "index.html" if path.endswith("/") else path))
        root = Path(self.directory).resolve()
        try:
            file = asked.resolve(strict=True)
            if not file.is_relative_to(root):
                raise FileNotFoundError(asked)
            data = file.read_bytes()
        except (OSError, ValueError):
            self.send_error(HTTPStatus.NOT_FOUND)
            return None
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", _TYPES.get(file.suffix, _TYPES[""]))
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        return BytesIO(data)

    def end_headers(self) -> None:
        """Headers that every answer carries."""
        policy = _POLICY + ("; sandbox" if self.path.startswith("/files/") else "")
        self.send_header("Content-Security-Policy", policy)
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Referrer-Policy", "no-referrer")
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
        handler = partial(_Handler, directory=str(folder))
        try:
            self._http = _Http((_HOST, port), handler)
        except OSError as error:
            raise UsageError(
                f"port {port} of this machine cannot be used ({error.strerror or error})",
                hint="choose another one with --port, or leave it out",
            ) from error
        self.url = f"http://{_HOST}:{self._http.server_port}/"

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
