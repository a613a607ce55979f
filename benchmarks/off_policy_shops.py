"""Table "Off-policy value against a truth" of RESULTS.md: lists that nobody saw, valued from random exposure.

    python -m benchmarks.off_policy_shops [--seeds 401 402 403 404 405]

Shops are generated in memory. The log of random exposure values the first five rows of lists that no shop
showed: those of the model that ships, EASE, popularity and chance. The truth is what the shop's own mechanism
says of the same rows, shown at the places and as often as the random looks were. Each row of the table is one
shop; a value is right where its interval of 95 % holds the truth.
"""

import argparse
from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt
import torch
from rich.console import Console

from causalrec.config import Settings
from causalrec.config.source import SourceSettings
from causalrec.dataset.arrays import Floats, Interactions, Ints, Looks
from causalrec.lab.oracle.generated import GeneratedShop, generated_shop
from causalrec.metrics.bootstrap import interval
from causalrec.metrics.logged import ExposedLists, exposed_lists, uniform_list_value, uniform_policy_value
from causalrec.registry.gate.scores import baselines
from causalrec.sources.demo.behaviour import ACCIDENT_SHARE
from causalrec.training.factory import build_recommender

CONSOLE = Console(soft_wrap=True, markup=False, highlight=False)
K = 5
UNWANTED = ACCIDENT_SHARE / 4  # share of the wanted responses that the generator drops

Doubles = npt.NDArray[np.float64]
Score = Callable[[Ints], Floats]


def main() -> None:
    """One row per shop and policy, then how often each estimator was right."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--seeds", type=int, nargs="*", default=[401, 402, 403, 404, 405])
    given = parser.parse_args()
    torch.set_num_threads(1)
    CONSOLE.print("| shop | lists | truth | SNIPS (95 %) | DR (95 %) | effective looks | mean weight |")
    CONSOLE.print("|---" * 7 + "|")
    right: list[tuple[bool, bool]] = []
    for seed in given.seeds:
        shop = generated_shop(SourceSettings(seed=seed))
        for name, score in policies(shop.data, seed).items():
            cells, held = judged(shop, score)
            right.append(held)
            CONSOLE.print(f"| {seed} | {name} | {' | '.join(cells)} |")
    snips, robust = np.array(right).sum(axis=0)
    CONSOLE.print(
        f"intervals that hold the truth: SNIPS {snips} of {len(right)}, DR {robust} of {len(right)}"
    )


def policies(data: Interactions, seed: int) -> Mapping[str, Score]:
    """What orders the items: models fitted without the random exposure, and no model at all."""
    ours = build_recommender(Settings())
    ours.fit(data)
    chance = np.random.default_rng(seed).random((data.n_users, data.n_items), np.float32)
    return {"causal": ours.score, **baselines(Settings(), data), "chance": lambda users: chance[users]}


def judged(shop: GeneratedShop, score: Score) -> tuple[tuple[str, ...], tuple[bool, bool]]:
    """Cells of a row, and whether each interval holds its truth."""
    listed = exposed_lists(score, shop.data, K)
    if listed is None:
        raise ValueError("the shop showed nothing at random")
    by_round, by_user = truths(shop, listed)
    value = uniform_policy_value(listed)[f"snips_liked@{K}"]
    robust = interval(uniform_list_value(listed, shop.data)[f"dr_liked@{K}"])
    cells = (
        f"{by_round:.3f}", f"{value.estimate:.3f} ({value.low:.3f} to {value.high:.3f})",
        f"{robust.value:.3f} ({robust.low:.3f} to {robust.high:.3f})",
        f"{value.effective:,.0f}", f"{value.mean_weight:.2f}",
    )  # fmt: skip
    return cells, (value.low <= by_round <= value.high, robust.low <= by_user <= robust.high)


def truths(shop: GeneratedShop, listed: ExposedLists) -> tuple[float, float]:
    """Mean chance that a listed item is responded to: users weighted as the log has them, and alike."""
    if shop.data.looks is None:
        raise ValueError("the shop logged no looks")
    attention, shares = random_looks(shop.data.looks, shop.truth.world.knobs.position_decay)
    chances = shop.truth.factual(listed.users)
    wanted = attention * chances * (1 - UNWANTED)
    once = wanted + (1 - wanted) * ACCIDENT_SHARE
    outcome = 1 - sum(share * (1 - once) ** n for n, share in enumerate(shares))
    means = np.take_along_axis(outcome, listed.lists.astype(np.int64), axis=1).mean(axis=1)
    rounds = np.bincount(np.searchsorted(listed.users, listed.log[0].astype(np.int64)), minlength=means.size)
    return float(np.average(means, weights=rounds)), float(means.mean())


def random_looks(looks: Looks, decay: float) -> tuple[float, Doubles]:
    """Mean share of attention of a random look; share of the pairs that chance showed n times, from n = 0."""
    uniform = np.asarray(looks.uniform)[looks.strata]
    places = np.asarray(looks.position)[looks.strata][uniform]
    attention = np.average(places**-decay, weights=looks.count[uniform])
    pairs = np.stack([looks.users[uniform], looks.items[uniform]])
    _, owner = np.unique(pairs, axis=1, return_inverse=True)
    times = np.bincount(owner.ravel(), looks.count[uniform])
    return float(attention), np.asarray(np.bincount(times.astype(np.int64)) / times.size)


if __name__ == "__main__":
    main()
