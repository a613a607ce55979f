"""A real PostgreSQL: equal rows, whole nights for concurrent readers, nothing half done, nothing twice."""

import datetime as dt
import threading
import time
from collections.abc import Iterator
from typing import LiteralString

import psycopg
import pytest

from causalrec.config.export import PostgresSettings
from causalrec.errors import ConflictError, ExportError
from causalrec.lake import Lake
from causalrec.scoring.export import Exported, read_night
from causalrec.scoring.export.postgres import alone, to_postgres
from tests.scoring.export.nights import DS, NEXT, ordered, publish_night


@pytest.fixture
def settings(postgres_url: str, request: pytest.FixtureRequest) -> PostgresSettings:
    return PostgresSettings(url=postgres_url, schema_name=request.node.name[:60], lock_seconds=1)


@pytest.fixture
def reader(settings: PostgresSettings) -> Iterator[psycopg.Connection]:
    options = f"-c search_path={settings.schema_name}"
    with psycopg.connect(settings.url, options=options, autocommit=True) as connection:
        yield connection


def send(lake: Lake, ds: dt.date, settings: PostgresSettings) -> tuple[Exported, ...]:
    return to_postgres(read_night(lake, ds), settings, None, 7)


def test_equal_rows_and_states(lake: Lake, settings: PostgresSettings, reader: psycopg.Connection) -> None:
    rows = publish_night(lake, DS)
    publish_night(lake, NEXT)
    done = send(lake, DS, settings)
    assert [(one.table, one.rows, one.lists) for one in done] == [
        ("recommendations", 120, 30), ("similar_items", 2, 1), ("popular_items", 2, 2),
    ]  # fmt: skip
    cursor = reader.execute("SELECT * FROM recommendations")
    names = [column.name for column in cursor.description or ()]
    found = [dict(sorted(zip(names, row, strict=True))) for row in cursor.fetchall()]
    assert sorted(found, key=lambda row: (row["user_id"], row["rank"])) == ordered(rows)
    categories = reader.execute("SELECT category FROM popular_items ORDER BY category").fetchall()
    assert categories == [("",), ("shoes",)]  # an empty text is no null
    assert {one.state for one in send(lake, DS, settings)} == {"up to date"}
    assert {one.state for one in send(lake, NEXT, settings)} == {"written"}
    assert {one.state for one in send(lake, DS, settings)} == {"switched back"}
    assert reader.execute("SELECT DISTINCT ds FROM recommendations").fetchall() == [(DS,)]
    assert reader.execute("SELECT DISTINCT ds FROM published").fetchall() == [(DS,)]


def test_the_next_export_need_not_wait_for_the_session_to_end(
    settings: PostgresSettings, reader: psycopg.Connection
) -> None:
    with psycopg.connect(settings.url, autocommit=True) as connection:
        refused = pytest.raises(ConflictError, match="another export into schema")
        with alone(connection, settings), refused, alone(reader, settings):
            pass
        with alone(reader, settings):
            pass
        with pytest.raises(psycopg.Error), alone(reader, settings):
            reader.execute("SELECT 1 / 0")
        with alone(connection, settings):
            pass


def test_old_nights_go_and_grants_stay(
    lake: Lake, settings: PostgresSettings, reader: psycopg.Connection
) -> None:
    publish_night(lake, DS)
    send(lake, DS, settings)
    reader.execute("CREATE VIEW mine AS SELECT user_id FROM recommendations WHERE rank = 1")
    reader.execute("GRANT SELECT ON recommendations TO pg_monitor")
    for day in range(2, 6):
        publish_night(lake, dt.date(2026, 3, day), users=day, lists=False)
        send(lake, dt.date(2026, 3, day), settings)
    kept = reader.execute(
        "SELECT rows FROM nights WHERE table_name = 'recommendations' ORDER BY 1"
    ).fetchall()
    assert kept == [(16,), (20,)]
    tables = "SELECT count(*) FROM pg_tables WHERE schemaname = %s AND tablename LIKE 'recommendations_n2%%'"
    assert reader.execute(tables, [settings.schema_name]).fetchone() == (2,)
    assert reader.execute("SELECT count(*) FROM mine").fetchone() == (5,)
    may = reader.execute("SELECT has_table_privilege('pg_monitor', 'recommendations', 'SELECT')").fetchone()
    assert may == (True,)
    # the date had no item lists: the last ones that were sent are still shown
    assert reader.execute("SELECT DISTINCT ds FROM similar_items").fetchall() == [(DS,)]


