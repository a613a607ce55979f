"""JSON over HTTP to the API server: log-in, and patience while another writer holds SQLite."""

import http.client
import json
import time
from collections.abc import Callable, Mapping
from typing import Any

from infra.embedded.errors import EmbeddedError
from infra.embedded.ports import HOST

TIMEOUT_SECONDS = 120
BUSY = frozenset({500, 503})  # Airflow's answers where SQLite refused a write: its snapshot was too old
WAITS_SECONDS = (0.2, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0)


class RestClient:
    """Calls the API server on ``port`` of loopback as ``user``.

    Args:
        waits: seconds before each further attempt of a call that was answered by a busy database.
    """

    def __init__(self, port: int, user: str, password: str, waits: tuple[float, ...] = WAITS_SECONDS) -> None:
        self._port = port
        self._login = {"username": user, "password": password}
        self._token: str | None = None
        self._waits = waits

    def call(
        self,
        method: str,
        path: str,
        payload: object = None,
        *,
        accept: tuple[int, ...] = (200, 201),
        missing_is_fine: bool = False,
        before_retry: Callable[[], object] = lambda: None,
    ) -> tuple[int, dict[str, Any]]:
        """Status and body of an accepted answer.

        Args:
            before_retry: removes what a refused attempt may have left; called before each further one.

        Raises:
            EmbeddedError: any other answer, or the database was busy to the last attempt.
        """
        status, body = self._authorised(method, path, payload)
        for seconds in self._waits:
            if status not in BUSY:
                break
            time.sleep(seconds)
            before_retry()
            status, body = self._authorised(method, path, payload)
        if status in accept or (missing_is_fine and status == 404):
            return status, body
        raise EmbeddedError(
            f"Airflow answered {status} to {method} {path}: {body.get('detail', body)}",
            do="read the API server log in the work folder",
        )

    def send(
        self, method: str, path: str, payload: object = None, headers: Mapping[str, str] | None = None
    ) -> tuple[int, dict[str, Any]]:
        """Status and body of whatever comes back, without a log-in.

        Raises:
            OSError: nobody listens, or the answer takes longer than two minutes.
        """
        connection = http.client.HTTPConnection(HOST, self._port, timeout=TIMEOUT_SECONDS)
        try:
            body = None if payload is None else json.dumps(payload)
            connection.request(method, path, body, {"Content-Type": "application/json", **(headers or {})})
            answer = connection.getresponse()
            text = answer.read()
            return answer.status, json.loads(text) if text.startswith(b"{") else {}
        finally:
            connection.close()

    def _authorised(self, method: str, path: str, payload: object) -> tuple[int, dict[str, Any]]:
        if self._token is None:
            self._token = self._log_in()
        return self.send(method, path, payload, {"Authorization": f"Bearer {self._token}"})

    def _log_in(self) -> str:
        status, body = self.send("POST", "/auth/token", self._login)
        if status != 201:
            raise EmbeddedError(
                f"Airflow refused the generated log-in ({status})",
                do="delete airflow/login.json in the work folder",
            )
        return str(body["access_token"])
