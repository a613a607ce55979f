"""Ports on loopback."""

import socket

import pytest

from infra.embedded.errors import EmbeddedError
from infra.embedded.ports import any_free, is_free, require


def test_a_taken_port_is_refused_with_one_line_that_says_what_to_do() -> None:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        port = server.getsockname()[1]
        assert not is_free(port)
        with pytest.raises(EmbeddedError) as caught:
            require(port, "Airflow", "AIRFLOW_PORT")
    assert str(caught.value) == (
        f"port {port} for Airflow is taken -> stop the process that uses it, or choose another port: "
        "make up AIRFLOW_PORT=PORT"
    )


def test_any_free_port_can_be_used() -> None:
    port = any_free()
    assert require(port, "MLflow", "MLFLOW_PORT") == port
