"""A block as the executors hand it on: places of both models, null where nothing was compared."""

import json

import pandas as pd
import pyarrow as pa

from causalrec.config.reasons import ReasonSettings
from causalrec.config.scoring import ScoringSettings
from causalrec.ranking.engine import Engine
from causalrec.ranking.wording.compose import Wording
from causalrec.scoring.worker import RECOMMENDED, recommend_batch
from tests.ranking.shop import catalogue, tables, user_states

K = 4
TABLES = tables(n_users=3, n_items=20, dim=4)
CATALOGUE = catalogue(TABLES)
ITEMS = pd.DataFrame({"item_id": CATALOGUE.item_ids, "title": CATALOGUE.titles, "brand": "Nord"})
ITEMS = ITEMS.assign(category=None, image_ref=ITEMS["item_id"] + ".jpg")
BATCH = pa.RecordBatch.from_pydict(
    {"user_id": ["a", "b", "new"], "user_row": [0, 1, -1], "history": [["i007"], [], []]},
    pa.schema(
        [("user_id", pa.string()), ("user_row", pa.int32()), ("history", pa.list_(pa.string()))],
    ),
)


def listed(settings: ScoringSettings) -> pa.Table:
    engine = Engine(CATALOGUE, settings, users=user_states(TABLES))
    wording = Wording.of(ReasonSettings(languages=("en",)), ITEMS, CATALOGUE.item_ids)
    blocks = recommend_batch(engine, pa.array(CATALOGUE.item_ids, pa.string()), BATCH, K, "", wording)
    return pa.Table.from_batches(blocks, RECOMMENDED)


def test_places_stand_next_to_the_scores() -> None:
    for row in listed(ScoringSettings(k=K, explore_share=0.0, new_item_share=0.0)).to_pylist():
        known = row["user_id"] != "new"
        assert row["score_rank"] == (row["rank"] if known else None)
        assert (row["raw_rank"] is not None) == known


def test_no_places_where_lists_are_not_compared() -> None:
    plain = ScoringSettings(k=K, explore_share=0.0, new_item_share=0.0)
    found = listed(plain.model_copy(update={"adjusted_places": 0}))
    assert found["score_rank"].null_count == found["raw_rank"].null_count == found.num_rows


def test_the_item_behind_a_row_its_picture_and_its_text() -> None:
    rows = listed(ScoringSettings(k=K, explore_share=0.0, new_item_share=0.0)).to_pylist()
    carried = [row for row in rows if row["reason_code"] == "similar_to_history"]
    assert {row["user_id"] for row in carried} == {"a"}
    for row in rows:
        named = row in carried
        assert (row["reason_item_id"], row["reason_image"]) == (
            ("i007", "i007.jpg") if named else (None, None)
        )
        assert ("Title i007" in json.loads(row["shop_reason"])["en"]) == named
