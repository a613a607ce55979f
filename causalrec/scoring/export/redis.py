"""Redis: one list per key under the name of the night, and a pointer to the night that is served.

``GET PREFIX:current`` returns the night, ``GET PREFIX:night:NIGHT:recommendations:USER`` that user's list as
JSON, ordered by ``rank``. All keys of a night are written and read back before the pointer moves. Keys of
other nights get a time to live, long enough for readers with the old pointer.
"""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING
from uuid import uuid4

from causalrec.config.export import RedisSettings
from causalrec.errors import ConflictError, ExportError
from causalrec.scoring.export.night import Night, NightTable
from causalrec.scoring.export.outcome import Exported, RowsDone, State, silent
from causalrec.scoring.export.redis_lists import KEYS_AT_ONCE, Keys, count, write

if TYPE_CHECKING:
    from redis import Redis

LEASE_SECONDS = 120  # seconds of silence after which a writer loses its lock
TIMEOUT_SECONDS = 30.0  # timeout of one command, in seconds

INSTALL = "install it: uv sync --extra redis"
GLOB = str.maketrans({sign: f"\\{sign}" for sign in "\\*?[]^-"})


def to_redis(
    night: Night,
    settings: RedisSettings,
    shop: str,
    password: str | None,
    batch_rows: int,
    progress: RowsDone = silent,
) -> tuple[Exported, ...]:
    """Writes all keys of the night's lists, counts them, moves the pointer, lets the other nights expire.

    Raises:
        ExportError: no client, no connection, or not all keys arrived; the previous night is still served.
        ConflictError: another export under the same prefix is running.
    """
    try:
        import redis
    except ImportError as error:
        raise ExportError("redis: the client is not installed", do=INSTALL) from error
    prefix = settings.prefix or f"causalrec:{shop}"
    try:
        with connected(settings, password) as client, alone(client, prefix) as still_mine:
            lists = night.only_lists()  # Redis without a module searches no vectors
            return _Export(client, lists, settings, prefix, batch_rows).run(progress, still_mine)
    except redis.RedisError as error:
        raise ExportError(
            f"redis: {' '.join(str(error).split())}",
            do=f"check the server and {settings.password_env}, then repeat",
        ) from error


@contextmanager
def connected(settings: RedisSettings, password: str | None) -> "Iterator[Redis]":
    import redis

    secret = {} if password is None else {"password": password}
    client = redis.Redis.from_url(
        settings.url,
        decode_responses=True,
        socket_timeout=TIMEOUT_SECONDS,
        socket_connect_timeout=TIMEOUT_SECONDS,
        **secret,
    )
    try:
        yield client
    finally:
        client.close()


@contextmanager
def alone(client: "Redis", prefix: str) -> "Iterator[RowsDone]":
    """One export under a prefix at a time; yields a function that the writer calls to keep its lock."""
    from redis.exceptions import LockError

    lock = client.lock(f"{prefix}:lock", timeout=LEASE_SECONDS, blocking=False)
    if not lock.acquire():
        raise ConflictError(f"redis: another export under {prefix} is running", do="wait for it")

    def still_mine(label: str, rows: int) -> None:
        try:
            lock.reacquire()
        except LockError as error:
            raise ConflictError(
                f"redis: the lock under {prefix} expired after {LEASE_SECONDS} s without a renewal",
                do="run the export again, at a time when redis and this machine are less busy",
            ) from error

    try:
        yield still_mine
    finally:
        if lock.owned():
            lock.release()


class _Export:
    """The export of one night to one server."""

    def __init__(
        self, client: "Redis", night: Night, settings: RedisSettings, prefix: str, batch_rows: int
    ) -> None:
        self.client, self.night, self.settings, self.prefix = client, night, settings, prefix
        self.batch_rows = batch_rows

    def run(self, progress: RowsDone, still_mine: RowsDone) -> tuple[Exported, ...]:
        """Nothing is written if the server already serves the whole night."""
        began, pointer = time.monotonic(), f"{self.prefix}:current"
        name = self.client.get(pointer)
        if isinstance(name, str) and name.startswith(self.night.name):
            found = [
                count(self.client, table, self.keys(name, table), self.batch_rows)
                for table in self.night.tables
            ]
            if all(rows == table.rows for (rows, _), table in zip(found, self.night.tables, strict=True)):
                self._expire_others(name, still_mine)
                return tuple(
                    self._exported(*pair, "up to date", began)
                    for pair in zip(self.night.tables, found, strict=True)
                )
        name = f"{self.night.name}.{uuid4().hex[:8]}"  # so that it contains no key of an older attempt
        done = tuple(self._table(table, name, progress, still_mine) for table in self.night.tables)
        still_mine("", 0)
        self._meta(name, done)
        self.client.set(pointer, name)
        self._expire_others(name, still_mine)
        return done

    def keys(self, name: str, table: NightTable) -> Keys:
        """Names of a table's keys in a night."""
        return Keys(f"{self.prefix}:night:{name}:{table.name}:")

    def _table(self, table: NightTable, name: str, progress: RowsDone, still_mine: RowsDone) -> Exported:
        began, keys = time.monotonic(), self.keys(name, table)
        for rows in write(self.client, table, keys, self.batch_rows):
            still_mine("", 0)
            progress(f"redis {table.name}", rows)
        found = count(self.client, table, keys, self.batch_rows)
        if found[0] != table.rows:
            raise ExportError(
                f"redis: {found[0]:,} of {table.rows:,} rows of {table.name} arrived; the pointer stays",
                do="check maxmemory and the eviction policy of the server, then repeat",
            )
        return self._exported(table, found, "written", began)

    def _exported(self, table: NightTable, found: tuple[int, int], state: State, began: float) -> Exported:
        where = f"{self.prefix}:night:*:{table.name}:{table.key.upper()}"
        return Exported("redis", table.name, *found, where, state, time.monotonic() - began)

    def _meta(self, name: str, done: tuple[Exported, ...]) -> None:
        tables = {one.table: {"rows": one.rows, "lists": one.lists} for one in done}
        meta = {"ds": self.night.ds.isoformat(), "night": self.night.name, "tables": tables}
        self.client.set(f"{self.prefix}:night:{name}:meta", json.dumps(meta))

    def _expire_others(self, name: str, still_mine: RowsDone) -> None:
        """Other nights and leftovers of killed exports get a time to live; keys that have one keep it."""
        nights = f"{self.prefix}:night:"
        batch: list[str] = []
        for key in self.client.scan_iter(f"{nights.translate(GLOB)}*", count=1_000):
            if not key.startswith(f"{nights}{name}:"):
                batch.append(key)
            if len(batch) >= KEYS_AT_ONCE:
                self._expire(batch)
                still_mine("", 0)
                batch = []
        self._expire(batch)

    def _expire(self, keys: list[str]) -> None:
        pipeline = self.client.pipeline(transaction=False)
        for key in keys:
            pipeline.ttl(key)
        lives = pipeline.execute() if keys else []
        for key, life in zip(keys, lives, strict=True):
            if life == -1:
                pipeline.expire(key, self.settings.old_seconds)
        pipeline.execute()
