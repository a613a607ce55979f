"""JSON over HTTP to the API server: log-in, and patience while another writer holds SQLite."""

from collections.abc import Callable, Mapping
from typing import Any

import httpx
from tenacity import (
    RetryCallState,
    RetryError,
    Retrying,
    retry_if_result,
    stop_after_attempt,
    wait_exponential,
)
from tenacity.wait import wait_base

from infra.embedded.errors import EmbeddedError
from infra.embedded.ports import HOST

TIMEOUT_SECONDS = 120
# Airflow's responses when SQLite refuses a write because its snapshot is too old
BUSY = frozenset({500, 503})
ATTEMPTS = 8
WAIT = wait_exponential(multiplier=0.25, max=16)  # half a minute in total

Answer = tuple[int, dict[str, Any]]


class RestClient:
    """Calls the API server on ``port`` of loopback as ``user``.

    Args:
        wait: seconds before each retry of a call that met a busy database.
    """

    def __init__(self, port: int, user: str, password: str, wait: wait_base = WAIT) -> None:
        # One connection per call: the server may close a kept one just as the next call is sent. Proxies in
        # the environment do not apply to this machine.
        self._http = httpx.Client(
            base_url=f"http://{HOST}:{port}",
            timeout=TIMEOUT_SECONDS,
            trust_env=False,
            limits=httpx.Limits(max_keepalive_connections=0),
        )
        self._login = {"username": user, "password": password}
        self._token: str | None = None
        self._wait = wait

    def call(
        self,
        method: str,
        path: str,
        payload: object = None,
        *,
        accept: tuple[int, ...] = (200, 201),
        missing_is_fine: bool = False,
        before_retry: Callable[[], object] = lambda: None,
    ) -> Answer:
        """Status and body of an accepted response.

        Args:
            before_retry: removes leftovers of a refused attempt; called before each retry.

        Raises:
            EmbeddedError: any other response, or the database was busy until the last attempt.
        """

        def clear(state: RetryCallState) -> None:
            if state.attempt_number > 1:
                before_retry()

        attempts = Retrying(
            retry=retry_if_result(lambda answer: answer[0] in BUSY),
            wait=self._wait,
            stop=stop_after_attempt(ATTEMPTS),
            before=clear,
        )
        try:
            status, body = attempts(self._authorised, method, path, payload)
        except RetryError as busy:
            status, body = busy.last_attempt.result()
        if status in accept or (missing_is_fine and status == 404):
            return status, body
        raise EmbeddedError(
            f"Airflow answered {status} to {method} {path}: {body.get('detail', body)}",
            do="read the API server log in the work folder",
        )

    def send(
        self, method: str, path: str, payload: object = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Status and body of whatever comes back, without a log-in.

        Raises:
            httpx.TransportError: nothing is listening, or the response takes longer than two minutes.
        """
        answer = self._http.request(method, path, json=payload, headers=headers)
        return answer.status_code, answer.json() if answer.content.startswith(b"{") else {}

    def _authorised(self, method: str, path: str, payload: object) -> Answer:
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
