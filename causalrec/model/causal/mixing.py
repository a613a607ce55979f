"""Chooses the weight of each modality of the content channel on validation."""

from functools import cache

import numpy as np

from causalrec.config.model import ContentSettings
from causalrec.dataset.arrays import Floats, Interactions, Ints
from causalrec.dataset.sample import sampled
from causalrec.model.base import Judge
from causalrec.model.causal.channel import WEIGHTS

SAMPLED_USERS = 2_000  # maximum number of validation users for the choice of weights

ROUNDS = 2  # of coordinate search over the modalities


def choose_weights(
    states: tuple[Floats, Floats],
    content: dict[str, tuple[Floats, Floats]],
    data: Interactions,
    judge: Judge,
    settings: ContentSettings,
    seed: int,
) -> tuple[dict[str, float], dict[str, float]]:
    """Weights by modality, and the validation values with and without them.

    One weight after another is set to its best value on the grid, with the others fixed. All are zero if
    there is nothing to choose on, or if the best does not gain at least the share ``channel_gain``: with few
    validation pairs a small gain is noise.

    Args:
        states: users (U, d), items (N, d). content: modality -> tastes (U, p), adjusted content (N, p).
    """
    weights = dict.fromkeys(content, 0.0)
    if not content or data.valid.shape[1] == 0:
        return weights, {}
    sample = sampled(data, SAMPLED_USERS, seed)

    @cache
    def value(*amounts: float) -> float:
        trial = dict(zip(content, amounts, strict=True))
        used = [name for name in content if trial[name] > 0]
        users = np.concatenate([states[0], *(content[name][0] for name in used)], axis=1)
        items = np.concatenate([states[1], *(content[name][1] * trial[name] for name in used)], axis=1)

        def score(ids: Ints) -> Floats:
            scores: Floats = (users[ids] @ items.T).astype(np.float32)
            return scores

        return judge(score, sample)

    without = best = value(*weights.values())
    for _ in range(ROUNDS):
        for name in content:
            for weight in WEIGHTS:
                trial = {**weights, name: weight}
                found = value(*trial.values())
                if found > best:
                    weights, best = trial, found
    if best < without * (1 + settings.channel_gain):
        weights, best = dict.fromkeys(content, 0.0), without
    return weights, {"channel/valid_without": without, "channel/valid_with": best}
