"""A real http server on loopback whose pictures misbehave in every way that a fetch must survive."""

import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

GOOD = b"\xff\xd8 a picture"


class PictureServer(ThreadingHTTPServer):
    """Counts what it was asked for, and how many requests it answered at the same time.

    Attributes:
        files: path -> bytes of the pictures that behave.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked: Counter[str] = Counter()
        self.files = {"/images/good.jpg": GOOD, "/secret.jpg": b"secret"}
        self.at_once = self.most_at_once = 0
        self.lock = threading.Lock()

    @property
    def address(self) -> str:
        """Without a path."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up is part of the tests."""


@contextmanager
def picture_server() -> Iterator[PictureServer]:
    """Serves until the block ends."""
    with PictureServer() as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield server
        server.shutdown()


class _Handler(BaseHTTPRequestHandler):
    server: PictureServer
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        server, (path, _, query) = self.server, self.path.partition("?")
        with server.lock:
            server.asked[self.path] += 1
            times = server.asked[self.path]
            server.at_once += 1
            server.most_at_once = max(server.most_at_once, server.at_once)
        try:
            with suppress(ConnectionError):
                self.answer(path, query, times)
        finally:
            with server.lock:
                server.at_once -= 1

    def answer(self, path: str, query: str, times: int) -> None:
        name = path.rpartition("/")[2]
        if path in self.server.files:
            self.body(self.server.files[path])
        elif name in TARGETS:
            self.redirect(TARGETS[name].format(address=self.server.address))
        elif name.isdigit():  # a status, at every try
            self.status(int(name))
        elif name == "flaky.jpg":
            self.body(GOOD) if times > 1 else self.status(500)
        elif name == "cut.jpg":  # fewer bytes than announced, at the first try
            self.body(GOOD, announced=len(GOOD) + (10 if times == 1 else 0))
            self.close_connection = True
        elif name == "busy.jpg":
            time.sleep(0.05)
            self.body(GOOD)
        elif name == "huge.jpg":
            self.body(b"x" * 10, announced=10**9)
        elif name == "endless.jpg":  # no length announced
            self.pieces(b"x" * 1000, pause=0.0, count=100_000)
        elif name == "slow.jpg":  # each piece comes in time, the whole never does
            self.pieces(b"x", pause=0.05, count=200)
        elif name == "silent.jpg":
            time.sleep(1.0)
        elif name == "page.jpg":
            self.body(b"<html>sold out</html>")
        else:
            self.status(404)

    def status(self, status: int) -> None:
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def redirect(self, location: str) -> None:
        self.send_response(302)
        self.send_header("Location", location)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def body(self, data: bytes, announced: int | None = None) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "image/jpeg")
        self.send_header("Content-Length", str(announced or len(data)))
        self.end_headers()
        self.wfile.write(data)

    def pieces(self, piece: bytes, pause: float, count: int) -> None:
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for _ in range(count):
            self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
            time.sleep(pause)

    def log_message(self, *_: object) -> None:
        """Quiet."""


TARGETS = {
    "inside.jpg": "good.jpg",
    "outside.jpg": "/secret.jpg",
    "elsewhere.jpg": "http://example.org/good.jpg",
    "to-a-file.jpg": "file:///etc/passwd",
    "climbing.jpg": "{address}/images/%2e%2e/secret.jpg",
    "round.jpg": "round.jpg",
    "nowhere.jpg": "",
    "broken.jpg": "http://[",
    "port.jpg": "http://127.0.0.1:999999/images/good.jpg",
    "scheme.jpg": "gopher://127.0.0.1/images/good.jpg",
}