def test_a_statement_planned_before_a_night_arrived_is_waited_for(
    lake: Lake, settings: PostgresSettings, reader: psycopg.Connection
) -> None:
    """It knows the partitions of then, and reads ``published`` when it runs: it would find an empty night."""
    settings = settings.model_copy(update={"lock_seconds": 20})
    publish_night(lake, DS, users=30)
    publish_night(lake, NEXT, users=40)
    send(lake, DS, settings)
    (old,) = reader.execute(
        "SELECT inhrelid::regclass::text FROM pg_inherits "
        "WHERE inhparent = 'recommendations_nights'::regclass"
    ).fetchone() or ("",)
    found: list[object] = []

    def read() -> None:
        with psycopg.connect(settings.url, autocommit=True) as connection:
            rows = f"SELECT count(*) FROM {settings.schema_name}.recommendations"  # noqa: S608
            found.append(connection.execute(rows).fetchone())

    with psycopg.connect(settings.url) as holder:  # the planner has listed the partitions, and waits for one
        holder.execute(f"LOCK TABLE {settings.schema_name}.{old} IN ACCESS EXCLUSIVE MODE")
        planned = threading.Thread(target=read)
        planned.start()
        until(reader, "SELECT count(*) FROM pg_locks WHERE NOT granted")
        export = threading.Thread(target=send, args=(lake, NEXT, settings))
        export.start()
        until(reader, f"SELECT count(*) FROM nights WHERE ds = '{NEXT}'")  # noqa: S608
        holder.rollback()
    planned.join()
    export.join()
    assert found == [(120,)]
    assert reader.execute("SELECT count(*) FROM recommendations").fetchone() == (160,)


def until(connection: psycopg.Connection, count: LiteralString) -> None:
    for _ in range(1_000):
        if connection.execute(count).fetchone() != (0,):
            return
        time.sleep(0.01)
    raise AssertionError(count)


def test_readers_always_see_one_whole_night(lake: Lake, settings: PostgresSettings) -> None:
    publish_night(lake, DS, users=30)
    publish_night(lake, NEXT, users=40)
    send(lake, DS, settings)
    whole = {(DS, 120, DS, 2), (NEXT, 160, NEXT, 2)}
    done, wrong, reads = threading.Event(), list[object](), [0, 0]
    at = settings.schema_name
    rows = f"SELECT min(ds), count(*) FROM {at}.recommendations HAVING min(ds) = max(ds)"  # noqa: S608
    similar = f"SELECT min(ds), count(*) FROM {at}.similar_items"  # noqa: S608
    one = f"SELECT * FROM ({rows}) r, ({similar}) s"  # noqa: S608

    def statements() -> None:
        with psycopg.connect(settings.url, autocommit=True) as connection:
            while not done.is_set():
                found = connection.execute(one).fetchone()
                reads[0] += 1
                if found not in whole:
                    wrong.append(found)

    def transactions() -> None:
        """Statements of one REPEATABLE READ transaction: they agree about the night."""
        with psycopg.connect(settings.url) as connection:
            connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            while not done.is_set():
                with connection.transaction():
                    first = connection.execute(rows).fetchone() or ()
                    done.wait(0.02)  # a switch may fall in between
                    found = (*first, *(connection.execute(similar).fetchone() or ()))
                reads[1] += 1
                if found not in whole:
                    wrong.append(found)

    readers = [threading.Thread(target=work) for work in (statements, transactions, statements)]
    for thread in readers:
        thread.start()
    states = []
    for number in range(6):
        publish_night(lake, NEXT, users=40)
        states += [one.state for one in send(lake, NEXT, settings)[:1]]
        if number == 3:  # other rows under another name: loaded anew while the readers go on
            whole |= {(DS, 124, DS, 2)}
            publish_night(lake, DS, users=31)
        states += [one.state for one in send(lake, DS, settings)[:1]]
    done.set()
    for thread in readers:
        thread.join()
    assert wrong == []
    assert min(reads) > 10
    assert states.count("written") >= 2


