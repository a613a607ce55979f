"""The pyfunc of a model version, logged as source code: user ids in, ranked items with reasons out.

MLflow runs this file to build the model; arrays come from the version's artifacts, nothing is unpickled.
"""

from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pandas as pd

from causalrec.config.scoring import ScoringSettings
from causalrec.registry.package import ModelPackage, open_package
from causalrec.scoring.engine import Engine
from causalrec.scoring.histories import Histories, from_positions


class ServedRecommender(mlflow.pyfunc.PythonModel):  # type: ignore[misc]
    """Predicts with the histories that were known when the model was trained."""

    def load_context(self, context: Any) -> None:  # noqa: ANN401 - MLflow's own type is private
        """Opens the package after comparing its checksums."""
        package = open_package(Path(context.artifacts["package"]))
        self._prepare(package)

    def _prepare(self, package: ModelPackage) -> None:
        self._package = package
        self._users = pd.Index(package.user_ids)
        self._histories: Histories = package.histories()
        self._engine: Engine = package.engine(ScoringSettings())

    def predict(self, context, model_input, params=None):  # type: ignore[no-untyped-def] # noqa: ANN001, ANN201
        """Frame of ``user_id`` -> user_id, rank, item_id, score, reason_code, reason_text, fallback."""
        k = int((params or {}).get("k", ScoringSettings().k))
        users = model_input["user_id"].astype(str).to_numpy()
        places = self._users.get_indexer(pd.Index(users))
        known = [self._histories.of(int(place)) if place >= 0 else np.empty(0, np.int64) for place in places]
        lengths = np.array([items.size for items in known], dtype=np.int64)
        past = from_positions(lengths, np.concatenate([*known, np.empty(0, np.int64)]))
        frames = [
            pd.DataFrame(
                {
                    "user_id": users[block.users],
                    "rank": block.ranks.astype(np.int64),
                    "item_id": self._engine.catalogue.item_ids[block.items],
                    "score": block.scores.astype(np.float64),
                    "reason_code": block.reason_codes,
                    "reason_text": block.reason_texts,
                    "fallback": block.fallback,
                }
            )
            for block in self._engine.recommend(self._package.rows_of(users), past, k)
        ]
        return pd.concat(frames, ignore_index=True)


mlflow.models.set_model(ServedRecommender())
