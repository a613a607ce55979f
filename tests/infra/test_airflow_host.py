"""Airflow under make up: a request that comes by another name of the host is refused, as Airflow itself reads
the written configuration."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from causalrec.config import load_settings
from infra.embedded.home import write_configuration
from infra.embedded.shop import Shop

pytestmark = pytest.mark.airflow

ASK = """
import json, sys, threading, urllib.error, urllib.request
import uvicorn
from airflow.api_fastapi.app import init_plugins
from fastapi import FastAPI

app = FastAPI()
app.get("/")(lambda: "inside")
init_plugins(app)
server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error"))
thread = threading.Thread(target=server.run)
thread.start()
while not server.started:
    pass
port = server.servers[0].sockets[0].getsockname()[1]

def status(host):
    request = urllib.request.Request(f"http://127.0.0.1:{port}/", headers={"Host": host} if host else {})
    try:
        return urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=10).status
    except urllib.error.HTTPError as error:
        return error.code

print(json.dumps([status(host.replace("PORT", str(port))) for host in sys.argv[1:]]))
server.should_exit = True
thread.join()
"""


def test_only_this_host(tmp_path: Path, root: Path) -> None:
    settings = load_settings(None, {"CAUSALREC__PATHS__WORK": str(tmp_path / "work")})
    shop = Shop(tmp_path / "settings.toml", settings, None, root / "dags")
    write_configuration(shop, 4321, follow_schedule=False)
    hosts = [
        "",
        "127.0.0.1:PORT",
        "localhost:PORT",
        "shop.example:PORT",
        "127.0.0.1.shop.example",
        "[::1]:PORT",
    ]
    done = subprocess.run(
        [sys.executable, "-c", ASK, *hosts],
        env=shop.environment(), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1]) == [200, 200, 200, 400, 400, 400]
