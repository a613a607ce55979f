"""The champion's accuracy on items shown at random after its training, against its promised value."""

from dataclasses import replace

import numpy as np
import pandas as pd

from causalrec.dataset.load import Dataset
from causalrec.metrics.bootstrap import interval
from causalrec.metrics.debiased import exposed_per_user, exposed_scores
from causalrec.monitoring.lines import Line, Served, Status, unknown

MIN_USERS = 20  # fewer users than this on random exposure prove nothing

AUC, K = "random_auc", 5
SLICE = "random exposure"


def random_line(
    pairs: pd.DataFrame,
    dataset: Dataset,
    served: Served,
    promised: tuple[float, float | None] | None,
) -> Line:
    """AUC per user over ``pairs`` (user_id, item_id, clicked), averaged.

    Fails if the whole live interval is below the promised one, warns if it is below the promised value.

    Args:
        promised: value and lower bound from the evaluation; None if it was not measured.
    """
    users = pd.Index(dataset.user_ids).get_indexer(pd.Index(pairs["user_id"]))
    items = pd.Index(dataset.item_ids).get_indexer(pd.Index(pairs["item_id"]))
    known = (users >= 0) & (items >= 0) & pairs["item_id"].isin(served.item_ids).to_numpy()
    log = np.stack([users[known], items[known], pairs["clicked"].to_numpy()[known]]).astype(np.float32)
    exposed = exposed_scores(served.score, replace(dataset.data, random_exposure=log))
    values = exposed_per_user(exposed, K).get(AUC, np.empty(0))
    if values.size < MIN_USERS:
        found = f"{values.size} users with a response since {served.trained_on}"
        why = f"{found}; at least {MIN_USERS} are needed"
        return unknown(AUC, SLICE, why)
    live = interval(values)
    if promised is None:
        detail = f"{live.value:.4f} over {values.size:,} users; the evaluation had no random exposure"
        return Line(AUC, SLICE, "pass", live.value, live.low, live.high, None, None, detail)
    value, low = promised
    least = value if low is None else low
    status: Status = "fail" if live.high < least else "warn" if live.high < value else "pass"
    detail = f"{live.value:.4f} over {values.size:,} users, {value:.4f} in the evaluation"
    return Line(AUC, SLICE, status, live.value, live.low, live.high, value, least, detail)
