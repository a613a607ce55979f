"""A real Redis: lists under the name of a night, one pointer, old nights expire."""

import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import redis

from causalrec.config.export import RedisSettings
from causalrec.errors import ConflictError, ExportError
from causalrec.lake import Lake
from causalrec.scoring.export import Exported, read_night
from causalrec.scoring.export.redis import to_redis
from tests.scoring.export.nights import DS, NASTY, NEXT, publish_night, publish_vectors

PASSWORD = "s3cret"  # noqa: S105


@pytest.fixture
def client(redis_url: str) -> Iterator[redis.Redis]:
    client = redis.Redis.from_url(redis_url, password=PASSWORD, decode_responses=True)
    client.flushdb()
    yield client
    client.close()


@pytest.fixture
def settings(redis_url: str, monkeypatch: pytest.MonkeyPatch) -> RedisSettings:
    for module in ("redis", "redis_lists"):
        monkeypatch.setattr(f"causalrec.scoring.export.{module}.KEYS_AT_ONCE", 3)
    return RedisSettings(url=redis_url, old_seconds=60)


def send(lake: Lake, ds: Any, settings: RedisSettings, batch_rows: int = 7) -> tuple[Exported, ...]:  # noqa: ANN401
    return to_redis(read_night(lake, ds), settings, "demo", PASSWORD, batch_rows)


def read(client: redis.Redis, key: str) -> Any:  # noqa: ANN401
    return json.loads(text(client, f"causalrec:demo:night:{text(client, 'causalrec:demo:current')}:{key}"))


def text(client: redis.Redis, key: str) -> str:
    found = client.get(key)
    assert isinstance(found, str)
    return found


def test_lists_in_order_once(lake: Lake, settings: RedisSettings, client: redis.Redis) -> None:
    publish_night(lake, DS)
    publish_vectors(lake, DS)  # which Redis does not get
    done = send(lake, DS, settings)  # batches of 7 rows cut lists of 4
    assert [(one.table, one.rows, one.lists, one.state) for one in done] == [
        ("recommendations", 120, 30, "written"), ("similar_items", 2, 1, "written"),
        ("popular_items", 2, 2, "written"),
    ]  # fmt: skip
    found = read(client, "recommendations:u0003")
    assert [row["rank"] for row in found] == [1, 2, 3, 4]
    assert found[1]["reason_text"] == NASTY
    assert found[0] == {
        "rank": 1, "item_id": "2026-03-01:1", "score": pytest.approx(1 / 6, abs=1e-14),
        "reason_code": "similar_to_history", "reason_text": "", "reason_item_id": None,
        "reason_image": None, "shop_reason": None, "adjustment_code": None,
        "confounder_code": None,
        "fallback": None, "policy": "causalrec", "propensity": 1.0, "model_version": "1", "market": None,
    }  # fmt: skip
    assert read(client, "popular_items:") == [
        {"rank": 1, "item_id": "2026-03-01:1", "users": 7, "markets": None}
    ]
    assert read(client, "meta")["tables"]["recommendations"] == {"rows": 120, "lists": 30}
    pointer = text(client, "causalrec:demo:current")
    assert {one.state for one in send(lake, DS, settings)} == {"up to date"}
    assert text(client, "causalrec:demo:current") == pointer
    assert client.exists("causalrec:demo:lock") == 0


def test_the_old_night_expires_and_the_new_one_does_not(
    lake: Lake, settings: RedisSettings, client: redis.Redis
) -> None:
    publish_night(lake, DS)
    publish_night(lake, NEXT)
    client.set("causalrec:demo2:night:x", "of another shop")
    send(lake, DS, settings)
    old = text(client, "causalrec:demo:current")
    client.set("causalrec:demo:night:2026-02-01.killed.1:recommendations:u1", "left by a killed export")
    send(lake, NEXT, settings)
    now = text(client, "causalrec:demo:current")
    lives = {key: client.ttl(key) for key in client.scan_iter("causalrec:demo*")}
    assert {0 < life <= 60 for key, life in lives.items() if f":{old}:" in key or "killed" in key} == {True}
    assert {life for key, life in lives.items() if f":{now}:" in key} == {-1}
    assert lives["causalrec:demo2:night:x"] == -1
    client.delete(f"causalrec:demo:night:{now}:recommendations:u0001")  # someone lost a key: written anew
    assert {one.state for one in send(lake, NEXT, settings)} == {"written"}


def test_readers_always_see_one_whole_night(
    lake: Lake, settings: RedisSettings, client: redis.Redis, redis_url: str
) -> None:
    publish_night(lake, DS)
    publish_night(lake, NEXT)
    send(lake, DS, settings)
    done, wrong, seen = threading.Event(), list[object](), set[str]()

    def reader() -> None:
        mine = redis.Redis.from_url(redis_url, password=PASSWORD, decode_responses=True)
        while not done.is_set():
            night = text(mine, "causalrec:demo:current")
            keys = [f"causalrec:demo:night:{night}:recommendations:u{user:04d}" for user in range(30)]
            lists = [json.loads(found or "[]") for found in mine.mget(keys)]
            seen.add(night[:10])
            if any(
                [row["item_id"] for row in rows] != [f"{night[:10]}:{n}" for n in (1, 2, 3, 4)]
                for rows in lists
            ):
                wrong.append((night, lists))
        mine.close()

    threads = [threading.Thread(target=reader) for _ in range(2)]
    for thread in threads:
        thread.start()
    for ds in (NEXT, DS, NEXT, DS):
        send(lake, ds, settings)
    done.set()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert seen == {DS.isoformat(), NEXT.isoformat()}


def test_a_full_server_and_a_second_writer_leave_the_pointer(
    lake: Lake, settings: RedisSettings, client: redis.Redis
) -> None:
    publish_night(lake, DS)
    send(lake, DS, settings)
    pointer = text(client, "causalrec:demo:current")
    publish_night(lake, NEXT)
    used = client.info("memory")["used_memory"]
    client.config_set("maxmemory", used - 1)
    try:
        with pytest.raises(ExportError, match="maxmemory"):
            send(lake, NEXT, settings)
    finally:
        client.config_set("maxmemory", 0)
    assert text(client, "causalrec:demo:current") == pointer
    client.set("causalrec:demo:lock", "another")
    with pytest.raises(ConflictError, match="another export"):
        send(lake, NEXT, settings)


def test_a_wrong_password_is_not_repeated(lake: Lake, settings: RedisSettings, client: redis.Redis) -> None:
    publish_night(lake, DS)
    with pytest.raises(ExportError, match="CAUSALREC_REDIS_PASSWORD") as caught:
        to_redis(read_night(lake, DS), settings, "demo", "wr0ng", 7)
    assert "wr0ng" not in f"{caught.value} {caught.value.__cause__!r}"
