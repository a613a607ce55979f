"""Qdrant: the vectors of each night in collections of their own, and aliases that name the served ones.

Readers use the aliases ``PREFIX_item_vectors`` and ``PREFIX_user_vectors``. Both move in one request, once
the server holds all points of the night; the collections of other nights are deleted after that. A point is
one row, its payload the columns beside the vector. Lists are not exported: Qdrant keeps none.
"""

import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING
from uuid import uuid4

import pyarrow as pa
import pyarrow.compute as pc

from causalrec.config.export import QdrantSettings
from causalrec.errors import ExportError
from causalrec.pipeline import VECTORS
from causalrec.scoring.export.night import Night, NightTable
from causalrec.scoring.export.outcome import Exported, RowsDone, State, silent

if TYPE_CHECKING:
    from qdrant_client import QdrantClient

TIMEOUT_SECONDS = 60  # of one request
ROWS_AT_ONCE = 1_024  # points of one request
LEFT_OUT = ("vector", "dim")  # columns that the payload does not repeat
INSTALL = "install it: uv sync --extra qdrant"


def to_qdrant(
    night: Night, settings: QdrantSettings, shop: str, api_key: str | None, progress: RowsDone = silent
) -> tuple[Exported, ...]:
    """Loads the night's vectors into new collections, counts them, moves both aliases.

    Of two exports at the same time one fails, and readers see the other's night.

    Raises:
        ExportError: no client, no server, the night has no vectors, or not all points arrived; the previous
            night is still served.
    """
    tables = tuple(table for table in night.tables if table.name in VECTORS)
    if len(tables) < len(VECTORS):
        raise ExportError(
            f"qdrant: the night of {night.ds} has no vectors",
            do="set export.vectors = true and run item_lists for this date; the champion must have vectors",
        )
    with connected(settings, api_key) as client:
        return _Export(client, tables, prefix_of(settings, shop), is_server(settings)).run(progress)


def prefix_of(settings: QdrantSettings, shop: str) -> str:
    """Beginning of the names of all collections and aliases."""
    return settings.prefix or f"causalrec_{shop}"


def is_server(settings: QdrantSettings) -> bool:
    """Whether the settings name a server; otherwise a folder."""
    return "://" in settings.url


@contextmanager
def connected(settings: QdrantSettings, api_key: str | None) -> "Iterator[QdrantClient]":
    """A client of the server, or of the folder, that the settings name.

    Raises:
        ExportError: no client, or what the server says inside the block.
    """
    try:
        from qdrant_client import QdrantClient
        from qdrant_client.http.exceptions import ApiException
    except ImportError as error:
        raise ExportError("qdrant: the client is not installed", do=INSTALL) from error
    place = {"url" if is_server(settings) else "path": settings.url}
    try:
        client = QdrantClient(
            **place, api_key=api_key, timeout=TIMEOUT_SECONDS, check_compatibility=False, prefer_grpc=False
        )
        with closing(client):
            yield client
    except (ApiException, OSError, ValueError, RuntimeError) as error:
        raise ExportError(
            f"qdrant: {' '.join(str(error).split())[:300]}",
            do=f"check the server at {settings.url} and {settings.api_key_env}, then repeat",
        ) from error


class _Export:
    """The export of one night."""

    def __init__(
        self, client: "QdrantClient", tables: tuple[NightTable, ...], prefix: str, indexed: bool
    ) -> None:
        self.client, self.tables, self.prefix, self.indexed = client, tables, prefix, indexed

    def run(self, progress: RowsDone) -> tuple[Exported, ...]:
        """Nothing is written if the server already serves the whole night."""
        began, served = time.monotonic(), self._served()
        whole = all(
            name in served and served[name].startswith(self._night(table)) and self._count(name) == table.rows
            for table in self.tables
            for name in (self._alias(table.name),)
        )
        if whole:
            return tuple(self._exported(table, "up to date", began) for table in self.tables)
        attempt = uuid4().hex[:8]  # so that no collection contains points of an older attempt
        fresh = {table.name: f"{self._night(table)}_{attempt}" for table in self.tables}
        for table in self.tables:
            self._load(table, fresh[table.name], progress)
        self._move(fresh, served)
        self._delete_others(set(fresh.values()))
        return tuple(self._exported(table, "written", began) for table in self.tables)

    def _alias(self, table: str) -> str:
        return f"{self.prefix}_{table}"

    def _night(self, table: NightTable) -> str:
        return f"{self._alias(table.name)}_{table.night.replace('.', '_')}"

    def _served(self) -> dict[str, str]:
        """Alias -> collection."""
        return {one.alias_name: one.collection_name for one in self.client.get_aliases().aliases}

    def _count(self, name: str) -> int:
        return int(self.client.count(name, exact=True).count)

    def _load(self, table: NightTable, name: str, progress: RowsDone) -> None:
        from qdrant_client import models

        done = 0
        for batch in table.batches(ROWS_AT_ONCE):
            vectors = batch.column("vector").to_pylist()
            if not done:
                lengths = models.VectorParams(size=len(vectors[0]), distance=models.Distance.DOT)
                self.client.create_collection(name, vectors_config=lengths)
                if self.indexed:
                    self.client.create_payload_index(name, table.key, models.PayloadSchemaType.KEYWORD)
            numbers = list(range(done, done + batch.num_rows))
            points = models.Batch(ids=numbers, vectors=vectors, payloads=_payloads(batch))
            self.client.upsert(name, points=points, wait=True)
            done += batch.num_rows
            progress(f"qdrant {table.name}", batch.num_rows)
        if not done or self._count(name) != table.rows:
            raise ExportError(
                f"qdrant: {done:,} of {table.rows:,} rows of {table.name} arrived; the aliases stay",
                do="repeat the export",
            )

    def _move(self, fresh: dict[str, str], served: dict[str, str]) -> None:
        from qdrant_client import models

        steps: list[models.AliasOperations] = []
        for table, name in fresh.items():
            alias = self._alias(table)
            if alias in served:
                gone = models.DeleteAlias(alias_name=alias)
                steps.append(models.DeleteAliasOperation(delete_alias=gone))
            new = models.CreateAlias(collection_name=name, alias_name=alias)
            steps.append(models.CreateAliasOperation(create_alias=new))
        self.client.update_collection_aliases(change_aliases_operations=steps)

    def _delete_others(self, kept: set[str]) -> None:
        for name in collections(self.client, self.prefix):
            if name not in kept:
                self.client.delete_collection(name)

    def _exported(self, table: NightTable, state: State, began: float) -> Exported:
        alias = self._alias(table.name)
        rows = self._count(alias)
        return Exported("qdrant", table.name, rows, rows, alias, state, time.monotonic() - began)


def collections(client: "QdrantClient", prefix: str) -> list[str]:
    """Names of all collections of vectors under the prefix, of finished exports or not."""
    names = [one.name for one in client.get_collections().collections]
    return sorted(name for name in names if name.startswith(tuple(f"{prefix}_{table}_" for table in VECTORS)))


def _payloads(batch: pa.RecordBatch) -> list[dict[str, object]]:
    kept = batch.drop_columns([name for name in LEFT_OUT if name in batch.schema.names])
    columns = [
        pc.cast(column, pa.string()) if pa.types.is_date(column.type) else column for column in kept.columns
    ]
    rows: list[dict[str, object]] = pa.RecordBatch.from_arrays(columns, names=kept.schema.names).to_pylist()
    return rows
