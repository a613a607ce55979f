"""Fits the parts to blend with the graph encoder, and chooses their weights on validation."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import torch

from causalrec.config.model import ModelSettings
from causalrec.dataset.arrays import Floats, Interactions, Ints
from causalrec.dataset.sample import JUDGED_USERS, sampled
from causalrec.model.base import Judge, ServingTables
from causalrec.model.causal.blend.blend import Blend
from causalrec.model.causal.blend.choice import CONTENT_EASE, ENCODER, PARTS, SOLVES, BlendChoice
from causalrec.model.causal.blend.part import BlendPart, spread_of_scores, standardised
from causalrec.model.causal.blend.search import WEIGHTS, Weights, search_weights
from causalrec.model.rivals.ials import IalsRecommender
from causalrec.model.rivals.items.content_ease import fit_item_weights, weights_of
from causalrec.model.rivals.items.item_weights import ItemWeights

COLUMNS = 512  # maximum number of columns that one part adds to the tables


def wants_blend(settings: ModelSettings, n_users: int, n_items: int) -> bool:
    """Whether further parts are tried beside the encoder: only in shops where they are small."""
    small = min(n_users, n_items) <= settings.blend.largest
    # the further parts know nothing of exposure: they would bring back what the offset takes out
    return small and settings.blend.enabled and not settings.exposure.offset


def fit_blend(
    encoder: ServingTables,
    data: Interactions,
    settings: ModelSettings,
    judge: Judge,
    seed: int,
    device: torch.device,
    choice: BlendChoice | None,
) -> Blend | None:
    """The best blend on validation; without validation, that of ``choice``.

    None if there is neither.
    """
    seen = data if settings.content.enabled else replace(data, modalities={})
    if data.valid.shape[1] == 0:
        return None if choice is None else _refitted(encoder, seen, settings, judge, seed, device, choice)
    weights = fit_item_weights(seen, settings.content_ease, judge, seed)
    parts = {
        CONTENT_EASE: _content_ease(weights, seen),
        SOLVES: _solves(seen, settings, judge, seed, device),
    }
    unweighted = BlendChoice({}, weights.ridge, weights.strengths)
    offered = Blend(unweighted, spread_of_scores(encoder.users, encoder.items), parts)
    sample = sampled(data, JUDGED_USERS, seed)

    def value(trial: Weights) -> float:
        factors = offered.factors(named(trial))

        def score(users: Ints) -> Floats:
            scores: Floats = encoder.users[users] @ encoder.items.T * np.float32(factors[ENCODER])
            for name, part in parts.items():
                if name in factors:
                    scores += part.users[users] @ part.items.T * np.float32(factors[name])
            return scores

        return judge(score, sample)

    found = search_weights(len(PARTS), value, WEIGHTS, settings.blend.gain)
    others = {name: named(other) for name, other in zip(PARTS, found.others, strict=True)}
    return replace(offered, choice=replace(unweighted, weights=named(found.weights)), others=others)


def named(weights: Weights) -> Mapping[str, float]:
    """By name of the part."""
    return dict(zip(PARTS, weights, strict=True))


def _refitted(
    encoder: ServingTables,
    data: Interactions,
    settings: ModelSettings,
    judge: Judge,
    seed: int,
    device: torch.device,
    choice: BlendChoice,
) -> Blend:
    parts: dict[str, BlendPart] = {}
    if choice.weights[CONTENT_EASE] > 0:
        weights = weights_of(data, settings.content_ease, judge, seed, choice.ridge, choice.strengths)
        parts[CONTENT_EASE] = _content_ease(weights, data)
    if choice.weights[SOLVES] > 0:
        parts[SOLVES] = _solves(data, settings, judge, seed, device)
    return Blend(choice, spread_of_scores(encoder.users, encoder.items), parts)


def _content_ease(weights: ItemWeights, data: Interactions) -> BlendPart:
    return standardised(weights.items, weights.fold, data.train_matrix(), COLUMNS)


def _solves(
    data: Interactions, settings: ModelSettings, judge: Judge, seed: int, device: torch.device
) -> BlendPart:
    model = IalsRecommender(settings, judge, seed, device)
    model.fit(data)
    tables = model.serving_tables()
    fold = np.zeros_like(tables.items) if model.fold is None else model.fold
    return standardised(tables.items, fold, data.train_matrix(), COLUMNS, tables.users)
