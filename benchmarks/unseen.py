"""Tables "Unseen brands" of RESULTS.md.

.venv/bin/python -m benchmarks.unseen BUNDLE --attribute department_name [--models content_ease] [--seeds 7 8]
.venv/bin/python -m benchmarks.unseen --shops 201 202 203 --attribute brand

BUNDLE: a folder with item_attributes.json (attribute -> list by item) beside its arrays; held-out pairs are
ranked. Shops are generated in memory; unseen items are ranked against the true chances of a choice.
"""

import argparse
import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from rich.console import Console

from causalrec.config import Settings, load_settings
from causalrec.config.source import SourceSettings
from causalrec.dataset.arrays import Interactions, Ints
from causalrec.dataset.bundle import load_bundle
from causalrec.lab.benchmark.unseen import (
    METRICS,
    Bools,
    content_score,
    only,
    random_score,
    unseen_items,
    unseen_rows,
    without_items,
)
from causalrec.lab.oracle.generated import generated_shop
from causalrec.lab.oracle.truth import Score, Scores, ShopTruth, scores_of, truth_ndcg
from causalrec.training.factory import build_recommender
from causalrec.training.worth import with_response

CONSOLE = Console(soft_wrap=True, markup=False, highlight=False)
SHARE = 0.2  # of the catalogue that is held out
K = 10  # length of a list: a fifth of a catalogue of 240 are 48 items
SWITCHES = {"ours": {}, "without content": {"content": False}, "without codes": {"codes": False}}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("bundle", type=Path, nargs="?")
    parser.add_argument("--attribute", required=True)
    parser.add_argument("--models", nargs="*", default=["content_ease"])
    parser.add_argument("--seeds", type=int, nargs="*", default=[7, 8, 9])
    parser.add_argument("--shops", type=int, nargs="*", default=[])
    given = parser.parse_args()
    torch.set_num_threads(1)
    if given.bundle is not None:
        of_bundle(given.bundle, given.attribute, given.models, given.seeds)
    for seed in given.shops:
        of_shop(seed, given.attribute)


def of_bundle(bundle: Path, attribute: str, models: list[str], seeds: list[int]) -> None:
    """Pairs of unseen items, ranked among each other."""
    data = load_bundle(bundle)
    labels = json.loads((bundle / "item_attributes.json").read_text(encoding="utf-8"))[attribute]
    settings = load_settings(None, {}, tuned=False)
    CONSOLE.print(f"| seed | held out: {attribute} | row | {' | '.join(METRICS)} |")
    CONSOLE.print("|---" * (3 + len(METRICS)) + "|")
    for seed in seeds:
        unseen = unseen_items(tuple(labels), SHARE, seed)
        left = without_items(data, unseen)
        scores = {}
        for name in models:
            model = settings.model.model_copy(update={"name": name})
            recommender = build_recommender(settings.model_copy(update={"model": model}))
            recommender.fit(left)
            scores[name] = recommender.score
        for row in unseen_rows(scores, left, unseen, seed):
            cells = " | ".join(f"{row.metrics[metric]:.4f}" for metric in METRICS)
            CONSOLE.print(f"| {seed} | {int(unseen.sum())} items | {row.name} | {cells} |")


def of_shop(seed: int, attribute: str) -> None:
    """Unseen items of one shop against the truth, with and without content and codes."""
    shop = generated_shop(SourceSettings(seed=seed))
    unseen = unseen_items(shop.data.item_attributes[attribute], SHARE, seed)
    left = without_items(shop.data, unseen)
    ways = {name: Scores(score, score) for name, score in floors(left, seed).items()}
    for name, switch in SWITCHES.items():
        recommender = build_recommender(with_response(Settings(), **switch))
        recommender.fit(left)
        ways[name] = scores_of(recommender)
    ways["told everything"] = Scores(shop.truth.factual, shop.truth.do)
    for name, values in against_truth(ways, shop.truth, left, unseen).items():
        cells = " | ".join(f"{value:.3f}" for value in values)
        CONSOLE.print(f"| {seed} | {int(unseen.sum())} items | {name} | {cells} |")


def floors(data: Interactions, seed: int) -> Mapping[str, Score]:
    """What content or chance alone can do."""
    return {"random": random_score(data, seed), "content_knn": content_score(data)}


def against_truth(
    ways: Mapping[str, Scores], truth: ShopTruth, data: Interactions, unseen: Bools
) -> dict[str, tuple[float, float]]:
    """Row -> NDCG of the unseen items among each other: if shown, content alone."""
    everyone: Ints = np.arange(data.n_users, dtype=np.int32)
    untouched = Interactions(data.n_users, data.n_items, *(data.test[:, :0],) * 3)

    def ndcg(score: Score, chances: Score) -> float:
        gains = lambda users: np.where(unseen, chances(users), 0.0)  # noqa: E731
        return float(truth_ndcg(only(score, unseen), gains, untouched, everyone, K).mean())

    return {
        name: (ndcg(scores.factual, truth.factual), ndcg(scores.do, truth.do))
        for name, scores in ways.items()
    }


if __name__ == "__main__":
    main()
