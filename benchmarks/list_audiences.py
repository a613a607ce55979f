"""Audiences beside the users who buy most, by the true chance of a response."""

from collections.abc import Iterator

import numpy as np

from causalrec.config import Settings
from causalrec.config.source import SourceSettings
from causalrec.lab.oracle.generated import generated_shop
from causalrec.scoring.behaviour.audience import audiences
from causalrec.training.factory import build_recommender

ITEMS, SIZE, PER_USER = 12, 20, 3


def audience_rows(seed: int) -> Iterator[tuple[object, ...]]:
    """Mean true chance over the members of twelve random items' audiences of twenty users each."""
    shop = generated_shop(SourceSettings(seed=seed))
    data = shop.data
    model = build_recommender(Settings())
    model.fit(data)
    everyone = np.arange(data.n_users, dtype=np.int32)
    rng = np.random.default_rng(seed)
    chosen = np.sort(rng.choice(data.n_items, ITEMS, replace=False))
    place = np.full(data.n_items, -1)
    place[chosen] = np.arange(ITEMS)
    mine = place[data.train[1]] >= 0
    taken = data.train[0][mine].astype(np.int64), place[data.train[1][mine]]
    chance = shop.truth.factual(everyone)[:, chosen]
    category = np.array(data.item_attributes["category"])
    pairs = [np.bincount(data.train[0], minlength=data.n_users)[:, None].repeat(ITEMS, axis=1)]
    same = category[data.train[1]][:, None] == category[chosen]
    pairs.append(np.stack([np.bincount(data.train[0][of], minlength=data.n_users) for of in same.T], axis=1))
    ours = model.score(everyone)[:, chosen]
    scores = {
        "ours": ours,
        "ours, without a limit per user": ours,
        "bought most": pairs[0],
        "bought most of its category": pairs[1],
        "any user": rng.random((data.n_users, ITEMS)),
        "the best there are": chance,
    }
    axes = np.eye(ITEMS, dtype=np.float32)  # scores of items as states: users @ items.T are the scores
    for name, score in scores.items():
        limit = PER_USER if name == "ours" else ITEMS
        found = audiences(np.asarray(score, np.float32), axes, taken, SIZE, limit)
        yield seed, ITEMS, name, float(chance[found["user"], found["item"]].mean())