def test_a_killed_load_is_never_seen_and_is_cleaned_up(
    lake: Lake, settings: PostgresSettings, reader: psycopg.Connection
) -> None:
    publish_night(lake, DS)
    publish_night(lake, NEXT, users=40)
    send(lake, DS, settings)

    def cut(label: str, rows: int) -> None:
        """The server ends the session while the second table is loaded: the first one is complete by then."""
        if "similar" in label:
            kill = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = %s"
            reader.execute(kill, ["causalrec export"])

    with pytest.raises(ExportError, match="postgres: "):
        to_postgres(read_night(lake, NEXT), settings, None, 7, cut)
    night = "SELECT min(ds), max(ds), count(*) FROM recommendations"
    assert reader.execute(night).fetchone() == (DS, DS, 120)
    assert {one.state for one in send(lake, NEXT, settings)} == {"written"}
    assert reader.execute(night).fetchone() == (NEXT, NEXT, 160)
    stray = "SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace WHERE nspname = %s "
    alone = stray + "AND relkind = 'r' AND NOT relispartition"
    assert reader.execute(alone, [settings.schema_name]).fetchone() == (2,)  # published, nights


def test_an_old_reader_delays_only_the_removal(
    lake: Lake, settings: PostgresSettings, reader: psycopg.Connection
) -> None:
    for day in (1, 2):
        publish_night(lake, dt.date(2026, 3, day), lists=False)
        send(lake, dt.date(2026, 3, day), settings)
    nights = "SELECT count(*) FROM nights"
    with psycopg.connect(settings.url) as slow:
        slow.execute(f"SELECT count(*) FROM {settings.schema_name}.recommendations_nights")  # noqa: S608
        publish_night(lake, dt.date(2026, 3, 3), users=7, lists=False)
        assert [one.rows for one in send(lake, dt.date(2026, 3, 3), settings)] == [28]
        assert reader.execute(nights).fetchone() == (3,)
        assert reader.execute("SELECT count(*) FROM recommendations").fetchone() == (28,)
    send(lake, dt.date(2026, 3, 3), settings)
    assert reader.execute(nights).fetchone() == (2,)


def test_a_wider_contract_and_another_type(
    lake: Lake, settings: PostgresSettings, reader: psycopg.Connection
) -> None:
    publish_night(lake, DS)
    send(lake, DS, settings)
    reader.execute("DROP VIEW recommendations")
    reader.execute("ALTER TABLE recommendations_nights DROP COLUMN fallback")
    publish_night(lake, NEXT)
    send(lake, NEXT, settings)  # as if the contract had gained the column since
    assert reader.execute("SELECT count(*), count(fallback) FROM recommendations").fetchone() == (120, 0)
    reader.execute("ALTER TABLE recommendations_nights ADD COLUMN x int, DROP COLUMN fallback CASCADE")
    reader.execute("ALTER TABLE recommendations_nights ADD COLUMN fallback int")
    with pytest.raises(ExportError, match="fallback is integer, the contract says text"):
        send(lake, NEXT, settings)


def test_refusals_say_what_to_do_and_never_the_password(lake: Lake, settings: PostgresSettings) -> None:
    publish_night(lake, DS)
    with (
        psycopg.connect(settings.url, autocommit=True) as other,
        pytest.raises(ConflictError, match="another export"),
    ):
        other.execute("SELECT pg_advisory_lock(hashtext(%s))", [f"causalrec export {settings.schema_name}"])
        send(lake, DS, settings)
    nowhere = settings.model_copy(update={"url": "postgresql://shop@127.0.0.1:1/shop"})
    with pytest.raises(ExportError, match="CAUSALREC_POSTGRES_PASSWORD") as caught:
        to_postgres(read_night(lake, DS), nowhere, "s3cret", 7)
    assert "s3cret" not in f"{caught.value} {caught.value.__cause__!r}"
