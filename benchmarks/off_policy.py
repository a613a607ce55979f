"""Table "Off-policy value" of RESULTS.md: what chance would earn, from the log of a policy that learns.

    PYTHONPATH=FOLDER python -m benchmarks.off_policy FOLDER/obp/dataset/obd

FOLDER holds the package obp 0.4.1, unpacked: its wheel carries 10,000 real rows of every campaign of the Open
Bandit Dataset, of a Bernoulli Thompson sampler and of uniform choice (Saito et al., NeurIPS 2021), both with
propensities. The truth is what uniform choice earned in its own log. Our estimators stand beside obp's own on
the same rows.
"""

import argparse
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
from obp.ope import DoublyRobust, InverseProbabilityWeighting, SelfNormalizedInverseProbabilityWeighting
from rich.console import Console

from causalrec.metrics.off_policy import Value, doubly_robust_value, ips, snips

CONSOLE = Console(soft_wrap=True, markup=False, highlight=False)
CAMPAIGNS = ("all", "men", "women")
SHRINK = 200.0  # rows by which an item's mean is drawn to that of all

Doubles = npt.NDArray[np.float64]


def main() -> None:
    """One row per campaign and estimator."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    CONSOLE.print("| campaign | truth | estimator | ours (95 %) | obp | effective rows | mean weight |")
    CONSOLE.print("|---" * 7 + "|")
    for campaign in CAMPAIGNS:
        chance, learnt = (
            pd.read_csv(folder / policy / campaign / f"{campaign}.csv") for policy in ("random", "bts")
        )
        truth = f"{chance['click'].mean():.5f}"
        for name, (ours, theirs) in estimates(learnt).items():
            cells = (
                campaign, truth, name, f"{ours.estimate:.5f} ({ours.low:.5f} to {ours.high:.5f})",
                f"{theirs:.5f}", f"{ours.effective:,.0f}", f"{ours.mean_weight:.3f}",
            )  # fmt: skip
            CONSOLE.print(f"| {' | '.join(cells)} |")


def estimates(log: pd.DataFrame) -> dict[str, tuple[Value, float]]:
    """Estimator -> our value of uniform choice, and obp's."""
    rewards = log["click"].to_numpy(dtype=np.float64)
    actions = log["item_id"].to_numpy()
    chances = log["propensity_score"].to_numpy(dtype=np.float64)
    n = int(actions.max()) + 1
    weights = 1 / n / chances
    model = item_means(rewards, actions, n)
    expected = np.full(rewards.size, model.mean())
    plain = {
        "reward": rewards, "action": actions, "pscore": chances,
        "action_dist": np.full((rewards.size, n, 1), 1 / n),
        "position": np.zeros(rewards.size, dtype=int),
    }  # fmt: skip
    guess = {
        "estimated_rewards_by_reg_model": np.broadcast_to(model[None, :, None], (rewards.size, n, 1)).copy()
    }
    return {
        "IPS": (ips(rewards, weights), InverseProbabilityWeighting().estimate_policy_value(**plain)),
        "SNIPS": (
            snips(rewards, weights),
            SelfNormalizedInverseProbabilityWeighting().estimate_policy_value(**plain),
        ),
        "DR": (
            doubly_robust_value(rewards, weights, model[actions], expected),
            DoublyRobust().estimate_policy_value(**plain, **guess),
        ),
    }


def item_means(rewards: Doubles, actions: npt.NDArray[np.int64], n: int) -> Doubles:
    """Mean reward of every item, drawn to the mean of all."""
    counts, sums = np.bincount(actions, minlength=n), np.bincount(actions, rewards, minlength=n)
    found: Doubles = (sums + SHRINK * rewards.mean()) / (counts + SHRINK)
    return found


if __name__ == "__main__":
    main()
