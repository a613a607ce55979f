"""Lists without a user: items similar to an item, and popular items."""

import datetime as dt

import numpy as np
import pandas as pd
import pyarrow as pa

from causalrec.config import Settings
from causalrec.dataset.load import Dataset, load_dataset
from causalrec.dataset.ties import keys_of
from causalrec.errors import ScoringError
from causalrec.lake import Lake, Ledger
from causalrec.lake.outcome import Outcome, Written
from causalrec.ranking.catalogue import Catalogue
from causalrec.ranking.engine import BLOCK_MIB
from causalrec.ranking.rules import allowed
from causalrec.registry.champion.alias import needed_champion
from causalrec.registry.versions import opened
from causalrec.scoring.item_neighbours import item_neighbours
from causalrec.scoring.popular import popular_lists
from causalrec.scoring.tonight import tonight
from causalrec.scoring.vectors import store_vectors

SIMILAR, POPULAR = "similar_items", "popular_items"


def item_lists(settings: Settings, lake: Lake, ledger: Ledger, ds: dt.date) -> Outcome:
    """Replaces the partitions of ``similar_items`` and ``popular_items``, and those of the vectors if asked.

    A champion without item states (EASE, popularity) has no similar items and no vectors: the partitions are
    empty, and the note says so.

    Raises:
        RegistryError: there is no champion. DatasetError: there is no dataset of ``ds``.
        ScoringError: a state is not finite.
    """
    dataset = load_dataset(settings, lake, ds)
    champion = needed_champion(settings, lake)
    with opened(champion) as package:
        catalogue = tonight(package, dataset, settings.scoring, lake, ds)
        similar = _similar(catalogue, settings, champion.version)
        has_states = package.factorised
        vectors: tuple[Written, ...] = ()
        if settings.export.vectors:
            vectors = store_vectors(settings, lake, package, catalogue, dataset, champion.version, ds)
    popular = _popular(dataset, settings, ds)
    origin = {"dataset_id": dataset.dataset_id}
    partition = {"ds": ds.isoformat()}
    writes = (
        lake.table(SIMILAR).replace(_with(similar, origin), partition, allow_empty=True),
        lake.table(POPULAR).replace(_with(popular, origin), partition, allow_empty=True),
        *vectors,
    )
    served = len(np.unique(similar["item_id"].to_numpy(zero_copy_only=False)))
    return Outcome(
        rows_in=dataset.item_ids.size,
        rows_out=sum(written.rows for written in writes),
        reads=dataset.pins,
        writes=writes,
        counters={"items_with_neighbours": float(served)},
        note="" if has_states else f"champion version {champion.version} has no item states",
    )


def _similar(catalogue: Catalogue, settings: Settings, version: str) -> pa.Table:
    states = catalogue.states
    if states is None:
        states = np.zeros((catalogue.size, 1), dtype=np.float32)
    if not np.isfinite(states).all():
        raise ScoringError(f"version {version} has item states that are not finite", do="train another model")
    scoring = settings.scoring
    found = list(item_neighbours(states, keys_of(catalogue.item_ids), scoring.similar_items, BLOCK_MIB))
    rows, columns, ranks, scores = (
        np.concatenate([np.empty(0, dtype=kind), *(getattr(top, name) for top in found)])
        for name, kind in (("rows", int), ("columns", int), ("ranks", int), ("scores", np.float32))
    )
    return pa.table(
        {
            "item_id": pa.array(catalogue.item_ids[rows], pa.string()),
            "rank": pa.array(ranks, pa.int32()),
            "similar_item_id": pa.array(catalogue.item_ids[columns], pa.string()),
            "score": pa.array(scores, pa.float64()),
            "model_version": pa.array([version] * rows.size, pa.string()),
        }
    )


def _popular(dataset: Dataset, settings: Settings, ds: dt.date) -> pa.Table:
    users = np.bincount(dataset.seen[1], minlength=dataset.item_ids.size)
    items = pd.DataFrame(
        {"item_id": dataset.item_ids, "category": dataset.items["category"].to_numpy(), "users": users}
    )
    may = allowed(dataset.items, settings.scoring, ds)
    lists = popular_lists(items[may], settings.scoring.popular_items)
    kinds = {"category": pa.string(), "rank": pa.int32(), "item_id": pa.string(), "users": pa.int64()}
    return pa.table({name: pa.array(lists[name], kind) for name, kind in kinds.items()})


def _with(rows: pa.Table, constants: dict[str, str]) -> pa.Table:
    for name, value in constants.items():
        rows = rows.append_column(name, pa.array([value] * rows.num_rows, pa.string()))
    return rows
