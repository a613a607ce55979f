"""The tables ``item_vectors`` and ``user_vectors`` of a night, for databases that search by vectors."""

import datetime as dt
from collections.abc import Mapping

import numpy as np
import pyarrow as pa

from causalrec.config import Settings
from causalrec.dataset.arrays import Floats
from causalrec.dataset.load import Dataset
from causalrec.lake import Lake
from causalrec.lake.outcome import Written
from causalrec.pipeline import VECTORS
from causalrec.ranking.catalogue import Catalogue
from causalrec.ranking.histories import Histories, from_pairs
from causalrec.ranking.ranked import Fallback
from causalrec.ranking.vectors import ItemVectors, UserVectors, item_vectors, user_vectors
from causalrec.registry.package import ModelPackage
from causalrec.scoring.night_caps import balanced

NIGHT_COLUMN = "ds"


def vectors_input(settings: Settings) -> dict[str, str]:
    """For fingerprints; nothing where no vectors are asked for."""
    return {"vectors": "1"} if settings.export.vectors else {}


def store_vectors(
    settings: Settings,
    lake: Lake,
    package: ModelPackage,
    catalogue: Catalogue,
    dataset: Dataset,
    version: str,
    ds: dt.date,
) -> tuple[Written, ...]:
    """Replaces the partitions of both tables, from ``version`` and its catalogue of the night.

    They are empty if the model scores without vectors.

    Raises:
        ScoringError: a state is not finite.
    """
    schemas = [_written_schema(lake, name) for name in VECTORS]
    tables = [schema.empty_table() for schema in schemas]
    if package.factorised:
        whole = balanced(package, catalogue, dataset, settings.scoring, lake, ds)
        origin = {"model_version": version, "dataset_id": dataset.dataset_id}
        engine = package.engine(settings.scoring, whole)
        rows, histories = package.rows_of(dataset.user_ids), _histories(dataset, whole)
        blocks = user_vectors(engine, rows, histories, settings.scoring.user_block)
        users = [_user_rows(block, dataset, origin, schemas[1]) for block in blocks]
        items = _item_rows(item_vectors(whole), whole, origin, schemas[0])
        tables = [items, pa.Table.from_batches(users, schemas[1])]
    partition = {NIGHT_COLUMN: ds.isoformat()}
    return tuple(
        lake.table(name).replace(table, partition, allow_empty=True)
        for name, table in zip(VECTORS, tables, strict=True)
    )


def _histories(dataset: Dataset, catalogue: Catalogue) -> Histories:
    """What everybody has, as positions in the catalogue; without the items that are not in it."""
    places = np.searchsorted(catalogue.item_ids, dataset.item_ids)
    places = np.minimum(places, max(catalogue.size - 1, 0))
    known = catalogue.item_ids[places] == dataset.item_ids if catalogue.size else np.zeros(places.size, bool)
    users, items = dataset.seen
    return from_pairs(users, np.where(known, places, -1)[items], dataset.user_ids.size)


def _written_schema(lake: Lake, name: str) -> pa.Schema:
    return pa.schema(
        [field for field in lake.table(name).contract.arrow_schema if field.name != NIGHT_COLUMN]
    )


def _item_rows(
    found: ItemVectors, catalogue: Catalogue, origin: Mapping[str, str], schema: pa.Schema
) -> pa.Table:
    size = found.places.size
    columns = {
        "item_id": pa.array(catalogue.item_ids[found.places], pa.string()),
        "log_factor": pa.array(found.log_factor, pa.float64()),
        "ordered_by": pa.repeat(found.ordered_by, size),
        **_vector_columns(found.vectors, origin),
    }
    return pa.Table.from_arrays([columns[name] for name in schema.names], schema=schema)


def _user_rows(
    found: UserVectors, dataset: Dataset, origin: Mapping[str, str], schema: pa.Schema
) -> pa.RecordBatch:
    label = pa.repeat(Fallback.FOLD_IN.value, found.places.size)
    columns = {
        "user_id": pa.array(dataset.user_ids[found.places], pa.string()),
        "fallback": pa.array(label.to_pylist(), pa.string(), mask=~found.folded),
        **_vector_columns(found.vectors, origin),
    }
    return pa.RecordBatch.from_arrays([columns[name] for name in schema.names], schema=schema)


def _vector_columns(vectors: Floats, origin: Mapping[str, str]) -> dict[str, pa.Array]:
    count, width = vectors.shape
    offsets = pa.array(np.arange(count + 1, dtype=np.int32) * width)
    values = pa.array(np.ascontiguousarray(vectors).reshape(-1), pa.float32())
    lists = pa.ListArray.from_arrays(offsets, values)
    return {
        "vector": lists,
        "dim": pa.repeat(pa.scalar(width, pa.int32()), count),
        **{name: pa.repeat(value, count) for name, value in origin.items()},
    }
