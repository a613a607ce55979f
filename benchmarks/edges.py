"""Accidents that a generated shop planted, found by the evidence of the response model: AUC over edges.

    python benchmarks/edges.py SETTINGS_FILE

The shop has had its nightly run (files of its truth and a dataset). An edge is a user and an item with a
response among the looks that the model learnt from; it is accidental if nobody meant any of its events. AUC:
the chance that an accidental edge has less evidence than another.
"""

import argparse
import os
import sys
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
from rich.console import Console

sys.path.insert(0, str(Path(__file__).parents[1]))

from causalrec.config import Settings, load_settings
from causalrec.dataset.arrays import Ints
from causalrec.dataset.behaviour import RESPONSES
from causalrec.dataset.load import Dataset, newest_dataset
from causalrec.lab.studies.known_truth import labelled_auc
from causalrec.model.causal.response.recommender import ResponseRecommender
from causalrec.run import open_lake
from causalrec.training.factory import build_recommender


def main() -> None:
    """Fit the model of the shop, compare its evidence with what was planted."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("settings", type=Path)
    settings = load_settings(parser.parse_args().settings, os.environ)
    dataset = newest_dataset(settings, open_lake(settings), None)
    pairs, accidental = planted(settings, dataset)
    model = build_recommender(settings)
    model.fit(dataset.data)
    engine = getattr(model, "engine", None)
    if not isinstance(engine, ResponseRecommender):
        sys.exit("the dataset has no looks: build it with the present code")
    chance = engine.edge_preference(pairs)
    known = ~np.isnan(chance)
    auc = labelled_auc(chance[known].astype(np.float64), accidental[known])
    Console().print(
        f"{known.sum():,} edges, {accidental[known].sum():,} accidental: AUC {auc:.3f}; "
        f"P(preference) {chance[known & ~accidental].mean():.3f} of meant, "
        f"{chance[known & accidental].mean():.3f} of accidental ones"
    )


def planted(settings: Settings, dataset: Dataset) -> tuple[Ints, npt.NDArray[np.bool_]]:
    """Pairs (2, n) with a response, and whether all their events were accidents."""
    events = (
        open_lake(settings)
        .table("events")
        .read(columns=["event_id", "event_type", "user_id", "item_id"])
        .to_pandas()
    )
    events = events[events["event_type"].isin(RESPONSES)]
    files = sorted((settings.truth_root / "accidents").glob("*.parquet"))
    ids = pd.concat([pd.read_parquet(file) for file in files])["event_id"]
    events = events.assign(accident=events["event_id"].isin(ids))
    edges = events.groupby(["user_id", "item_id"], as_index=False)["accident"].all()
    users, items = (
        pd.Index(known.astype(str)).get_indexer(edges[name])
        for known, name in ((dataset.user_ids, "user_id"), (dataset.item_ids, "item_id"))
    )
    known = (users >= 0) & (items >= 0)
    return np.stack([users, items])[:, known].astype(np.int32), edges["accident"].to_numpy()[known]


if __name__ == "__main__":
    main()
