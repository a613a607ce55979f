"""Removes points from every collection of vectors that Qdrant still holds."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from causalrec.pipeline import VECTORS
from causalrec.scoring.export.erase_parquet import Named
from causalrec.scoring.export.night import KEYS
from causalrec.scoring.export.qdrant import collections

if TYPE_CHECKING:
    from qdrant_client import QdrantClient, models


def count_points(client: "QdrantClient", prefix: str, named: Named) -> int:
    """Number of points to delete, in all nights."""
    return sum(
        int(client.count(name, count_filter=where, exact=True).count)
        for name, where in _places(client, prefix, named)
    )


def erase_points(client: "QdrantClient", prefix: str, named: Named) -> None:
    """Deletes them; the server rewrites its files in the background."""
    for name, where in _places(client, prefix, named):
        client.delete(name, points_selector=where, wait=True)


def _places(client: "QdrantClient", prefix: str, named: Named) -> "Iterator[tuple[str, models.Filter]]":
    from qdrant_client import models

    for name in collections(client, prefix):
        key = next(KEYS[table] for table in VECTORS if name.startswith(f"{prefix}_{table}_"))
        if named.get(key):
            value = models.MatchAny(any=list(named[key]))
            yield name, models.Filter(must=[models.FieldCondition(key=key, match=value)])
