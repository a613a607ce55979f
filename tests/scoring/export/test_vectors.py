"""A real PostgreSQL with pgvector: vectors beside the lists, searched by an index, switched and erased."""

import datetime as dt
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import psycopg
import pytest

from causalrec.config.export import PostgresSettings
from causalrec.erasure.exports import PostgresStore
from causalrec.erasure.store import Found
from causalrec.errors import ExportError
from causalrec.lake import Lake
from causalrec.lake.upkeep.subject import Subject
from causalrec.scoring.export import Exported, read_night
from causalrec.scoring.export.postgres import to_postgres
from tests.scoring.export.nights import DS, NEXT, publish_night, publish_vectors


@pytest.fixture
def settings(postgres_url: str, request: pytest.FixtureRequest) -> PostgresSettings:
    with psycopg.connect(postgres_url) as connection:
        if not connection.execute("SELECT 1 FROM pg_available_extensions WHERE name = 'vector'").fetchone():
            pytest.skip("this PostgreSQL has no pgvector (Debian: postgresql-NN-pgvector)")
    return PostgresSettings(url=postgres_url, schema_name=request.node.name[:60], lock_seconds=1)


@pytest.fixture
def nearest(root: Path) -> str:
    """The query of docs/vectors.md, for these vectors of three numbers and user u0007."""
    (query,) = re.findall(
        r"```sql\n(.*?);\n```", (root / "docs" / "vectors.md").read_text("utf-8"), re.DOTALL
    )
    own = {"causalrec.": "", "vector(65)": "vector(3)", "'u1'": "'u0007'", "LIMIT 50": "LIMIT 5"}
    for old, new in own.items():
        assert old in query
        query = query.replace(old, new)
    return str(query)


@pytest.fixture
def reader(settings: PostgresSettings) -> Iterator[psycopg.Connection]:
    options = f"-c search_path={settings.schema_name},public"
    with psycopg.connect(settings.url, options=options, autocommit=True) as connection:
        yield connection


def send(lake: Lake, ds: dt.date, settings: PostgresSettings) -> tuple[Exported, ...]:
    return to_postgres(read_night(lake, ds), settings, None, 64)


def test_the_nearest_items_of_a_user(
    lake: Lake, settings: PostgresSettings, reader: psycopg.Connection, nearest: str
) -> None:
    publish_night(lake, DS)
    items, users = publish_vectors(lake, DS)
    done = {one.table: (one.rows, one.state) for one in send(lake, DS, settings)}
    assert {table: done[table] for table in ("item_vectors", "user_vectors")} == {
        "item_vectors": (200, "written"), "user_vectors": (30, "written"),
    }  # fmt: skip
    scores = items @ users[7]
    best = np.argsort(-scores)[:5]
    found = reader.execute(nearest.encode()).fetchall()
    assert [name for name, _ in found] == [f"i{place:04d}" for place in best]
    assert [score for _, score in found] == pytest.approx(scores[best].tolist(), rel=1e-5)
    reader.execute("SET enable_seqscan = off")  # a table this small is otherwise read as a whole
    plan = "\n".join(line for (line,) in reader.execute(f"EXPLAIN {nearest}".encode()))
    assert "vector_idx on item_vectors_n20260301" in plan
    indexed = reader.execute(nearest.encode()).fetchall()
    assert indexed[0][0] == found[0][0]  # an approximate index; the first is found all the same
    assert {one.state for one in send(lake, DS, settings)} == {"up to date"}


def test_another_length_switches_with_the_lists(
    lake: Lake, settings: PostgresSettings, reader: psycopg.Connection
) -> None:
    for ds, width in ((DS, 3), (NEXT, 4)):
        publish_night(lake, ds)
        publish_vectors(lake, ds, width)
        send(lake, ds, settings)
        lengths = reader.execute("SELECT DISTINCT dim, vector_dims(vector), ds FROM item_vectors").fetchall()
        assert lengths == [(width, width, ds)]
    assert {one.state for one in send(lake, DS, settings)} == {"switched back"}
    assert reader.execute("SELECT DISTINCT ds FROM user_vectors").fetchall() == [(DS,)]


def test_erased_users_and_items_have_no_vector(
    lake: Lake, settings: PostgresSettings, reader: psycopg.Connection
) -> None:
    publish_night(lake, DS)
    publish_vectors(lake, DS)
    send(lake, DS, settings)
    store = PostgresStore(settings, None)
    for subject, rows in ((Subject.user("u0007"), 5), (Subject(("item", "i0009")), 1)):
        assert store.find(subject) == Found.of(rows=rows)
        store.erase(subject)
        assert store.find(subject) == Found("not there")
    assert reader.execute("SELECT count(*) FROM user_vectors").fetchone() == (29,)
    assert reader.execute("SELECT count(*) FROM item_vectors").fetchone() == (199,)


def test_a_server_without_the_extension_keeps_what_it_serves(
    lake: Lake, settings: PostgresSettings, reader: psycopg.Connection
) -> None:
    publish_night(lake, DS)
    send(lake, DS, settings)
    publish_night(lake, NEXT)
    publish_vectors(lake, NEXT)
    reader.execute("DROP EXTENSION IF EXISTS vector CASCADE")
    reader.execute("CREATE ROLE plain LOGIN")
    reader.execute(f"GRANT ALL ON SCHEMA {settings.schema_name} TO plain")
    without = settings.model_copy(update={"url": settings.url.replace("postgres@", "plain@")})
    try:
        with pytest.raises(ExportError, match=r"pgvector.*export.vectors = false"):
            send(lake, NEXT, without)
    finally:
        reader.execute("CREATE EXTENSION IF NOT EXISTS vector")
    assert reader.execute("SELECT DISTINCT ds FROM recommendations").fetchall() == [(DS,)]
