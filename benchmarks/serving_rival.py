"""The rival of benchmarks/serving.py: a dot product and argpartition, behind the same server.

It knows nothing but vectors and what users have: no rules, no reasons, no ties, no checks.
"""

from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pandas as pd
from safetensors.numpy import load_file


class DotProduct(mlflow.pyfunc.PythonModel):  # type: ignore[misc]
    """User ids in, the best items and their products out."""

    def load_context(self, context: Any) -> None:  # noqa: ANN401 - MLflow's own type is private
        """Reads the files of ``causalrec vectors``."""
        tables = load_file(Path(context.artifacts["tables"]) / "scoring.safetensors")
        names = (bytes(tables[name]).decode().split("\0") for name in ("item_ids", "user_ids"))
        self.items, users = (np.array(ids, dtype=object) for ids in names)
        self.rows = {user: row for row, user in enumerate(users)}
        self.tables = tables

    def predict(self, context, model_input, params=None):  # type: ignore[no-untyped-def] # noqa: ANN001, ANN201
        """The ``k`` best unseen items of each user."""
        k, users = int((params or {}).get("k", 20)), model_input["user_id"].to_numpy()
        rows = np.array([self.rows.get(user, -1) for user in users])
        scores = self.tables["users"][rows] @ self.tables["items"].T
        seen, starts = self.tables["seen"], self.tables["seen_indptr"]
        for place, row in enumerate(rows):
            scores[place, seen[starts[row] : starts[row + 1]]] = -np.inf
        best = np.argpartition(-scores, k, axis=1)[:, :k]
        values = np.take_along_axis(scores, best, axis=1)
        order = np.argsort(-values, axis=1)
        best, values = np.take_along_axis(best, order, axis=1), np.take_along_axis(values, order, axis=1)
        return pd.DataFrame(
            {
                "user_id": np.repeat(users, k),
                "rank": np.tile(np.arange(1, k + 1), len(users)),
                "item_id": self.items[best.ravel()],
                "score": values.ravel(),
            }
        )


mlflow.models.set_model(DotProduct())
