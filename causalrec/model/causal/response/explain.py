"""Explanations of the response model: what demand added, and which of the user's looks raised the score."""

import numpy as np

from causalrec.model.base import ServingTables
from causalrec.model.causal.explain import Explanation, HistoryItem, ScorePart
from causalrec.model.causal.response.part import ResponsePart


def explain_response(
    user: int, item: int, tables: ServingTables, part: ResponsePart, history: int, shown: float = 0.0
) -> Explanation:
    """The logit of the pair as a sum, and the looks of the user by how much each moved it.

    The modules act during fitting, so there is no score without one of them: ``without_*`` are None.

    Args:
        shown: what being shown more often than other items adds to the score.
    """
    score = float(tables.users[user] @ tables.items[item])
    coarse = int(tables.coarse[item])
    return Explanation(
        user,
        item,
        score,
        None,
        None,
        None,
        coarse,
        int(tables.fine[item]),
        tables.code_names[coarse] if coarse >= 0 and tables.code_names else "",
        0.0,
        float(tables.gate[item]),
        carried(user, item, part)[:history],
        (),
        (),
        _terms(user, item, part, shown),
    )


def _terms(user: int, item: int, part: ResponsePart, shown: float) -> tuple[ScorePart, ...]:
    """The score as a sum.

    The user's readiness to respond is the remainder of their mean logit over all items without content;
    demand is the remainder of this logit.
    """
    state, taste = part.users[user].astype(np.float64), part.content_users[user].astype(np.float64)
    content = float(taste @ part.content_items[item])
    mean = part.items.mean(axis=0, dtype=np.float64), part.content_items.mean(axis=0, dtype=np.float64)
    readiness = float(state @ mean[0] - taste @ mean[1])
    demand = float(state @ part.items[item]) - content - readiness - shown
    terms = (
        ScorePart("taste for its content and merit", content),
        ScorePart("general demand for the item, its brand and category", demand),
        ScorePart("how readily the user responds to anything", readiness),
    )
    return (*terms, ScorePart("how often the shop shows it", shown)) if shown else terms


def carried(user: int, item: int, part: ResponsePart) -> tuple[HistoryItem, ...]:
    """Every item that the user looked at, by its looks' contribution to the logit of ``item``, largest first.

    With the posterior H^-1 (precision * mean + sum_j t_j f_j) of the user's state, looks at j add
    f_item' H^-1 t_j f_j, where t_j = responses - looks * the chance expected at their present logit, plus
    w_j * that logit: what they say about the state independently of the other looks.
    """
    items, looks, responses = part.looked.of(user)
    features = part.items[items].astype(np.float64)
    logits = features @ part.users[user]
    chance = 1 / (1 + np.exp(-logits))
    weight = looks * chance * (1 - chance)
    system = part.prior.precision + (features * weight[:, None]).T @ features
    pull = responses - looks * chance + weight * (logits - features @ part.prior.mean)
    share = pull * (features @ np.linalg.solve(system, part.items[item].astype(np.float64)))
    order = np.argsort(-share, kind="stable")
    return tuple(HistoryItem(int(items[j]), float(share[j]), float(looks[j])) for j in order)
