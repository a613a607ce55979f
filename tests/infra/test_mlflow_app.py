"""MLflow under make up: who does not log in, or comes by another name of the host, sees nothing."""

import asyncio
import base64
import os
import stat
from pathlib import Path
from typing import Any

import pytest

from causalrec.config import load_settings
from infra.embedded.mlflow_app import LogIn
from infra.embedded.mlflow_server import mlflow_command
from infra.embedded.shop import Shop

HOST = (b"host", b"127.0.0.1:5000")


def basic(user: str, password: str) -> tuple[bytes, bytes]:
    return b"authorization", b"Basic " + base64.b64encode(f"{user}:{password}".encode())


def status(*headers: tuple[bytes, bytes], kind: str = "http") -> int:
    sent: list[Any] = []

    async def inner(scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401 - ASGI
        await send({"type": "http.response.start", "status": 200, "headers": []})

    async def send(message: Any) -> None:  # noqa: ANN401 - ASGI
        sent.append(message)

    async def receive() -> Any:  # noqa: ANN401 - ASGI
        return {}

    guarded = LogIn(inner, {"admin": "pässword", "empty": ""}, 5000)
    asyncio.run(guarded({"type": kind, "headers": list(headers)}, receive, send))
    return int(sent[0]["status"])


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ((HOST, basic("admin", "pässword")), 200),
        (((b"host", b"localhost:5000"), basic("admin", "pässword")), 200),
        ((HOST,), 401),
        ((HOST, basic("admin", "password")), 401),
        ((HOST, basic("nobody", "")), 401),
        ((HOST, basic("empty", "")), 401),
        ((HOST, (b"authorization", b"Basic \xff\xfe")), 401),
        ((HOST, (b"authorization", b"Bearer YWRtaW46cMOkc3N3b3Jk")), 401),
        (((b"host", b"shop.example:5000"), basic("admin", "pässword")), 403),
        (((b"host", b"127.0.0.1:5001"), basic("admin", "pässword")), 403),
        ((basic("admin", "pässword"),), 403),
    ],
)
def test_requests(headers: tuple[tuple[bytes, bytes], ...], expected: int) -> None:
    assert status(*headers) == expected


def test_other_kinds_of_connections_are_refused() -> None:
    assert status(HOST, basic("admin", "pässword"), kind="websocket") == 403


@pytest.fixture
def shop(tmp_path: Path, root: Path) -> Shop:
    settings = load_settings(None, {"CAUSALREC__PATHS__WORK": str(tmp_path / "work")})
    return Shop(tmp_path / "settings.toml", settings, None, root / "dags")


def test_the_password_is_not_on_the_command_line(shop: Shop) -> None:
    shop.airflow_home.mkdir(parents=True)
    (shop.airflow_home / "login.json").write_text('{"admin": "Zk31"}')
    command = mlflow_command(shop, 5000)
    assert "Zk31" not in " ".join(command)
    assert str(shop.airflow_home / "login.json") in command


def test_files_of_a_shop_are_for_the_user_alone(shop: Shop) -> None:
    before = os.umask(0o022)
    try:
        shop.keep_private()
        (shop.work / "file").write_text("")
        (shop.work / "folder").mkdir()
    finally:
        os.umask(before)
    written = (shop.work, shop.work / "file", shop.work / "folder")
    assert [stat.S_IMODE(path.stat().st_mode) for path in written] == [0o700, 0o600, 0o700]
