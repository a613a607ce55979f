"""Keys, times to live, locks and erasures in a Redis that is a dictionary; test_redis.py has a real one."""

import fnmatch
import json
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
import redis

from causalrec.config.export import RedisSettings
from causalrec.errors import ConflictError, ExportError
from causalrec.lake import Lake
from causalrec.scoring.export import read_night
from causalrec.scoring.export import redis as exporting
from causalrec.scoring.export.erase_redis import count_rows, erase_rows
from causalrec.scoring.export.redis import LEASE_SECONDS, alone, to_redis

from .nights import DS, NEXT, publish_night

PASSWORD = "of the test"  # noqa: S105
SETTINGS = RedisSettings(url="redis://host:6379/0", prefix="p[1]", old_seconds=60)


class Lock:
    """Taken by nobody else, until it is lost."""

    def __init__(self, free: bool) -> None:
        self.free, self.held, self.renewed = free, False, 0

    def acquire(self) -> bool:
        self.held = self.free
        return self.free

    def reacquire(self) -> None:
        if not self.held:
            raise redis.exceptions.LockError("lost")
        self.renewed += 1

    def owned(self) -> bool:
        return self.held

    def release(self) -> None:
        assert self.held
        self.held = False


class Server:
    """Texts by key, and times to live."""

    def __init__(self) -> None:
        self.held: dict[str, str] = {}
        self.lives: dict[str, int] = {}
        self.queue: list[tuple[Any, ...]] = []
        self.lock_made, self.closed, self.lost = Lock(True), 0, ""
        self.options: dict[str, Any] = {}

    def from_url(self, url: str, **options: Any) -> "Server":  # noqa: ANN401 - options of several types
        self.options = {"url": url, **options}
        return self

    def close(self) -> None:
        self.closed += 1

    def lock(self, name: str, timeout: int, blocking: bool) -> Lock:
        assert (name, timeout, blocking) == ("p[1]:lock", LEASE_SECONDS, False)
        return self.lock_made

    def get(self, name: str) -> str | None:
        return self.held.get(name)

    def mget(self, names: list[str]) -> list[str | None]:
        return [self.held.get(name) for name in names]

    def set(self, name: str, text: str, nx: bool = False, keepttl: bool = False) -> None:
        if nx:
            self.queue.append(("set", name, text))
            return
        self.held[name] = text
        if not keepttl:
            self.lives.pop(name, None)

    def delete(self, name: str) -> None:
        del self.held[name]

    def scan_iter(self, pattern: str, count: int) -> Iterator[str]:
        assert pattern == "p\\[1\\]:night:*"
        yield from [name for name in self.held if fnmatch.fnmatch(name, "p[[]1]:night:*")]

    def pipeline(self, transaction: bool = True) -> "Server":
        assert not transaction
        self.queue = []
        return self

    def ttl(self, name: str) -> None:
        self.queue.append(("ttl", name))

    def expire(self, name: str, seconds: int) -> None:
        self.queue.append(("expire", name, seconds))

    def execute(self) -> list[Any]:
        done: list[Any] = []
        for kind, name, *rest in self.queue:
            if kind == "ttl":
                done.append(self.lives.get(name, -1))
            elif kind == "expire":
                self.lives[name] = rest[0]
            else:
                done.append(name not in self.held or None)
                if name != self.lost:
                    self.held.setdefault(name, rest[0])
        self.queue = []
        return done


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Server:
    made = Server()
    monkeypatch.setattr(redis, "Redis", SimpleNamespace(from_url=made.from_url))
    return made


def send(lake: Lake, ds: Any = DS) -> list[tuple[str, int, int, str]]:  # noqa: ANN401 - a date
    done = to_redis(read_night(lake, ds), SETTINGS, "shop", PASSWORD, 7)
    assert all(0 <= one.seconds < 60 for one in done)
    assert {one.where for one in done} <= {
        f"p[1]:night:*:{name}"
        for name in ("recommendations:USER_ID", "similar_items:ITEM_ID", "popular_items:CATEGORY")
    }
    return [(one.table, one.rows, one.lists, one.state) for one in done]


