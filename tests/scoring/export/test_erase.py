"""Erased users and items leave the copies that shops serve from, and the next export finds nothing amiss."""

import json
from pathlib import Path

import psycopg
import pyarrow.parquet as pq
import redis

from causalrec.config.export import PostgresSettings, RedisSettings
from causalrec.erasure.exports import ParquetStore, PostgresStore, RedisStore
from causalrec.erasure.store import Found
from causalrec.lake import Lake
from causalrec.lake.upkeep.subject import Subject
from causalrec.scoring.export import read_night
from causalrec.scoring.export.parquet import to_parquet
from causalrec.scoring.export.postgres import to_postgres
from causalrec.scoring.export.redis import to_redis
from causalrec.store import Location
from tests.scoring.export.nights import DS, NEXT, publish_night

USER, ITEM = Subject.user("u0003"), Subject(("item", f"{DS}:1"))
PASSWORD = "s3cret"  # noqa: S105


def test_parquet(lake: Lake, tmp_path: Path) -> None:
    publish_night(lake, DS)
    root = Location(str(tmp_path / "exports"))
    to_parquet(read_night(lake, DS), root, 7)
    (tmp_path / "exports" / "recommendations" / ".x.unfinished").write_bytes(b"cut off")
    store = ParquetStore(root)
    assert store.find(USER) == Found.of(rows=4, unfinished_files=1)
    store.erase(USER)
    assert store.find(USER) == Found("not there")
    file = tmp_path / "exports" / "recommendations" / f"{DS}.parquet"
    assert "u0003" not in pq.read_table(file)["user_id"].to_pylist()
    assert pq.read_table(file).num_rows == 116
    assert pq.read_metadata(file).metadata[b"causalrec.lists"] == b"29"
    assert store.find(ITEM) == Found.of(rows=32)  # 29 lists, 1 similar item, 2 categories
    store.erase(ITEM)
    assert store.find(ITEM) == Found("not there")
    done = to_parquet(read_night(lake, DS), root, 7)  # the lake still has them: written again
    assert [one.rows for one in done] == [120, 2, 2]


def test_postgres(lake: Lake, postgres_url: str) -> None:
    settings = PostgresSettings(url=postgres_url, schema_name="test_erase", lock_seconds=1)
    store = PostgresStore(settings, None)
    assert store.find(USER) == Found("not there")  # nothing was ever exported
    for ds in (DS, NEXT):
        publish_night(lake, ds)
        to_postgres(read_night(lake, ds), settings, None, 50)
    assert store.find(USER) == Found.of(rows=8)
    store.erase(USER)
    assert store.find(USER) == Found("not there")
    store.erase(ITEM)
    assert store.find(ITEM) == Found("not there")
    with psycopg.connect(postgres_url) as reader:
        reader.execute("SET search_path = test_erase")
        assert reader.execute("SELECT count(*) FROM recommendations").fetchone() == (116,)
        counted = reader.execute("SELECT table_name, ds, rows FROM nights ORDER BY 1, 2").fetchall()
    held = [("popular_items", DS, 0), ("popular_items", NEXT, 2), ("recommendations", DS, 87),
            ("recommendations", NEXT, 116), ("similar_items", DS, 1), ("similar_items", NEXT, 2)]  # fmt: skip
    assert counted == held


def test_a_server_that_does_not_answer_was_not_searched() -> None:
    settings = PostgresSettings(url="postgresql://u@127.0.0.1:1/d")
    found = PostgresStore(settings, None).find(USER)
    assert found.state == "not searched"
    assert "erase again once it answers" in found.until
    found = RedisStore(RedisSettings(url="redis://127.0.0.1:1/0"), "p", None).find(USER)
    assert found.state == "not searched"


def test_redis(lake: Lake, redis_url: str) -> None:
    settings = RedisSettings(url=redis_url, old_seconds=60)
    client = redis.Redis.from_url(redis_url, password=PASSWORD, decode_responses=True)
    client.flushdb()
    store = RedisStore(settings, "causalrec:demo", PASSWORD)
    for ds in (DS, NEXT):
        publish_night(lake, ds)
        to_redis(read_night(lake, ds), settings, "demo", PASSWORD, 7)
    assert store.find(USER) == Found.of(lists=2)
    store.erase(USER)
    assert store.find(USER) == Found("not there")
    assert store.find(ITEM) == Found.of(lists=2, rows=30)  # two categories hold nothing else
    store.erase(ITEM)
    assert store.find(ITEM) == Found("not there")
    night = client.get("causalrec:demo:current")
    assert isinstance(night, str)
    assert json.loads(str(client.get(f"causalrec:demo:night:{night}:meta")))["tables"] == {
        "recommendations": {"rows": 116, "lists": 29}, "similar_items": {"rows": 2, "lists": 1},
        "popular_items": {"rows": 2, "lists": 2},
    }  # fmt: skip
    old = next(
        key
        for key in client.scan_iter("causalrec:demo:night:*:recommendations:u0004")
        if str(night) not in key
    )
    assert 0 < int(str(client.ttl(old))) <= 60
    assert [row["rank"] for row in json.loads(str(client.get(old)))] == [2, 3, 4]
    client.close()
