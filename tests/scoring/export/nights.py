"""Published nights of known content in a real lake."""

import datetime as dt

import numpy as np
import pyarrow as pa

from causalrec.lake import Lake
from tests.registry.shop import replace_partition

DS = dt.date(2026, 3, 1)
NEXT = dt.date(2026, 3, 2)
NASTY = 'comma, "quote", \n line\u2028end, {"rank": 1} \\ naïve ☕'


def publish_night(lake: Lake, ds: dt.date, users: int = 30, k: int = 4, lists: bool = True) -> pa.Table:
    """``users`` lists of ``k`` rows whose items carry the date; item lists unless ``lists`` is false."""
    constant: dict[str, object] = {"dataset_id": "d", "model_version": "1"}
    rows: list[dict[str, object]] = [
        constant
        | {
            "user_id": f"u{user:04d}", "rank": rank, "item_id": f"{ds}:{rank}",
            "score": 1 / (3 * rank + user),
            "score_raw": None if rank == 1 else 0.1,
            "reason_code": "similar_to_history",
            "reason_text": NASTY if rank == 2 else "", "confounder_code": None, "fallback": None,
            "policy": "causalrec", "propensity": 1.0,
        }
        for user in range(users)
        for rank in range(1, k + 1)
    ]  # fmt: skip
    replace_partition(lake, "recommendations", ds, rows)
    if lists:
        similar: list[dict[str, object]] = [
            constant | {"item_id": "i1", "rank": rank, "similar_item_id": f"{ds}:{rank}", "score": 0.5}
            for rank in (1, 2)
        ]
        popular: list[dict[str, object]] = [
            {"category": name, "rank": 1, "item_id": f"{ds}:1", "users": 7, "dataset_id": "d"}
            for name in ("", "shoes")
        ]
        replace_partition(lake, "similar_items", ds, similar)
        replace_partition(lake, "popular_items", ds, popular)
    return lake.table("recommendations").read({"ds": [ds.isoformat()]})


def ordered(rows: pa.Table) -> list[dict[str, object]]:
    found = rows.sort_by([("user_id", "ascending"), ("rank", "ascending")]).to_pylist()
    return [dict(sorted(row.items())) for row in found]


def publish_vectors(lake: Lake, ds: dt.date, width: int = 3) -> tuple[np.ndarray, np.ndarray]:
    """Vectors of 200 items and 30 users, drawn by the date; returns them in the order of their ids."""
    rng = np.random.default_rng(ds.toordinal())
    drawn = []
    for table, key, count in (("item_vectors", "item_id", 200), ("user_vectors", "user_id", 30)):
        vectors = rng.normal(size=(count, width)).astype(np.float32)
        more: dict[str, object] = {"log_factor": 0.0, "ordered_by": "dot"} if key == "item_id" else {}
        rows: list[dict[str, object]] = [
            {
                key: f"{key[0]}{number:04d}", "vector": vector.tolist(), "dim": width,
                "model_version": "1", "dataset_id": "d", **more,
            }
            for number, vector in enumerate(vectors)
        ]  # fmt: skip
        replace_partition(lake, table, ds, rows)
        drawn.append(vectors)
    return drawn[0], drawn[1]