def test_a_night_its_pointer_and_the_nights_before(lake: Lake, server: Server) -> None:
    publish_night(lake, DS, users=3)
    publish_night(lake, NEXT, users=3, lists=False)
    assert send(lake) == [
        ("recommendations", 12, 3, "written"), ("similar_items", 2, 1, "written"),
        ("popular_items", 2, 2, "written"),
    ]  # fmt: skip
    assert server.options["password"] == PASSWORD
    assert server.options["socket_timeout"] == server.options["socket_connect_timeout"] == 30.0
    assert (server.options["decode_responses"], server.closed, server.lock_made.held) == (True, 1, False)
    assert server.lock_made.renewed > 3
    first = server.held["p[1]:current"]
    assert len(first.removeprefix(read_night(lake, DS).name)) == 9
    meta = json.loads(server.held[f"p[1]:night:{first}:meta"])
    assert (meta["ds"], meta["night"]) == (str(DS), read_night(lake, DS).name)
    assert meta["tables"]["recommendations"] == {"rows": 12, "lists": 3}
    assert [state for *_, state in send(lake)] == ["up to date"] * 3
    assert (server.held["p[1]:current"], server.lives) == (first, {})
    old = [name for name in server.held if name.startswith(f"p[1]:night:{first}:")]
    server.lives[old[0]] = 5
    assert send(lake, NEXT) == [("recommendations", 12, 3, "written")]
    assert server.lives == dict.fromkeys(old, 60) | {old[0]: 5}
    del server.held[
        next(name for name in server.held if server.held["p[1]:current"] in name and "u0001" in name)
    ]
    assert send(lake, NEXT)[0][3] == "written"


def test_many_keys_expire_in_batches(lake: Lake, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    publish_night(lake, DS, users=3, lists=False)
    old = [f"p[1]:night:old:x:{n}" for n in range(5)]
    server.held = dict.fromkeys(old, "[]") | {"p[1]:other": "x"}
    monkeypatch.setattr(exporting, "KEYS_AT_ONCE", 2)
    send(lake)
    assert server.lives == dict.fromkeys(old, 60)


def test_what_did_not_arrive_is_not_served(
    lake: Lake, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish_night(lake, DS, users=3, lists=False)
    monkeypatch.setattr(exporting, "count", lambda *asked: (11, 3))
    with pytest.raises(ExportError, match="11 of 12 rows of recommendations arrived; the pointer stays"):
        send(lake)
    assert "p[1]:current" not in server.held
    assert not server.lock_made.held


def test_one_export_at_a_time(lake: Lake, server: Server) -> None:
    publish_night(lake, DS, users=3, lists=False)
    server.lock_made = Lock(False)
    with pytest.raises(ConflictError, match=r"another export under p\[1\] is running"):
        send(lake)
    server.lock_made = Lock(True)
    client: Any = server
    with alone(client, "p[1]") as still_mine:
        server.lock_made.held = False
        with pytest.raises(ConflictError, match="expired after 120 s"):
            still_mine("", 0)
    assert server.held == {}


def erased(server: Server, **named: tuple[str, ...]) -> tuple[int, int]:
    client: Any = server
    found = count_rows(client, "p[1]", named)
    erase_rows(client, "p[1]", named)
    assert count_rows(client, "p[1]", named) == (0, 0)
    return found


def test_rows_of_the_erased_leave_every_night(lake: Lake, server: Server) -> None:
    publish_night(lake, DS, users=3)
    publish_night(lake, NEXT, users=3, lists=False)
    for ds in (DS, NEXT):
        send(lake, ds)
    lives, size = dict(server.lives), len(server.held)
    night = json.loads(next(text for name, text in server.held.items() if name.endswith(":meta")))["night"]

    def counts() -> dict[str, Any]:
        name = next(name for name in server.held if night in name and name.endswith(":meta"))
        tables: dict[str, Any] = json.loads(server.held[name])["tables"]
        return tables

    assert erased(server, user_id=("u0001", "nobody")) == (2, 0)
    assert len(server.held) == size - 2
    assert counts()["recommendations"] == {"rows": 8, "lists": 2}
    assert erased(server, item_id=(f"{DS}:2",)) == (0, 2)
    assert counts()["recommendations"] == {"rows": 6, "lists": 2}
    key = next(name for name in server.held if night in name and name.endswith("recommendations:u0002"))
    assert [row["rank"] for row in json.loads(server.held[key])] == [1, 3, 4]
    assert server.held[key].startswith('[{"rank":1,"item_id":')
    everything = tuple(f"{DS}:{rank}" for rank in range(5))
    assert erased(server, item_id=("i1",), similar_item_id=everything) == (1, 0)
    assert counts()["similar_items"] == {"rows": 0, "lists": 0}
    assert erased(server, item_id=everything) == (4, 0)  # two lists of users and two of categories
    assert counts()["popular_items"] == {"rows": 0, "lists": 0}
    assert server.lives.items() <= lives.items()
    meta = next(name for name in server.held if name.endswith(":meta") and night not in name)
    del server.held[meta]
    assert erased(server, user_id=("u0002",))[0] == 1
