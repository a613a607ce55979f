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
from causalrec.ranking.item_rules import Texts
from causalrec.ranking.markets import Markets, where_sold
from causalrec.registry.champion.alias import needed_champion
from causalrec.registry.versions import opened
from causalrec.scoring.item_neighbours import item_neighbours
from causalrec.scoring.market_findings import refuse_unsold
from causalrec.scoring.markets import markets_of
from causalrec.scoring.night import Night
from causalrec.scoring.offered import offered
from causalrec.scoring.popular import popular_lists, sold_lists
from causalrec.scoring.tonight import tonight
from causalrec.scoring.vectors import store_vectors

SIMILAR, POPULAR = "similar_items", "popular_items"


def item_lists(settings: Settings, lake: Lake, ledger: Ledger, ds: dt.date) -> Outcome:
    """Replaces the partitions of ``similar_items`` and ``popular_items``, and those of the vectors if asked.

    A champion without item states (EASE, popularity) has no similar items and no vectors: the partitions are
    empty, and the note says so.

    Raises:
        RegistryError: there is no champion. DatasetError: there is no dataset of ``ds``.
        ScoringError: a state is not finite, or a row holds what its market does not sell.
    """
    dataset = load_dataset(settings, lake, ds)
    champion = needed_champion(settings, lake)
    markets = markets_of(settings.scoring, dataset, lake, ds)
    with opened(champion) as package:
        night = Night(package, dataset, lake, ds)
        catalogue = tonight(night, settings.scoring)
        similar = _similar(catalogue, settings, champion.version, dataset.item_ids, markets)
        has_states = package.factorised
        vectors: tuple[Written, ...] = ()
        if settings.export.vectors:
            vectors = store_vectors(settings, night, catalogue, champion.version)
    popular = _popular(dataset, settings, lake, ds, markets)
    if markets is not None:
        _only_sold(markets, dataset.item_ids, similar, popular)
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


def _similar(
    catalogue: Catalogue, settings: Settings, version: str, item_ids: Texts, markets: Markets | None
) -> pa.Table:
    """Where markets count, an item has a full list in every market that sells it, and rows say where."""
    states = catalogue.states
    if states is None:
        states = np.zeros((catalogue.size, 1), dtype=np.float32)
    if not np.isfinite(states).all():
        raise ScoringError(f"version {version} has item states that are not finite", do="train another model")
    scoring = settings.scoring
    keys, most = keys_of(catalogue.item_ids), scoring.similar_items
    sold, told = None, np.full(catalogue.size, None, dtype=object)
    if markets is not None:
        sold = markets.sold.take(pd.Index(item_ids).get_indexer(pd.Index(catalogue.item_ids)), axis=1)
        told = where_sold(markets.names, sold)
    found = list(item_neighbours(states, keys, most, BLOCK_MIB, sold))
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
            "markets": pa.array(told[columns], pa.string()),
            "model_version": pa.array([version] * rows.size, pa.string()),
        }
    )


def _popular(
    dataset: Dataset, settings: Settings, lake: Lake, ds: dt.date, markets: Markets | None
) -> pa.Table:
    """Where markets count, every market has its best ``popular_items`` in a list, and rows say where."""
    users = np.bincount(dataset.seen[1], minlength=dataset.item_ids.size)
    items = pd.DataFrame(
        {"item_id": dataset.item_ids, "category": dataset.items["category"].to_numpy(), "users": users}
    )
    may, most = offered(dataset, settings.scoring, lake, ds), settings.scoring.popular_items
    if markets is None:
        lists = popular_lists(items[may], most).assign(markets=None)
    else:
        sold = {name: there[may] for name, there in zip(markets.names, markets.sold, strict=True)}
        lists = sold_lists(items[may], most, sold)
    kinds = {"category": pa.string(), "rank": pa.int32(), "item_id": pa.string(), "users": pa.int64()}
    kinds["markets"] = pa.string()
    return pa.table({name: pa.array(lists[name], kind) for name, kind in kinds.items()})


def _only_sold(markets: Markets, item_ids: Texts, similar: pa.Table, popular: pa.Table) -> None:
    """Compares the rows with the shop's own offers before they are written.

    Raises:
        ScoringError: a row names a market that does not sell its item.
    """
    numbers = pd.Index(item_ids)
    for name, rows, item in ((SIMILAR, similar, "similar_item_id"), (POPULAR, popular, "item_id")):
        places = numbers.get_indexer(rows[item].to_pandas())
        refuse_unsold(name, markets.unsold(places, rows["markets"].to_pandas().to_numpy(dtype=object)))


def _with(rows: pa.Table, constants: dict[str, str]) -> pa.Table:
    for name, value in constants.items():
        rows = rows.append_column(name, pa.array([value] * rows.num_rows, pa.string()))
    return rows
