"""The baseline of every comparison: the same ranking for everybody."""

import time

import numpy as np

from causalrec.dataset.arrays import Interactions
from causalrec.model.base import FitReport, Progress
from causalrec.model.factors import FactorRecommender, item_popularity, plain_tables


class PopularityRecommender(FactorRecommender):
    """Ranks by the number of training interactions."""

    name = "popularity"
    unit = False

    def fit(self, data: Interactions, *, progress: Progress | None = None) -> FitReport:
        """Counts."""
        start = time.perf_counter()
        popularity = item_popularity(data)
        users = np.ones((data.n_users, 1), dtype=np.float32)
        self.tables = plain_tables(users, popularity[:, None], popularity)
        self.fold = np.ones((data.n_items, 1), dtype=np.float32)
        return closed_form_report(time.perf_counter() - start, progress)


def closed_form_report(seconds: float, progress: Progress | None) -> FitReport:
    """The report of a model that is fitted in one step."""
    if progress is not None:
        progress(1, {"seconds": seconds})
    return FitReport(1, 1, seconds, seconds, ({"seconds": seconds},))
