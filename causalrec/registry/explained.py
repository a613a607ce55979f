"""Why a model recommends an item to a user, with the shop's own ids and titles."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from causalrec.dataset.arrays import Floats
from causalrec.errors import RegistryError
from causalrec.model.base import Recommender
from causalrec.model.causal.explain import Explainable, Explanation
from causalrec.model.factory import load_recommender
from causalrec.registry.package import ModelPackage

Texts = npt.NDArray[Any]


@dataclass(frozen=True)
class Explainer:
    """A model with explanations, and the names of its rows.

    Attributes:
        label: the model's name. users (U,), items (N,): ids. titles: (N,).
    """

    label: str
    model: Explainable
    users: Texts
    items: Texts
    titles: Texts

    @staticmethod
    def of_package(label: str, package: ModelPackage) -> "Explainer":
        """A registered model.

        Raises:
            RegistryError: it has no explanations.
        """
        model, catalogue = _causal(label, package.recommender()), package.catalogue
        titles = np.empty(package.item_ids.size, dtype=catalogue.titles.dtype)
        titles[catalogue.model_rows] = catalogue.titles
        return Explainer(label, model, package.user_ids, package.item_ids, titles)

    @staticmethod
    def of_folder(folder: Path) -> "Explainer":
        """A stored model whose users and items are identified by number.

        Raises:
            TrainingError: there is none. RegistryError: it has no explanations.
        """
        model = _causal(str(folder), load_recommender(folder))
        tables = model.serving_tables()
        if tables is None:
            raise RegistryError(
                f"{folder} has no tables of users and items", do="choose a version with a causal model"
            )
        users, items = (
            np.arange(table.shape[0]).astype(str).astype(object) for table in (tables.users, tables.items)
        )
        return Explainer(str(folder), model, users, items, "item " + items)

    def explain(self, user_id: str, item_id: str | None, history: int) -> Explanation:
        """The effect of every module on the score of the pair; without ``item_id``, of the best new item.

        Raises:
            RegistryError: the model does not know the user or the item.
        """
        user = self._row(self.users, user_id, "user")
        item = self._best(user) if item_id is None else self._row(self.items, item_id, "item")
        return self.model.explain(user, item, history)

    def other_scores(self, user: int, item: int) -> dict[str, float]:
        """The raw model's score of the pair, and its content effect, as far as the model has them."""
        tables = self.model.serving_tables()
        if tables is None:
            return {}
        pairs = {
            "score by the raw model": (tables.raw_users, tables.raw_items),
            "content effect": (tables.content_users, tables.content_items),
        }
        return {
            name: float(users[user] @ items[item])
            for name, (users, items) in pairs.items()
            if users is not None and items is not None
        }

    def _best(self, user: int) -> int:
        row = np.array([user], dtype=np.int32)
        scores: Floats = self.model.score(row)[0].copy()
        scores[self.model.history(user)] = -np.inf
        return int(scores.argmax())

    def _row(self, ids: Texts, wanted: str, kind: str) -> int:
        found = np.flatnonzero(ids == wanted)
        if found.size == 0:
            raise RegistryError(
                f"{self.label} does not know {kind} {wanted}",
                do=f"choose a {kind} that was in its training data",
            )
        return int(found[0])


def _causal(label: str, model: Recommender) -> Explainable:
    if not isinstance(model, Explainable):
        raise RegistryError(
            f"{label} is a {model.name} model, which has no explanations",
            do="choose a version with a causal model",
        )
    return model
