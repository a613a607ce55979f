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
from causalrec.ranking.asked import Asked
from causalrec.ranking.wording.facts import Texts
from causalrec.registry.asked import MARKET, asked_k, asked_market, asked_users
from causalrec.registry.package import ModelPackage, open_package
from causalrec.registry.served_market import ServedMarket

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
        self._package: ModelPackage = open_package(Path(context.artifacts["package"]))
        self._markets: dict[str, ServedMarket] = {}
        self._market(self._package.home)

    def _market(self, name: str) -> ServedMarket:
        """Made when it is first asked for; their number is that of the version's markets."""
        if name not in self._markets:
            self._markets[name] = ServedMarket.of(self._package, name)
        return self._markets[name]

    def predict(self, context, model_input, params=None):  # type: ignore[no-untyped-def] # noqa: ANN001, ANN201
        """Frame of ``user_id`` -> the columns of :data:`NOTHING`, as in the table ``recommendations``.

        Raises:
            MlflowException: INVALID_PARAMETER_VALUE, a row without a user id, a ``k`` out of range, or a
                ``market`` that the version does not have; over HTTP that is status 400.
        """
        try:
            users = asked_users(model_input)
            k = asked_k(params, self._package.scoring.k, self._package.item_ids.size)
            name = asked_market((params or {}).get(MARKET), self._package.shop_rules.markets)
        except RequestError as error:
            raise MlflowException(str(error), error_code=INVALID_PARAMETER_VALUE) from error
        market = self._market(name)
        places = market.users.get_indexer(pd.Index(users))
        past, hidden = market.histories.take(places), market.hidden.from_users(users)
        ids, wording = market.engine.catalogue.item_ids, market.wording
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
                    "reason_image": _told(wording.images(block)),
                    "shop_reason": _told(wording.texts(block)),
                    "fallback": _told(block.fallback),
                    "policy": block.policies,
                }
            )
            for block in market.engine.with_k(k).ranked(
                Asked(self._package.rows_of(users), past, k, users, PLACES, hidden)
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
