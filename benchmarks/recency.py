"""Table "Recency" of RESULTS.md: old looks count less, where demand drifts and where it stays.

    python -m benchmarks.recency [--seeds 411 412 413] [--drifts 0 1] [--half-lives 0 30 14 7]

NDCG@20 of unseen items against the true chance of a response now, the model as it ships but for the half-life
of a look. Shops are generated in memory; one shop is one observation of the paired interval.
"""

import argparse
from itertools import product

import numpy as np
import torch
from rich.console import Console
from rich.progress import track

from causalrec.config import Settings
from causalrec.config.source import DemoSettings, SourceSettings
from causalrec.dataset.arrays import Ints
from causalrec.lab.oracle.generated import GeneratedShop, generated_shop
from causalrec.lab.oracle.truth import truth_ndcg
from causalrec.training.factory import build_recommender
from causalrec.training.worth import with_response

CONSOLE = Console(soft_wrap=True, markup=False, highlight=False)


def main() -> None:
    """One row per drift and half-life: mean over shops, and the difference from no half-life."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--seeds", type=int, nargs="*", default=[411, 412, 413])
    parser.add_argument("--drifts", type=float, nargs="*", default=[0.0, 1.0])
    parser.add_argument("--half-lives", type=float, nargs="*", default=[0.0, 30.0, 14.0, 7.0])
    given = parser.parse_args()
    torch.set_num_threads(1)
    found: dict[tuple[float, float], list[float]] = {
        cell: [] for cell in product(given.drifts, given.half_lives)
    }
    for seed, drift in track(list(product(given.seeds, given.drifts)), "shops", console=CONSOLE):
        shop = generated_shop(SourceSettings(seed=seed, demo=DemoSettings(demand_drift=drift)))
        for half_life in given.half_lives:
            found[drift, half_life].append(now(shop, half_life))
            CONSOLE.print(f"shop {seed}, drift {drift}, {half_life} days: {found[drift, half_life][-1]:.4f}")
    CONSOLE.print("| drift | half-life | NDCG@20 now | against the first |")
    CONSOLE.print("|---" * 4 + "|")
    for (drift, half_life), values in found.items():
        difference = np.array(values) - np.array(found[drift, given.half_lives[0]])
        error = 1.96 * difference.std(ddof=1) / np.sqrt(difference.size) if difference.size > 1 else np.nan
        CONSOLE.print(
            f"| {drift} | {half_life} | {np.mean(values):.4f} | {difference.mean():+.4f} (±{error:.4f}) |"
        )


def now(shop: GeneratedShop, half_life: float) -> float:
    """NDCG@20 against the chances of the last day."""
    model = build_recommender(with_response(Settings(), half_life=half_life))
    model.fit(shop.data)
    everyone: Ints = np.arange(shop.data.n_users, dtype=np.int32)
    return float(truth_ndcg(model.score, shop.truth.factual, shop.data, everyone).mean())


if __name__ == "__main__":
    main()
