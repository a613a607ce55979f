"""Free ports on loopback."""

import socket

from infra.embedded.errors import EmbeddedError

HOST = "127.0.0.1"


def is_free(port: int) -> bool:
    """Whether a server could listen on ``port`` of the loopback interface."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True


def require(port: int, what: str, variable: str) -> int:
    """``port`` itself, for an address that people type.

    Raises:
        EmbeddedError: another process listens on it.
    """
    if not is_free(port):
        raise EmbeddedError(
            f"port {port} for {what} is taken",
            do=f"stop the process that uses it, or choose another port: make up {variable}=PORT",
        )
    return port


def any_free() -> int:
    """A free port, for a server that only this command talks to."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port
