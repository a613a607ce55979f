"""Forgetting users against training without them, on a generated shop whose truth is known.

    python benchmarks/forget.py [--users 400] [--items 240] [--erased 20] [--seed 7] [--sweeps 10 30 90]

Half of the tried users are erased from a model that was trained with them; the other half no model ever saw.
Rows: the old model, repaired ones with that many sweeps, one trained from scratch, and another of these with
other random numbers, which says how far two trainings are apart. Lists are the best 20 of users that stay.
Membership: an attacker who has a user's looks and the item tables folds the user in and asks how likely the
responses are; the area under the curve between erased and never seen users is .5 for who knows nothing.
"""

import argparse
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import scipy.sparse as sp
from rich.console import Console
from rich.table import Table
from scipy.stats import rankdata

sys.path.insert(0, str(Path(__file__).parents[1]))

from causalrec.config import Settings
from causalrec.config.source import SourceSettings
from causalrec.dataset.arrays import Interactions, Ints, Looks
from causalrec.lab.oracle.generated import generated_shop
from causalrec.metrics.evaluate import evaluate_all
from causalrec.model.base import Recommender
from causalrec.model.causal.recommender import CausalRecommender
from causalrec.training.factory import build_recommender
from causalrec.training.forget import forget

K = 20


def main() -> None:
    """Measure one shop, print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name, value in (("users", 400), ("items", 240), ("erased", 20), ("seed", 7)):
        parser.add_argument(f"--{name}", type=int, default=value)
    parser.add_argument("--sweeps", type=int, nargs="+", default=[10, 30, 90])
    given = parser.parse_args()
    data = generated_shop(SourceSettings(seed=given.seed, users=given.users, items=given.items)).data
    looked = np.unique(needed(data.looks).users)
    tried = np.random.default_rng(given.seed).choice(looked, 2 * given.erased, replace=False)
    erased, never = tried[: given.erased], tried[given.erased :]
    before, after = without(data, never), without(data, tried)
    settings = Settings.model_validate({"training": {"refit": False}})

    old, old_seconds = trained(settings, before)
    everyone = np.arange(data.n_users, dtype=np.int32)
    places = np.where(np.isin(everyone, tried), -1, everyone), np.arange(data.n_items, dtype=np.int32)
    repaired = [(f"repaired, {n} sweeps", *repair(old, after, places, n)) for n in given.sweeps]
    again, again_seconds = trained(settings, after)
    other = settings.model_copy(update={"training": settings.training.model_copy(update={"seed": 8})})
    twin, twin_seconds = trained(other, after)

    stay = np.setdiff1d(everyone, tried).astype(np.int32)
    table = Table("model", "R@20", "lists shared with scratch", "membership", "CPU seconds")
    rows = (("old", old, old_seconds), *repaired, ("scratch", again, again_seconds),
            ("scratch, other numbers", twin, twin_seconds))  # fmt: skip
    for name, model, spent in rows:
        recall = {f"{row.metric}@{row.k}": row.value for row in evaluate_all(model.score, after, "test").rows}
        shared = overlap(model, again, stay)
        known = membership(model, needed(data.looks), erased, never)
        table.add_row(name, f"{recall['recall@20']:.4f}", f"{shared:.3f}", f"{known:.3f}", f"{spent:.1f}")
    Console().print(table)


def without(data: Interactions, users: Ints) -> Interactions:
    """``data`` without anything that ``users`` did; numbers stay."""

    def left(pairs: Ints) -> Ints:
        found: Ints = pairs[:, ~np.isin(pairs[0], users)]
        return found

    looks, exposure = needed(data.looks), data.random_exposure
    return replace(
        data, train=left(data.train), valid=left(data.valid), test=left(data.test),
        looks=looks.take(~np.isin(looks.users, users)), weights=None,
        random_exposure=None if exposure is None else exposure[:, ~np.isin(exposure[0], users)],
    )  # fmt: skip


def trained(settings: Settings, data: Interactions) -> tuple[CausalRecommender, float]:
    """A fit from scratch, and the CPU seconds that it took."""
    model, began = causal(build_recommender(settings)), time.process_time()
    model.fit(data)
    return model, time.process_time() - began


def repair(
    old: CausalRecommender, data: Interactions, places: tuple[Ints, Ints], sweeps: int
) -> tuple[CausalRecommender, float]:
    """A model of ``data`` that begins where ``old`` ended, and the CPU seconds that it took."""
    response = {**old.recipe["model"]["response"], "repair_sweeps": sweeps}
    recipe = {**old.recipe, "model": {**old.recipe["model"], "response": response}}
    began, kept = time.process_time(), old.recipe
    old.recipe = recipe
    made = causal(forget(Settings.model_validate({}), data, old, old, places).judged)
    old.recipe = kept
    return made, time.process_time() - began


def causal(model: Recommender) -> CausalRecommender:
    """``model``, which is the causal one."""
    if not isinstance(model, CausalRecommender):
        raise TypeError(type(model))
    return model


def needed(looks: Looks | None) -> Looks:
    """The looks, which a generated shop always has."""
    if looks is None:
        raise ValueError("the shop has no looks")
    return looks


def overlap(one: CausalRecommender, other: CausalRecommender, users: Ints) -> float:
    """Mean share of the best 20 that two models agree on."""
    first, second = (np.argsort(-model.score(users), axis=1)[:, :K] for model in (one, other))
    return float(np.mean([np.intersect1d(a, b).size / K for a, b in zip(first, second, strict=True)]))


def membership(model: CausalRecommender, looks: Looks, erased: Ints, never: Ints) -> float:
    """Area under the curve of the attacker's likelihood, erased against never seen."""
    tables = model.serving_tables()
    users = np.concatenate([erased, never])
    mine = np.isin(looks.users, users) & (looks.reached[0] > 0)
    shape = (tables.users.shape[0], tables.items.shape[0])
    histories = sp.csr_matrix((np.ones(mine.sum()), (looks.users[mine], looks.items[mine])), shape=shape)
    states = model.read_out().of_histories(histories[users], tables.items)
    chance = 1 / (1 + np.exp(-(states @ tables.items.T)))
    said = np.zeros(users.size)
    for place, user in enumerate(users):
        rows = looks.users == user
        p, count, went = chance[place, looks.items[rows]], looks.count[rows], looks.reached[0][rows]
        said[place] = (went * np.log(p) + (count - went) * np.log1p(-p)).sum() / count.sum()
    ranks = rankdata(said)[: erased.size]
    return float((ranks.sum() - erased.size * (erased.size + 1) / 2) / (erased.size * never.size))


if __name__ == "__main__":
    main()
