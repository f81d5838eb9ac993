"""The little server: this machine only, this folder only."""

import http.client
import socket
import threading
from pathlib import Path

import pytest

from gitrack.errors import UsageError
from gitrack.site.serve import Server


@pytest.fixture
def served(tmp_path: Path):
    """A folder with a secret beside it, being served."""
    site = tmp_path / "site"
    (site / "files").mkdir(parents=True)
    (tmp_path / "secret.txt").write_text("secret")
    (site / "index.html").write_text("<h1>here</h1>")
    (site / "files/a.txt").write_text("<script>")
    (site / "data.js").write_text("1")
    (site / "out.txt").symlink_to(tmp_path / "secret.txt")
    server = Server(site)
    thread = threading.Thread(target=server.run, args=(lambda: None,))
    thread.start()
    yield server
    server.stop()
    thread.join(timeout=10)


def get(server: Server, path: str, host: str | None = None, method: str = "GET"):
    address = server.url.removeprefix("http://").rstrip("/")
    connection = http.client.HTTPConnection(address, timeout=10)
    connection.putrequest(method, path, skip_host=True)
    connection.putheader("Host", host or address)
    connection.endheaders()
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer.status, body, dict(answer.getheaders())


def test_pages_come_with_careful_headers(served):
    status, body, headers = get(served, "/")

    assert (status, body) == (200, b"<h1>here</h1>")
    assert headers["Content-Type"] == "text/html; charset=utf-8"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert get(served, "/data.js?1")[2]["Content-Type"].startswith("text/javascript")


def test_files_of_users_are_boxed_in(served):
    _, _, headers = get(served, "/files/a.txt")

    assert headers["Content-Type"] == "text/plain; charset=utf-8"
    assert headers["Content-Security-Policy"].endswith("sandbox")


@pytest.mark.parametrize(
    "path",
    [
        "/../secret.txt",
        "/%2e%2e/secret.txt",
        "/files/../../secret.txt",
        "/..%2fsecret.txt",
        "//etc/passwd",
        "/out.txt",
        "/files",
        "/files/",
        "/missing",
        "/a%00b",
    ],
)
def test_nothing_else_is_found(served, path):
    status, body, _ = get(served, path)

    assert status == 404
    assert b"secret" not in body.replace(path.encode(), b"")


def test_a_foreign_name_for_this_machine_is_refused(served):
    assert get(served, "/", host="evil.example:80")[0] == 421
    assert get(served, "/", host="localhost")[0] == 200


def test_only_reading(served):
    assert get(served, "/", method="POST")[0] == 501
    assert get(served, "/", method="HEAD")[:2] == (200, b"")


def test_a_port_in_use_is_named(served, tmp_path):
    port = int(served.url.rstrip("/").rpartition(":")[2])

    with pytest.raises(UsageError, match=f"port {port} of this machine"):
        Server(tmp_path, port)


def test_a_fault_in_looking_is_shown_and_serving_goes_on(tmp_path, capfd):
    (tmp_path / "index.html").write_text("here")
    server = Server(tmp_path)
    looked = threading.Event()

    def look():
        looked.set()
        raise ValueError("a fault of ours")

    thread = threading.Thread(target=server.run, args=(look,), kwargs={"every": 0.01})
    thread.start()
    assert looked.wait(10)
    assert get(server, "/")[:2] == (200, b"here")
    server.stop()
    thread.join(timeout=10)
    assert "a fault of ours" in capfd.readouterr().err


def test_a_reader_who_goes_away_is_no_traceback(served, capfd):
    import struct

    port = int(served.url.rstrip("/").rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port)) as reader:
        reader.sendall(b"GET / HTTP/1.0\r\nHost: localhost\r\n")
        reader.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    assert get(served, "/")[0] == 200
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize(
    "sent",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",  # https:// in the address bar
        b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET http://[/ HTTP/1.1\r\nHost: 127.0.0.1:1\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 200 + b"\r\n",
        b"no sense at all\r\n\r\n",
    ],
)
def test_what_is_no_request_is_refused_without_a_traceback(served, capfd, sent):
    address = served.url.removeprefix("http://").rstrip("/").split(":")
    with socket.create_connection((address[0], int(address[1])), timeout=10) as talk:
        talk.sendall(sent)
        answer = b"".join(iter(lambda: talk.recv(65536), b""))

    assert b"Error code: 4" in answer or b"Error code: 505" in answer, answer
    assert get(served, "/")[0] == 200
    assert capfd.readouterr().err == ""
