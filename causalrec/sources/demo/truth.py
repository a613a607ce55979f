"""The causal truth of a generated shop, in a folder that the pipeline never reads.

``shop.json`` settings · ``items.parquet`` merit and confounder · ``users.parquet`` taste ·
``accidents/`` ids of accidental events · ``propensity.npy`` and ``effect.npy`` (users, items) ·
``planted.json`` rejects per arrival date, table and reason · ``deliveries.json`` lines per arrival date.
"""

import io
import json
import posixpath
from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from causalrec.sources.demo import names
from causalrec.sources.demo.mechanism import do_effect, propensities
from causalrec.sources.demo.vocabulary import BRANDS, CATEGORIES
from causalrec.sources.demo.world import Floats, World
from causalrec.sources.files import put

MATRIX_CELLS = 4_000_000
"""Largest users x items matrix that is written out; larger shops recompute it from the factors."""


def put_truth(world: World, root: str) -> None:
    """Write what does not depend on events: settings, items, users and (small shops) both matrices."""
    put(posixpath.join(root, "shop.json"), world.source.model_dump_json(indent=2, exclude={"raw"}).encode())
    _put_table(posixpath.join(root, "items.parquet"), _items(world))
    _put_table(posixpath.join(root, "users.parquet"), _users(world))
    if world.source.users * world.source.items <= MATRIX_CELLS:
        everyone = np.arange(world.source.users)
        biased = propensities(world, everyone, world.source.days - 1, np.zeros(len(everyone), np.bool_))
        effect = do_effect(world, everyone[:, None], np.arange(world.source.items)[None, :])
        _put_array(posixpath.join(root, "propensity.npy"), biased)
        _put_array(posixpath.join(root, "effect.npy"), effect)


def put_counts(root: str, name: str, counts: Mapping[str, Any]) -> None:
    """Write ``planted.json`` or ``deliveries.json``."""
    put(posixpath.join(root, name), json.dumps(counts, indent=1, sort_keys=True).encode())


def _items(world: World) -> pa.Table:
    items, confounder = world.items, world.confounder
    return pa.table(
        {
            "item_id": names.item_ids(np.arange(world.source.items)),
            "category": pa.array([CATEGORIES[c].path for c in items.category]),
            "brand": pa.array([BRANDS[b].name for b in items.brand]),
            "merit": _vectors(items.merit),
            "log_pop": items.log_pop,
            "demand": confounder.demand[items.category, items.brand],
            "promotion": confounder.promotion[items.category, items.brand],
            "launch_day": items.launch_day,
        }
    )


def _users(world: World) -> pa.Table:
    users = world.users
    return pa.table(
        {
            "user_id": names.user_ids(np.arange(world.source.users)),
            "taste": _vectors(users.taste),
            "sensitivity": users.sensitivity,
            "activity": users.activity,
            "join_day": users.join_day,
        }
    )


def _vectors(values: Floats) -> pa.Array:
    return pa.FixedSizeListArray.from_arrays(pa.array(values.ravel()), values.shape[1])


def _put_table(path: str, table: pa.Table) -> None:
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink)
    put(path, sink.getvalue().to_pybytes())


def _put_array(path: str, values: Floats) -> None:
    buffer = io.BytesIO()
    np.save(buffer, values.astype(np.float32), allow_pickle=False)
    put(path, buffer.getvalue())
