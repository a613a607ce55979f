"""Everything that one trained model is measured by in a simulated shop.

A model with tables answers two questions. *factual*: what would be liked if it were shown, C as it is (the
question of test_random); *adjusted*: what would be liked if C were redrawn (the question of test_do).
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from causalrec.dataset.arrays import Floats, Interactions, Ints
from causalrec.lab.simulation.simulator import Simulation
from causalrec.lab.studies.known_truth import relative_effect_error
from causalrec.lab.studies.probe import indicators, readable_share
from causalrec.metrics.beyond import catalogue_metrics
from causalrec.metrics.ranking import Score, rank_per_user
from causalrec.model.base import Recommender

Doubles = npt.NDArray[np.float64]

K = 20
READOUTS = ("factual", "adjusted")
TESTS = ("iid", "random", "do")


@dataclass(frozen=True)
class Readout:
    """What one way to read one model measures.

    Attributes:
        metrics: test -> ``recall@20``, ``ndcg@20``, ``popularity_lift@20``.
        per_user: test -> float64 (M,) ndcg@20, users ascending.
        effect_error: of the do-effect, 0 perfect, 1 uninformative.
        readable: cause -> share of it that the item states still say (``confounder``, ``merit``).
    """

    metrics: dict[str, dict[str, float]]
    per_user: dict[str, Doubles]
    effect_error: float
    readable: dict[str, float]


def measure_readouts(recommender: Recommender, simulation: Simulation) -> dict[str, Readout]:
    """Both ways to read a model; models that have only one item table give the same twice.

    *adjusted* is read from the tables of content where a model has them, as ``score_content`` is.
    """
    tables = recommender.serving_tables()
    if tables is None:
        return dict.fromkeys(READOUTS, measure_score(recommender.score, simulation, None))
    states = {"factual": (tables.users, tables.items_unadjusted), "adjusted": (tables.users, tables.items)}
    if tables.content_users is not None and tables.content_items is not None:
        states["adjusted"] = (tables.content_users, tables.content_items)
    return {name: measure_score(_product(*pair), simulation, pair[1]) for name, pair in states.items()}


def measure_oracle(simulation: Simulation) -> Readout:
    """The Bayes oracle: on each test the true chance of what that test counts."""
    truth = simulation.truth
    judged = {"iid": truth.recorded, "random": truth.factual, "do": truth.do_effect}
    parts = {name: _on_test(score, _tests(simulation)[name]) for name, score in judged.items()}
    metrics = {name: part[0] for name, part in parts.items()}
    return Readout(metrics, {name: part[1] for name, part in parts.items()}, 0.0, {})


def measure_score(score: Score, simulation: Simulation, items: Floats | None) -> Readout:
    """One scoring function on the three tests; ``items`` (N, d) are probed where a model has states."""
    parts = {name: _on_test(score, data) for name, data in _tests(simulation).items()}
    truth = simulation.truth
    causes = {"confounder": indicators(truth.confounder), "merit": truth.merit}
    readable = {} if items is None else {name: readable_share(items, of) for name, of in causes.items()}
    return Readout(
        {name: part[0] for name, part in parts.items()},
        {name: part[1] for name, part in parts.items()},
        relative_effect_error(score, simulation),
        readable,
    )


def _tests(simulation: Simulation) -> Mapping[str, Interactions]:
    return {"iid": simulation.data, "random": simulation.test_random, "do": simulation.test_do}


def _on_test(score: Score, data: Interactions) -> tuple[dict[str, float], Doubles]:
    ranked = rank_per_user(score, data, "test", (K,))
    metrics = {name: float(ranked.metrics[name].mean()) for name in (f"recall@{K}", f"ndcg@{K}")}
    lift = catalogue_metrics(ranked.users, ranked.lists, data, K)[f"popularity_lift@{K}"]
    return metrics | {f"popularity_lift@{K}": lift}, ranked.metrics[f"ndcg@{K}"]


def _product(states: Floats, items: Floats) -> Score:
    def score(users: Ints) -> Floats:
        scores: Floats = states[users] @ items.T
        return scores

    return score
