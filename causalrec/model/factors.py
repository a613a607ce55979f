"""Recommenders that end in one table of user states and one of item states."""

from collections.abc import Sequence

import numpy as np

from causalrec.dataset.arrays import Floats, Interactions, Ints
from causalrec.errors import TrainingError
from causalrec.model.base import Recommender, SavedModel, ServingTables, history_matrix
from causalrec.model.read_out import AnyReadOut, ReadOut


class FactorRecommender(Recommender):
    """score(u, i) = <users[u], items[i]>; a new user is the sum of ``fold`` over a history.

    Attributes:
        fold: float32 (N, d); the state of a user with history H is the unit vector along
            sum_{i in H} fold[i] (for a linear graph encoder this is exactly the state that the encoder
            gives to a user without their own embedding).
    """

    tables: ServingTables | None = None
    fold: Floats | None = None
    unit: bool = True

    def serving_tables(self) -> ServingTables:
        """The fitted tables.

        Raises:
            TrainingError: not fitted.
        """
        if self.tables is None:
            raise TrainingError(f"{self.name} is not fitted", do="call fit or load a saved model first")
        return self.tables

    def score(self, users: Ints) -> Floats:
        """Scores (len(users), N)."""
        tables = self.serving_tables()
        scores: Floats = tables.users[users] @ tables.items.T
        return scores

    def fold_in(self, histories: Sequence[Ints]) -> Floats:
        """States (len(histories), d) of new users; all zeros for an empty history."""
        tables = self.serving_tables()
        if self.fold is None:
            raise TrainingError(f"{self.name} has no fold-in table", do="fit or load the model first")
        matrix = history_matrix(histories, tables.items.shape[0])
        if not self.unit:
            return np.asarray(matrix @ self.fold, dtype=np.float32)
        return self.read_out().of_histories(matrix, self.fold)

    def read_out(self) -> AnyReadOut:
        """From the sum of ``fold`` over a history to the direction of a state."""
        return ReadOut((self.serving_tables().users.shape[1],))

    def score_histories(self, histories: Sequence[Ints]) -> Floats:
        """Scores of new users; an empty history gets the popularity ranking."""
        tables = self.serving_tables()
        scores: Floats = self.fold_in(histories) @ tables.items.T
        empty = np.array([len(items) == 0 for items in histories], dtype=np.bool_)
        scores[empty] = tables.popularity
        return scores

    def saved(self) -> SavedModel:
        """Tables, fold-in table and code names."""
        tables = self.serving_tables()
        arrays = tables.arrays()
        if self.fold is not None:
            arrays["fold"] = self.fold
        return SavedModel(arrays, {"code_names": list(tables.code_names)})

    def restore(self, saved: SavedModel) -> None:
        """Restores the tables."""
        arrays = saved.arrays
        self.tables = ServingTables.of(arrays, saved.facts["code_names"])
        self.fold = arrays.get("fold")


def plain_tables(users: Floats, items: Floats, popularity: Floats) -> ServingTables:
    """Tables of a model without confounder codes."""
    n_items = items.shape[0]
    none = np.full(n_items, -1, dtype=np.int32)
    return ServingTables(
        users, items, items.copy(), popularity, none, none.copy(), np.zeros(n_items, dtype=np.float32)
    )


def item_popularity(data: Interactions) -> Floats:
    """Training interactions per item, float32 (N,)."""
    return np.bincount(data.train[1], minlength=data.n_items).astype(np.float32)
