"""The items of the site: what they are, how often they are listed, what is near them, and their pictures."""

import datetime as dt

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from causalrec.config import Settings
from causalrec.dataset.load import load_dataset
from causalrec.errors import DatasetError
from causalrec.lake import Lake
from causalrec.report.site.rows import rows_of
from causalrec.report.site.shards import Group, Kind, grouped, sorted_ids
from causalrec.report.thumbnails import Thumbnails

SHARD = 64  # items of one file
PICTURES = 2_000  # items with a picture: those in most lists
PICTURE_BYTES = 32_000_000  # of all of them
NEAR = 12  # items shown of each list
WORDS_SHARD = 500  # words of one file
PER_WORD = 60  # items that a word leads to, those in most lists first
NEIGHBOURS = {
    "similar_items": "similar_item_id",
    "complements": "other_item_id",
    "substitutes": "other_item_id",
}
TEXTS = ("title", "brand", "category", "image_ref")
DESCRIBED = (*TEXTS, "popularity")


def items_of_site(settings: Settings, lake: Lake, ds: dt.date) -> Kind:
    """Every item of the catalogue and of the lists of ``ds``."""
    listed = rows_of(lake, "recommendations", ds, ["item_id", "rank", "confounder_code"])
    frame = _catalogue(settings, lake, ds, listed)
    ids = sorted_ids(pa.array(frame.index, pa.string()))
    frame = frame.reindex(ids.to_pylist())
    counted = listed.select(["item_id", "confounder_code"]).to_pandas()
    frame["lists"] = counted["item_id"].value_counts().reindex(frame.index).fillna(0).astype(int)
    first = listed.filter(pc.equal(listed["rank"], 1))["item_id"].to_pandas().value_counts()
    frame["first"] = first.reindex(frame.index).fillna(0).astype(int)
    codes = counted.dropna().value_counts().reset_index().drop_duplicates("item_id").set_index("item_id")
    frame["code"] = codes["confounder_code"].reindex(frame.index)
    frame["picture"] = _pictures(settings, frame)
    about = pa.Table.from_pandas(frame.drop(columns=["image_ref"]), preserve_index=False)
    return Kind("items", ids, about.replace_schema_metadata(), SHARD, {"near": _near(lake, ds, ids)})


def words_of(items: Kind) -> Kind:
    """The words of titles and brands, each with the items that have it."""
    frame = items.about.select(["title", "brand", "lists"]).to_pandas()
    frame["item"] = items.ids.to_pandas()
    text = frame["title"].fillna("") + " " + frame["brand"].fillna("")
    frame["word"] = text.str.lower().str.findall(r"\w+")
    pairs = frame[["word", "item", "lists"]].explode("word").dropna().drop_duplicates(["word", "item"])
    words = sorted_ids(pa.array(pairs["word"], pa.string()))
    rows = pa.Table.from_pandas(pairs, preserve_index=False).replace_schema_metadata()
    rows = rows.set_column(0, "word", rows["word"].cast(pa.string()))
    order = [("lists", "descending"), ("item", "ascending")]
    group = grouped(rows, "word", words, order, PER_WORD)
    places = pc.index_in(group.rows["item"], items.ids)
    nothing = pa.table({"n": np.bincount(group.of, minlength=len(words))})
    return Kind("words", words, nothing, WORDS_SHARD, {"items": Group(group.of, pa.table({"item": places}))})


def _catalogue(settings: Settings, lake: Lake, ds: dt.date, listed: pa.Table) -> pd.DataFrame:
    """Item id -> what is known of it; listed items alone where the dataset is gone."""
    try:
        items = load_dataset(settings, lake, ds).items
    except DatasetError:
        items = pd.DataFrame({"item_id": pc.unique(listed["item_id"]).to_pylist()})
    frame = items.set_index("item_id").reindex(columns=list(DESCRIBED))
    frame["popularity"] = frame["popularity"].fillna(0).astype(int)
    return frame.astype(dict.fromkeys(TEXTS, "string"))


def _pictures(settings: Settings, frame: pd.DataFrame) -> "pd.Series[str]":
    """Small pictures of the items that people will meet most often."""
    most = frame.sort_values(["lists", "popularity"], ascending=False, kind="stable").head(PICTURES)
    references = {str(item): str(reference) for item, reference in most["image_ref"].dropna().items()}
    thumbnails = Thumbnails(settings, references, PICTURE_BYTES)
    pictures = [thumbnails.uri(item) for item in references]
    return pd.Series(pictures, index=list(references), dtype="string").reindex(frame.index)


def _near(lake: Lake, ds: dt.date, ids: pa.Array) -> Group:
    tables = []
    for name, other in NEIGHBOURS.items():
        rows = rows_of(lake, name, ds, ["item_id", "rank", "markets", other])
        rows = rows.filter(pc.less_equal(rows["rank"], NEAR))
        rows = rows.rename_columns(["item_id", "rank", "markets", "item"])
        tables.append(rows.append_column("table", pa.array([name] * rows.num_rows, pa.string())))
    order = [("table", "ascending"), ("rank", "ascending")]
    return grouped(pa.concat_tables(tables), "item_id", ids, order, NEAR * len(NEIGHBOURS))
