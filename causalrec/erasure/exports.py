"""The stores that a shop serves from: copies of a night in Parquet, PostgreSQL, Redis and Qdrant."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from causalrec.config import Settings
from causalrec.config.export import PostgresSettings, QdrantSettings, RedisSettings
from causalrec.erasure.store import Found
from causalrec.errors import ExportError
from causalrec.lake.upkeep.subject import Subject
from causalrec.scoring.export import erase_parquet, erase_postgres, erase_qdrant, erase_redis
from causalrec.scoring.export.erase_parquet import Named
from causalrec.scoring.export.night import NAMED
from causalrec.scoring.export.plugins import ErasableTarget
from causalrec.scoring.export.qdrant import connected as qdrant
from causalrec.store import Location

if TYPE_CHECKING:
    from psycopg import Connection
    from redis import Redis


def named(subject: Subject) -> Named:
    """Columns of published tables -> ids whose rows go."""
    return {name: ids for kind, ids in subject.ids.items() for name in NAMED.get(kind, ())}


def silent(error: ExportError) -> Found:
    """Of a server that does not answer."""
    return Found("not searched", until=f"{error.what}: erase again once it answers")


@dataclass(frozen=True)
class ParquetStore:
    """Files TABLE/DATE.parquet."""

    root: Location
    name: str = "exports in Parquet"

    def find(self, subject: Subject) -> Found:
        """Counts rows and half-written files."""
        rows, unfinished = erase_parquet.count_rows(self.root, named(subject))
        return Found.of(rows=rows, unfinished_files=unfinished)

    def erase(self, subject: Subject) -> None:
        """The other rows stay."""
        erase_parquet.erase_rows(self.root, named(subject))


@dataclass(frozen=True)
class PostgresStore:
    """All stored nights of a schema."""

    settings: PostgresSettings
    password: str | None
    name: str = "exports in PostgreSQL"

    def find(self, subject: Subject) -> Found:
        """Counts rows; ``not searched`` where the server does not answer."""
        try:
            with self._connected() as connection:
                schema = self.settings.schema_name
                return Found.of(rows=erase_postgres.count_rows(connection, schema, named(subject)))
        except ExportError as error:
            return silent(error)

    def erase(self, subject: Subject) -> None:
        """Raises ConflictError while an export is running."""
        from causalrec.scoring.export.postgres import alone

        with self._connected() as connection, alone(connection, self.settings):
            erase_postgres.erase_rows(connection, self.settings.schema_name, named(subject))

    @contextmanager
    def _connected(self) -> "Iterator[Connection]":
        try:
            import psycopg

            from causalrec.scoring.export.postgres import connected
        except ImportError as error:
            raise ExportError("the driver psycopg is not installed", do="install it") from error
        try:
            with connected(self.settings, self.password) as connection:
                yield connection
        except psycopg.Error as error:
            raise ExportError(" ".join(str(error).split()), do="check the server and the rights") from error


@dataclass(frozen=True)
class RedisStore:
    """All nights under a prefix."""

    settings: RedisSettings
    prefix: str
    password: str | None
    name: str = "exports in Redis"

    def find(self, subject: Subject) -> Found:
        """Counts lists and rows; ``not searched`` where the server does not answer."""
        try:
            with self._connected() as client:
                lists, rows = erase_redis.count_rows(client, self.prefix, named(subject))
                return Found.of(lists=lists, rows=rows)
        except ExportError as error:
            return silent(error)

    def erase(self, subject: Subject) -> None:
        """Raises ConflictError while an export is running."""
        from causalrec.scoring.export.redis import alone

        with self._connected() as client, alone(client, self.prefix):
            erase_redis.erase_rows(client, self.prefix, named(subject))

    @contextmanager
    def _connected(self) -> "Iterator[Redis]":
        try:
            import redis

            from causalrec.scoring.export.redis import connected
        except ImportError as error:
            raise ExportError("the client redis is not installed", do="install it") from error
        try:
            with connected(self.settings, self.password) as client:
                yield client
        except redis.RedisError as error:
            raise ExportError(" ".join(str(error).split()), do="check the server and the rights") from error


@dataclass(frozen=True)
class QdrantStore:
    """All collections of vectors under a prefix."""

    settings: QdrantSettings
    prefix: str
    api_key: str | None
    name: str = "exports in Qdrant"

    def find(self, subject: Subject) -> Found:
        """Counts points; ``not searched`` where the server does not answer."""
        try:
            with qdrant(self.settings, self.api_key) as client:
                return Found.of(points=erase_qdrant.count_points(client, self.prefix, named(subject)))
        except ExportError as error:
            return silent(error)

    def erase(self, subject: Subject) -> None:
        """Raises ExportError if the server does not answer."""
        with qdrant(self.settings, self.api_key) as client:
            erase_qdrant.erase_points(client, self.prefix, named(subject))


@dataclass(frozen=True)
class PluginStore:
    """Where the export target of another package writes, if it can erase."""

    target: ErasableTarget
    settings: Settings
    name: str

    def find(self, subject: Subject) -> Found:
        """Counts rows; ``not searched`` where the target fails."""
        try:
            return Found.of(rows=self.target.count(named(subject), self.settings))
        except Exception as error:  # another package's store may fail in any way
            return Found("not searched", until=f"{type(error).__name__}: {error}"[:300])

    def erase(self, subject: Subject) -> None:
        """Raises whatever the target raises."""
        self.target.erase(named(subject), self.settings)
