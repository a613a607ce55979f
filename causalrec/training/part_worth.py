"""What each part of a fitted blend adds."""

from causalrec.dataset.arrays import Floats, Interactions, Ints
from causalrec.metrics.bootstrap import paired_test
from causalrec.metrics.ranking import rank_per_user
from causalrec.model.base import Recommender, ServingTables
from causalrec.model.causal.recommender import CausalRecommender
from causalrec.model.worth import ModuleWorth
from causalrec.training.worth import CUT, VALID_METRIC, Doubles


def part_worth(recommender: Recommender, data: Interactions) -> tuple[ModuleWorth, ...]:
    """What each part of a fitted blend adds on validation; empty if there is no blend.

    A part in use is compared with the best blend of the others, any other with the blend that would include
    it. Measured on the pairs that the weights were chosen on, so the gains are slightly optimistic.
    """
    if not isinstance(recommender, CausalRecommender) or data.valid.shape[1] == 0:
        return ()
    blend = recommender.blend
    if blend is None:
        return ()
    whole, rows = _on_validation(recommender.serving_tables(), data), []
    for name, weights in blend.others.items():
        if not any(weights.values()):
            continue
        other = _on_validation(blend.tables(recommender.engine.serving_tables(), weights), data)
        kept = blend.choice.weights[name] > 0
        test = paired_test(whole, other) if kept else paired_test(other, whole)
        row = ModuleWorth(name, kept, test.difference, test.low, test.high, VALID_METRIC, "validation")
        rows.append(row)
    return tuple(rows)


def _on_validation(tables: ServingTables, data: Interactions) -> Doubles:
    def score(users: Ints) -> Floats:
        scores: Floats = tables.users[users] @ tables.items.T
        return scores

    return rank_per_user(score, data, "valid", (CUT,)).metrics[VALID_METRIC]
