"""The front door in generated shops whose campaigns nobody logs: NDCG@20 of unseen items against true buying.

    python benchmarks/front_door.py [--shops 10] [--first-seed 111] [--campaigns 1.5]

True is the chance of a purchase once an item is shown, without any campaign. Rows: the response model that
the shop trains; the same model of purchases alone; the response model followed by the head of purchases
without and with the ways of being shown. One shop is one observation of the paired t-test.
"""

import argparse
import sys
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import numpy as np
import numpy.typing as npt
from rich.console import Console
from rich.progress import track
from rich.table import Table
from scipy.stats import ttest_rel

sys.path.insert(0, str(Path(__file__).parents[1]))

from causalrec.config import Settings
from causalrec.config.source import DemoSettings, SourceSettings
from causalrec.dataset.arrays import Floats, Interactions, Ints
from causalrec.lab.oracle.generated import generated_shop
from causalrec.lab.oracle.truth import truth_ndcg
from causalrec.model.causal.mediator import brand_groups, fit_mediator, row_logits
from causalrec.training.factory import build_recommender

T = TypeVar("T")
FRONT_DOOR = "front door"
CAMPAIGN_SHARE, CONVERSION = 0.25, 0.7  # share of days with a campaign; spread of what items sell by


def main() -> None:
    """Measure every shop, print means and tests."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shops", type=int, default=10)
    parser.add_argument("--first-seed", type=int, default=111)
    parser.add_argument("--campaigns", type=float, default=1.5)
    arguments = parser.parse_args()
    console = Console()
    seeds = range(arguments.first_seed, arguments.first_seed + arguments.shops)
    found: list[dict[str, float]] = []
    for seed in track(seeds, "shops", console=console):
        found.append(measure(seed, arguments.campaigns))
        console.print(
            f"shop {seed}: " + ", ".join(f"{name} {value:.4f}" for name, value in found[-1].items())
        )
    console.print(table({name: np.array([shop[name] for shop in found]) for name in found[0]}))


def measure(seed: int, campaigns: float) -> dict[str, float]:
    """Row -> NDCG of one shop."""
    knobs = DemoSettings(campaigns=campaigns, campaign_share=CAMPAIGN_SHARE, conversion=CONVERSION)
    shop = generated_shop(SourceSettings(seed=seed, demo=knobs))
    data, looks = shop.data, needed(shop.data.looks)
    users, items = tables(data)
    purchases = replace(looks, reached=looks.reached[-1:], depths=looks.depths[-1:])
    scores: dict[str, tuple[Floats, Floats]] = {
        "response": (users, items),
        "purchases alone": tables(replace(data, looks=purchases)),
    }
    logits, groups = row_logits(looks, users, items), brand_groups(data)
    for name, strata in (("without it", False), (FRONT_DOOR, True)):
        head = needed(fit_mediator(looks, logits, groups, data.n_items, strata))
        scores[name] = head.tables(users, items)
    everyone: Ints = np.arange(data.n_users, dtype=np.int32)

    def ndcg(left: Floats, right: Floats) -> float:
        return float(
            truth_ndcg(lambda block: left[block] @ right.T, shop.truth.buying, data, everyone).mean()
        )

    return {name: ndcg(*pair) for name, pair in scores.items()}


def tables(data: Interactions) -> tuple[Floats, Floats]:
    """Users and items whose product is the logit of a response, as the shop trains it by default."""
    model = build_recommender(Settings())
    model.fit(data)
    found = needed(model.serving_tables())
    return found.users, found.items


def needed(value: T | None) -> T:
    """What a generated shop always has."""
    if value is None:
        raise ValueError("the shop logged no looks, or the model has no tables")
    return value


def table(rows: dict[str, npt.NDArray[np.float64]]) -> Table:
    """Means, and each row against the front door."""
    printed = Table(title="NDCG@20 against true buying, without campaigns", title_justify="left")
    for name in ("row", "mean", "worse than the front door in", "p"):
        printed.add_column(name, justify="left" if name == "row" else "right")
    ours = rows[FRONT_DOOR]
    for name, values in rows.items():
        beaten, p_value = f"{(values < ours).sum()} of {ours.size}", f"{ttest_rel(ours, values).pvalue:.4f}"
        printed.add_row(
            name, f"{values.mean():.4f}", *(("", "") if name == FRONT_DOOR else (beaten, p_value))
        )
    return printed


if __name__ == "__main__":
    main()
