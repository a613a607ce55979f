"""Table "Generated shops" of RESULTS.md: the default model against the truth and on held-out pairs.

    python -m benchmarks.shops [--seeds 7 8 9 10 11]
    python -m benchmarks.shops --settings FILE [FILE ...]

Each shop is generated in memory, or is the newest dataset of a settings file, whose pictures and texts went
through the encoders. It is fitted twice, as the training stage does it: without held-out pairs and random
exposure, for the metrics on them, and on everything, for the comparison with the truth.
"""

import argparse
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import torch
from rich.console import Console

from causalrec.config import Settings, load_settings
from causalrec.config.source import SourceSettings
from causalrec.dataset.arrays import Floats, Interactions, Ints
from causalrec.dataset.load import newest_dataset
from causalrec.lab.oracle.generated import GeneratedShop, generated_shop
from causalrec.lab.oracle.truth import (
    IDEAL,
    POPULARITY,
    RANDOM,
    Scores,
    raw_scores,
    scores_of,
    shop_truth,
    truth_rows,
    with_exposure,
)
from causalrec.lake import Lake
from causalrec.metrics.debiased import exposed_per_user, exposed_scores
from causalrec.metrics.ranking import Score, rank_metrics
from causalrec.model.base import Recommender
from causalrec.training.factory import build_recommender
from causalrec.training.refit import refitted

CONSOLE = Console(soft_wrap=True, markup=False, highlight=False)
OURS, RAW = "ours", "raw"
LEFT_OUT = (RANDOM, POPULARITY)
Row = dict[str, float]


def main() -> None:
    """Measure every shop, print a table per question and its means."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--seeds", type=int, nargs="*", default=[7, 8, 9, 10, 11])
    parser.add_argument("--settings", type=Path, nargs="*", default=[])
    given = parser.parse_args()
    torch.set_num_threads(1)
    shops: list[tuple[int, Callable[[], GeneratedShop]]]
    if given.settings:
        shops = [(load_settings(file, {}).source.seed, partial(delivered, file)) for file in given.settings]
    else:
        shops = [(seed, partial(generated_shop, SourceSettings(seed=seed))) for seed in given.seeds]
    found: list[dict[str, Row]] = []
    for seed, shop in shops:
        found.append(measure(shop()))
        for name, row in found[-1].items():
            CONSOLE.print(f"| {seed} | {name} | {shown(row)} |")
    for name in found[0]:
        mean = {column: float(np.mean([shop[name][column] for shop in found])) for column in found[0][name]}
        CONSOLE.print(f"| mean | {name} | {shown(mean)} |")


def delivered(file: Path) -> GeneratedShop:
    """The newest dataset of a demo shop that was delivered, ingested and embedded, and its truth."""
    settings = load_settings(file, {})
    dataset = newest_dataset(settings, Lake(settings.lake_root, settings.lake))
    return GeneratedShop(
        dataset.data, shop_truth(settings.source, dataset.user_ids, dataset.item_ids, dataset.ds)
    )


def measure(shop: GeneratedShop) -> dict[str, Row]:
    """Row -> what one shop says of it."""
    settings = Settings()
    began = time.process_time()
    judged = build_recommender(settings)
    judged.fit(shop.data)
    served = refitted(settings, shop.data, judged, 1)
    spent = time.process_time() - began
    against = {OURS: scores_of(served), RAW: raw_of(served)}
    rows: dict[str, Row] = {
        row.model: {"if shown": row.factual, "content alone": row.do, "chosen anyway": row.logged}
        for row in truth_rows(shop.truth, shop.data, against)
        if row.model not in LEFT_OUT
    }
    rows[OURS] |= held_out(judged, shop.data) | {"CPU s": spent}
    rows[IDEAL] |= pairs_of("anyway", lambda users: shop.truth.logged(users).astype(np.float32), shop.data)
    return rows


def raw_of(model: Recommender) -> Scores:
    """The raw model that every causal one carries."""
    found = raw_scores(model)
    if found is None:
        raise ValueError("the model carries no raw model")
    return found


def held_out(model: Recommender, data: Interactions) -> Row:
    """Held-out pairs by response and by what will be chosen anyway, and random exposure by response."""
    tables = model.serving_tables()
    exposed: Callable[[Ints], Floats] = (
        model.score if tables is None else (with_exposure(model.score, tables.exposure) or model.score)
    )
    found: Row = {}
    for name, score in (("response", model.score), ("anyway", exposed)):
        found |= pairs_of(name, score, data)
    found["random AUC"] = float(exposed_per_user(exposed_scores(model.score, data), 5)["random_auc"].mean())
    return found


def pairs_of(name: str, score: Score, data: Interactions) -> Row:
    """Recall and NDCG of the held-out pairs."""
    metrics = rank_metrics(score, data, "test")
    return {f"{name} {metric}": metrics[metric] for metric in ("recall@20", "ndcg@20")}


def shown(row: Row) -> str:
    """``column value`` of every column."""
    return " | ".join(f"{column} {value:.4f}" for column, value in row.items())


if __name__ == "__main__":
    main()
