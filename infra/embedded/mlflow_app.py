"""MLflow's web application behind the log-in of the shop: ``python -m infra.embedded.mlflow_app ...``.

``mlflow server`` has no authentication unless further packages are installed, and a port on loopback is open
to every user of the machine: anyone who reaches it can move the champion's alias.
"""

import argparse
import base64
import json
import os
import secrets
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from pathlib import Path
from typing import Any

from infra.embedded.ports import HOST

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]


class LogIn:
    """Lets requests through that name this machine as their host and carry a valid user and password.

    Args:
        users: name -> password.
        port: of the server; the name of another host, which a foreign page may resolve to this address, is
            refused.
    """

    def __init__(self, application: Application, users: Mapping[str, str], port: int) -> None:
        self._application, self._users = application, dict(users)
        self._hosts = {f"{host}:{port}" for host in (HOST, "localhost")}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One connection: HTTP requests are checked, websockets are refused."""
        if scope["type"] == "lifespan":
            await self._application(scope, receive, send)
            return
        pairs = ((name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"])
        headers = {name.lower(): value for name, value in pairs}
        if scope["type"] != "http" or headers.get("host", "").lower() not in self._hosts:
            await _refused(send, 403, "this server answers to 127.0.0.1 and localhost only")
        elif not self._known(headers.get("authorization", "")):
            await _refused(send, 401, "the user and the password are shown by make up", (LOG_IN,))
        else:
            await self._application(scope, receive, send)

    def _known(self, authorization: str) -> bool:
        kind, _, given = authorization.partition(" ")
        try:
            user, _, password = base64.b64decode(given, validate=True).decode().partition(":")
        except ValueError:  # not base64, or not UTF-8
            return False
        expected = self._users.get(user, "")
        same = secrets.compare_digest(password.encode(), expected.encode())
        return kind.lower() == "basic" and bool(expected) and same


LOG_IN = (b"www-authenticate", b'Basic realm="this shop", charset="UTF-8"')


async def _refused(send: Send, status: int, why: str, headers: tuple[tuple[bytes, bytes], ...] = ()) -> None:
    plain = (b"content-type", b"text/plain; charset=utf-8")
    await send({"type": "http.response.start", "status": status, "headers": [plain, *headers]})
    await send({"type": "http.response.body", "body": why.encode()})


def main() -> None:
    """Serves until it is stopped. The password is in a file, since anyone can read a command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--users", type=Path, required=True, help="JSON file: name -> password")
    parser.add_argument("--store", required=True, help="tracking URI")
    parser.add_argument("--artifacts", required=True, help="folder or URI of the artifacts")
    given = parser.parse_args()
    from mlflow.server import constants

    os.environ |= {
        constants.BACKEND_STORE_URI_ENV_VAR: given.store,
        constants.REGISTRY_STORE_URI_ENV_VAR: given.store,
        constants.ARTIFACT_ROOT_ENV_VAR: "mlflow-artifacts:/",
        constants.ARTIFACTS_DESTINATION_ENV_VAR: given.artifacts,
        constants.SERVE_ARTIFACTS_ENV_VAR: "true",
    }
    import uvicorn
    from mlflow.server.fastapi_app import app

    users: dict[str, str] = json.loads(given.users.read_text(encoding="utf-8"))
    uvicorn.run(LogIn(app, users, given.port), host=HOST, port=given.port, log_level="warning")


if __name__ == "__main__":
    main()
