"""Table "Unseen brands" of RESULTS.md.

.venv/bin/python -m benchmarks.unseen BUNDLE --attribute department_name [--models content_ease] [--seeds 7 8]

BUNDLE: a folder with item_attributes.json (attribute -> list by item) beside its arrays.
"""

import argparse
import json
from pathlib import Path

import torch
from rich.console import Console

from causalrec.config import load_settings
from causalrec.dataset.bundle import load_bundle
from causalrec.lab.benchmark.unseen import METRICS, unseen_items, unseen_rows, without_items
from causalrec.training.factory import build_recommender

CONSOLE = Console(soft_wrap=True, markup=False, highlight=False)
SHARE = 0.2  # of the catalogue that is held out


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("bundle", type=Path)
    parser.add_argument("--attribute", required=True)
    parser.add_argument("--models", nargs="*", default=["content_ease"])
    parser.add_argument("--seeds", type=int, nargs="*", default=[7, 8, 9])
    given = parser.parse_args()
    torch.set_num_threads(1)
    data = load_bundle(given.bundle)
    labels = json.loads((given.bundle / "item_attributes.json").read_text(encoding="utf-8"))[given.attribute]
    settings = load_settings(None, {}, tuned=False)
    CONSOLE.print(f"| seed | held out: {given.attribute} | row | {' | '.join(METRICS)} |")
    CONSOLE.print("|---" * (3 + len(METRICS)) + "|")
    for seed in given.seeds:
        unseen = unseen_items(tuple(labels), SHARE, seed)
        left = without_items(data, unseen)
        scores = {}
        for name in given.models:
            model = settings.model.model_copy(update={"name": name})
            recommender = build_recommender(settings.model_copy(update={"model": model}))
            recommender.fit(left)
            scores[name] = recommender.score
        for row in unseen_rows(scores, left, unseen, seed):
            cells = " | ".join(f"{row.metrics[metric]:.4f}" for metric in METRICS)
            CONSOLE.print(f"| {seed} | {int(unseen.sum())} items | {row.name} | {cells} |")


if __name__ == "__main__":
    main()
