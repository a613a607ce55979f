"""The pyfunc of a model version, logged as source code: user ids in, ranked items with reasons out.

MLflow runs this file to build the model; arrays come from the version's artifacts; nothing is unpickled.
"""

from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pandas as pd
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import INVALID_PARAMETER_VALUE

from causalrec.errors import RequestError
from causalrec.ranking.engine import Engine
from causalrec.ranking.histories import Histories, from_positions
from causalrec.ranking.wording.compose import Wording
from causalrec.ranking.wording.facts import Texts
from causalrec.registry.asked import asked_k, asked_users
from causalrec.registry.package import ModelPackage, open_package
from causalrec.registry.shop_rules import HiddenPairs

NO_DRAWS = {"explore_share": 0.0, "new_item_share": 0.0}
"""Settings of places that only the nightly table gives, with their propensities."""
PLACES = "served"  # seed of the places that are given: pins and promotions, which draw nothing
NOTHING = pd.DataFrame(
    {
        name: pd.Series(dtype=kind)
        for name, kind in (
            ("user_id", "object"),
            ("rank", "int64"),
            ("item_id", "object"),
            ("score", "float64"),
            ("reason_code", "object"),
            ("reason_text", "object"),
            ("reason_item_id", "object"),
            ("reason_image", "object"),
            ("shop_reason", "object"),
            ("fallback", "object"),
            ("policy", "object"),
        )
    }
)
"""The answer to a request without rows."""


class ServedRecommender(mlflow.pyfunc.PythonModel):  # type: ignore[misc]
    """Predicts with the histories known at training time."""

    def load_context(self, context: Any) -> None:  # noqa: ANN401 - MLflow's own type is private
        """Opens the package once its checksums have been verified."""
        package = open_package(Path(context.artifacts["package"]))
        self._prepare(package)

    def _prepare(self, package: ModelPackage) -> None:
        self._package = package
        self._users = pd.Index(package.user_ids)
        past = package.histories(package.offer)
        self._histories: Histories = from_positions(past.lengths, past.items)
        self._hidden = HiddenPairs.of(package.shop_rules.hidden, package.offer)
        rules = package.scoring.model_copy(update=NO_DRAWS)
        self._engine: Engine = package.engine(rules, package.offer)
        self._wording: Wording = package.wording

    def predict(self, context, model_input, params=None):  # type: ignore[no-untyped-def] # noqa: ANN001, ANN201
        """Frame of ``user_id`` -> the columns of :data:`NOTHING`, as in the table ``recommendations``.

        Raises:
            MlflowException: INVALID_PARAMETER_VALUE, a row without a user id or a ``k`` out of range; over
                HTTP that is status 400.
        """
        try:
            users = asked_users(model_input)
            k = asked_k(params, self._package.scoring.k, self._package.item_ids.size)
        except RequestError as error:
            raise MlflowException(str(error), error_code=INVALID_PARAMETER_VALUE) from error
        places = self._users.get_indexer(pd.Index(users))
        past, hidden = self._histories.take(places), self._hidden.from_users(users)
        ids = self._engine.catalogue.item_ids
        frames = [
            pd.DataFrame(
                {
                    "user_id": users[block.users],
                    "rank": block.ranks.astype(np.int64),
                    "item_id": ids[block.items],
                    "score": block.scores.astype(np.float64),
                    "reason_code": block.reason_codes,
                    "reason_text": block.reason_texts,
                    "reason_item_id": _known(ids[block.because], block.because >= 0),
                    "reason_image": _told(self._wording.images(block)),
                    "shop_reason": _told(self._wording.texts(block)),
                    "fallback": _told(block.fallback),
                    "policy": block.policies,
                }
            )
            for block in self._engine.with_k(k).recommend(
                self._package.rows_of(users), past, k, users, PLACES, hidden
            )
        ]
        return pd.concat([NOTHING, *frames], ignore_index=True)


def _told(texts: Texts) -> Texts:
    """Null instead of an empty text."""
    return _known(texts, texts != "")


def _known(texts: Texts, known: "np.typing.NDArray[np.bool_]") -> Texts:
    found: Texts = texts.astype(object)
    found[~known] = None
    return found


mlflow.models.set_model(ServedRecommender())
