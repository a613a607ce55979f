"""Loopback receivers of messages: one for JSON, one for e-mail."""

import json
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Posted:
    """What arrived: the path, the token and the body of every request; ``status`` is what it answers."""

    port: int = 0
    status: int = 200
    bodies: list[dict[str, Any]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    tokens: list[str | None] = field(default_factory=list)

    @property
    def address(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"


@contextmanager
def web_receiver() -> Iterator[Posted]:
    """A server that keeps what is posted to it."""
    posted = Posted()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            posted.bodies.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            posted.paths.append(self.path)
            posted.tokens.append(self.headers["Authorization"])
            self.send_response(posted.status)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        posted.port = server.server_address[1]
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield posted
        server.shutdown()


@dataclass
class Mailbox:
    """The lines of every mail that arrived, and to whom they went."""

    port: int = 0
    receivers: list[str] = field(default_factory=list)
    mails: list[str] = field(default_factory=list)


@contextmanager
def mail_receiver() -> Iterator[Mailbox]:
    """As much of SMTP as a client needs to leave a mail."""
    box = Mailbox()

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self._say("220 loopback")
            while line := self.rfile.readline().decode().strip():
                word = line.split()[0].upper()
                if word == "DATA":
                    self._say("354 go on")
                    box.mails.append("".join(iter(lambda: self.rfile.readline().decode(), ".\r\n")))
                elif word == "RCPT":
                    box.receivers.append(line.partition("<")[2].partition(">")[0])
                self._say("221 bye" if word == "QUIT" else "250 ok")

        def _say(self, line: str) -> None:
            self.wfile.write(f"{line}\r\n".encode())

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        box.port = server.server_address[1]
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield box
        server.shutdown()
