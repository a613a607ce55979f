"""The people of the site: histories and lists of the newest published night."""

import datetime as dt

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from causalrec.lake import Lake
from causalrec.pipeline import BEHAVIOUR
from causalrec.report.people import PLAIN
from causalrec.report.site.rows import distinct, rows_of
from causalrec.report.site.shards import Group, Kind, grouped, sorted_ids
from causalrec.scoring.export.night import KEYS

HISTORY = 40  # items of a history, newest first
LIST = 100  # rows of a list
SHARD = 64  # people of one file
LISTED = [
    "rank", "item_id", "score", "reason_text", "shop_reason", "confounder_code", "score_rank", "raw_rank",
    "fallback", "market",
]  # fmt: skip


def people_of(lake: Lake, ds: dt.date, most: int) -> tuple[Kind, int]:
    """At most ``most`` of the users with a list, chosen by a hash of the id; and how many there are."""
    everyone = distinct(lake, "recommendations", ds, "user_id")
    ids = sorted_ids(_sample(everyone, most))
    rows = rows_of(lake, "recommendations", ds, ["user_id", *LISTED, "model_version"], ids)
    rows = rows.set_column(rows.schema.get_field_index("score"), "score", pc.round(rows["score"], 4))
    lists = grouped(rows, "user_id", ids, [("rank", "ascending")], LIST)
    past = rows_of(lake, "interactions", ds, ["user_id", "item_id", "last_time"], ids)
    days = pc.strftime(past["last_time"], format="%Y-%m-%d")
    past = past.append_column("day", days)
    order = [("last_time", "descending"), ("item_id", "ascending")]
    history = grouped(past, "user_id", ids, order, HISTORY)
    about = pa.table(
        {
            "label": pc.fill_null(_first(lists, "fallback", len(ids)), PLAIN),
            "market": pc.fill_null(_first(lists, "market", len(ids)), ""),
            "version": _first(lists, "model_version", len(ids)),
            "chosen": np.bincount(pc.index_in(past["user_id"], ids).to_numpy(), minlength=len(ids)),
        }
    )
    groups = {
        "list": Group(lists.of, lists.rows.drop_columns(["fallback", "market", "model_version"])),
        "past": Group(history.of, history.rows.drop_columns(["last_time"])),
        "other": _other_lists(lake, ds, ids),
    }
    return Kind("people", ids, about, SHARD, groups), len(everyone)


def _sample(ids: pa.Array, most: int) -> pa.Array:
    if len(ids) <= most:
        return ids
    hashes = pd.util.hash_array(ids.to_numpy(zero_copy_only=False))
    return ids.take(pa.array(np.argsort(hashes, kind="stable")[:most]))


def _first(group: Group, column: str, count: int) -> "pa.Array | pa.ChunkedArray":
    """The value of each id's first row; every id has one."""
    return group.rows[column].take(pa.array(np.searchsorted(group.of, np.arange(count))))


def _other_lists(lake: Lake, ds: dt.date, ids: pa.Array) -> Group:
    """What the shop asked for besides: open carts, repeated purchases, items seen last."""
    columns = ["user_id", "rank", "item_id"]
    names = [name for name in BEHAVIOUR if KEYS[name] == "user_id"]
    tables = []
    for name in names:
        rows = rows_of(lake, name, ds, columns, ids)
        tables.append(rows.append_column("table", pa.array([name] * rows.num_rows, pa.string())))
    order = [("table", "ascending"), ("rank", "ascending")]
    return grouped(pa.concat_tables(tables), "user_id", ids, order, LIST * len(names))
