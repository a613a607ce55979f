"""A real MLflow server on loopback, and a line to it that can be cut."""

import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import requests

HOST, DEADLINE = "127.0.0.1", 400.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(arguments: list[str], port: int, path: str, log: Path, module: str = "mlflow") -> Iterator[str]:
    """``module`` with these arguments in a session of its own, once it answers; its address."""
    environment = {**os.environ, "MLFLOW_DISABLE_TELEMETRY": "true", "OMP_NUM_THREADS": "1"}
    environment["MLFLOW_SERVER_ENABLE_JOB_EXECUTION"] = "false"
    environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"
    address = f"http://{HOST}:{port}"
    with log.open("w") as stream:
        process = subprocess.Popen(
            [sys.executable, "-m", module, *arguments, "--host", HOST, "--port", str(port)],
            env=environment, cwd=log.parent, stdout=stream, stderr=stream, start_new_session=True,
        )  # fmt: skip
    try:
        _await(process, f"{address}{path}", log)
        yield address
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _await(process: "subprocess.Popen[bytes]", url: str, log: Path) -> None:
    end = time.monotonic() + DEADLINE
    while time.monotonic() < end and process.poll() is None:
        with suppress(requests.RequestException):
            if requests.get(url, timeout=5).ok:
                return
        time.sleep(0.3)
    raise AssertionError(log.read_text()[-3000:])


class Line:
    """Forwards TCP to a port until it is cut; ``cut_on`` cuts a connection that sends these bytes."""

    def __init__(self, target: int) -> None:
        self.target, self.port = target, free_port()
        self.cut_on: bytes | None = None
        self.cuts = 0
        self._open: set[socket.socket] = set()
        self._listener: socket.socket | None = None
        self.up()

    @property
    def address(self) -> str:
        return f"http://{HOST}:{self.port}"

    def up(self) -> None:
        self._listener = socket.create_server((HOST, self.port))
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def down(self) -> None:
        listener, self._listener = self._listener, None
        for one in [*([listener] if listener else []), *self._open]:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
        self._open.clear()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self._forward, args=(client,), daemon=True).start()

    def _forward(self, client: socket.socket) -> None:
        server = socket.create_connection((HOST, self.target))
        self._open |= {client, server}
        other = {client: server, server: client}
        with suppress(OSError, ValueError):
            while True:
                for one in select.select([client, server], [], [])[0]:
                    data = one.recv(65536)
                    if one is client and self.cut_on is not None and self.cut_on in data:
                        self.cuts += 1
                        raise OSError
                    if not data:
                        raise OSError
                    other[one].sendall(data)
        for one in other:
            self._open.discard(one)
            one.close()
