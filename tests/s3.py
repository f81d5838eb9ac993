"""A real S3 server on loopback, and a proxy before it that fails when it is told to."""

from __future__ import annotations

import http.client
import logging
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

#: What a fault may be: the connection ends without an answer, an error of the server's, half of
#: the body, or a body of other bytes.
FAULTS = ("cut", "500", "half", "other")

#: The server looks at who asks, and checks no signature.
_SIGNED = {
    "Authorization": "AWS4-HMAC-SHA256 Credential=nobody/20240101/us-east-1/s3/aws4_request, "
    "SignedHeaders=host, Signature=0"
}


class Bucket:
    """The bucket `bucket` of a server. Requests go through the proxy, which notes them.

    `fault` is asked for each request with (method, path); what it returns is done.
    """

    def __init__(self) -> None:
        from moto.server import ThreadedMotoServer

        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        self._server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
        self._server.start()
        self.host, self.port = self._server.get_host_and_port()
        self._proxy = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._proxy.daemon_threads = True
        threading.Thread(target=self._proxy.serve_forever, daemon=True).start()
        self.asked: list[tuple[str, str]] = []
        self.fault: Callable[[str, str], str | None] = lambda method, path: None
        self.put("", b"")  # the bucket itself

    @property
    def settings(self) -> dict[str, str]:
        """What DVC's config needs to reach it through the proxy."""
        return {
            "endpointurl": f"http://127.0.0.1:{self._proxy.server_port}",
            "access_key_id": "nobody",
            "secret_access_key": "nothing",
            "region": "us-east-1",
        }

    def put(self, key: str, data: bytes) -> None:
        """Behind the proxy's back."""
        self._ask("PUT", f"/bucket/{key}", data)

    def get(self, key: str) -> bytes | None:
        status, _, data = self._ask("GET", f"/bucket/{key}", b"")
        return data if status == 200 else None

    def forget(self) -> None:
        """An empty bucket and no faults, for the next test."""
        self.asked.clear()
        self.fault = lambda method, path: None
        self._ask("POST", "/moto-api/reset", b"")
        self.put("", b"")

    def close(self) -> None:
        self._proxy.shutdown()
        self._proxy.server_close()
        self._server.stop()

    def count(self, method: str, part: str = "/files/md5/") -> int:
        """How many requests of a method have had `part` in their path."""
        return sum(asked == method and part in path for asked, path in self.asked)

    def _ask(
        self, method: str, path: str, data: bytes, headers: dict[str, str] | None = None
    ) -> tuple[int, dict[str, str], bytes]:
        there = http.client.HTTPConnection(self.host, self.port, timeout=30)
        try:
            there.request(method, path, data, _SIGNED if headers is None else headers)
            answer = there.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read()
        finally:
            there.close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        bucket = self

        class Proxy(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *arguments: Any) -> None:
                """Says nothing of each request."""

            def _pass(self) -> None:
                data = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                bucket.asked.append((self.command, self.path))
                fault = bucket.fault(self.command, self.path)
                if fault == "cut":
                    self.connection.close()
                    self.close_connection = True
                    return
                if fault == "500":
                    self._answer(500, {}, b"<Error><Code>InternalError</Code></Error>")
                    return
                status, headers, body = bucket._ask(
                    self.command, self.path, data, dict(self.headers)
                )
                if fault == "other":
                    body = b"?" * len(body)
                self._answer(status, headers, body, half=fault == "half")

            def _answer(
                self, status: int, headers: dict[str, str], body: bytes, *, half: bool = False
            ) -> None:
                self.send_response_only(status)
                length = headers.pop("Content-Length", None) or str(len(body))
                for name, value in headers.items():
                    if name not in ("Connection", "Transfer-Encoding"):
                        self.send_header(name, value)
                self.send_header("Content-Length", length)
                self.end_headers()
                self.wfile.write(body[: len(body) // 2] if half else body)
                if half:
                    self.wfile.flush()
                    self.connection.close()
                    self.close_connection = True

            def __getattr__(self, name: str) -> Any:
                if name.startswith("do_"):
                    return self._pass
                raise AttributeError(name)

        return Proxy
