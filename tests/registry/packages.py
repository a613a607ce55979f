"""Packages of one small shop under the rules of versions: settings, words, a rules file, and none."""

import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa

from causalrec.config import Settings
from causalrec.config.reasons import ReasonSettings
from causalrec.config.scoring import ScoringSettings
from causalrec.dataset.load import load_dataset
from causalrec.lake import Lake
from causalrec.ranking.wording.book import packed
from causalrec.registry.pack_rules import rules_to_pack
from causalrec.registry.package import RULES, WORDING, write_package
from causalrec.training.factory import build_recommender

from .shop import DS, ITEMS, settings_in, write_dataset

RULED = ScoringSettings(
    k=7,
    blocked_items=("i001",),
    blocked_brands=("acme",),
    blocked_categories=("Shoes",),
    max_per_category=2,
    exclude_seen=False,
)
CHANGES: Mapping[str, Mapping[int, Any]] = {
    "brand": {2: "ACME"},
    "category": {3: "shoes > boots", **dict.fromkeys(range(10, 20), "Hats")},
    "available": {4: False},
}
LONG = "x" * 100_000
WORDS = ReasonSettings(languages=("en", "de"))
WEIGHED = """
hidden = "hidden.csv"
[[boosts]]
name = "hats"
categories = ["Hats"]
add = 0.2
[[boosts]]
name = "cheap"
max_price = 15
times = 1.5
[[blocks]]
name = "dear"
min_price = 48
[objective]
value = "price"
weight = 0.5
"""
"""A rules file that vectors can keep."""
HOME, AWAY = "DE", "AT"
OFFERS = {
    **{f"i{row:03d}": ["DE"] for row in range(20)},
    **{f"i{row:03d}": ["de", "at:90 EUR"] for row in range(20, 25)},
    "i030": ["AT"],
}
"""Where the items of ``abroad`` are sold; others everywhere."""
PLACED = """
[[pins]]
item = "i020"
rank = 2
[[pins]]
item = "i021"
rank = 9
[[promotions]]
name = "hats"
share = 0.1
categories = ["Hats"]
[[caps]]
by = "category"
list_share = 0.3
"""
"""Rules that go by place."""
HIDDEN = {"u001": "i005", "u002": "i006", "nobody": "i007"}


def write_packages(work: Path) -> dict[str, Path]:
    """Name -> package; ``weighed``, ``placed`` and ``abroad`` were registered with a rules file."""
    settings = settings_in(work, "popularity")
    pictures = {row: f"{row}.jpg" for row in range(ITEMS)}
    write_dataset(settings, changes={**CHANGES, "title": {30: LONG}, "image_ref": pictures})
    lake = Lake(settings.lake_root)
    _deliver_prices(lake)
    dataset = load_dataset(settings, lake, DS)
    model = build_recommender(settings)
    model.fit(dataset.data)
    facts = {"ds": DS.isoformat(), RULES: RULED.model_dump(mode="json")}
    write_package(work / "ruled", model, dataset, facts)
    taste = build_recommender(settings_in(work, "lightgcn"), work / "checkpoints")
    taste.fit(dataset.data)
    write_package(work / "worded", taste, dataset, {WORDING: packed(WORDS).model_dump(mode="json")})
    write_package(work / "older", model, dataset, {})
    for name, scoring in (("weighed", weighed(work)), ("placed", placed(work)), ("abroad", abroad(work))):
        own: Settings = settings.model_copy(update={"scoring": scoring})
        facts = {
            "ds": DS.isoformat(), "dataset_id": dataset.dataset_id, RULES: scoring.model_dump(mode="json"),
        }  # fmt: skip
        rules = rules_to_pack(own, lake, dataset, DS)
        write_package(work / name, taste, dataset, facts, rules=rules)
    return {name: work / name for name in ("ruled", "worded", "older", "weighed", "placed", "abroad")}


def weighed(work: Path) -> ScoringSettings:
    """Settings with :data:`WEIGHED`."""
    return _with_file(work, "weighed", WEIGHED)


def placed(work: Path) -> ScoringSettings:
    """Settings with both, and no places that a night draws."""
    return _with_file(work, "placed", WEIGHED + PLACED)


def abroad(work: Path) -> ScoringSettings:
    """Settings with :data:`WEIGHED`, in a shop with two markets."""
    return weighed(work).model_copy(update={"home_market": HOME.lower()})


def _with_file(work: Path, name: str, text: str) -> ScoringSettings:
    pairs = "".join(f"{user},{item}\n" for user, item in HIDDEN.items())
    (work / "hidden.csv").write_text(f"user_id,item_id\n{pairs}")
    (work / f"{name}.toml").write_text(text)
    return ScoringSettings(k=10, new_item_share=0, merchandise=str(work / f"{name}.toml"))


def _deliver_prices(lake: Lake) -> None:
    table = lake.table("products")
    rows: list[dict[str, object]] = [
        {
            "item_id": f"i{row:03d}", "price": float(10 + row), "image_refs": [], "source_file": "p.jsonl",
            "offers": OFFERS.get(f"i{row:03d}"),
            "arrival_date": DS, "updated_at": dt.datetime(2026, 3, 1, tzinfo=dt.UTC),
        }
        for row in range(ITEMS)
    ]  # fmt: skip
    table.replace(pa.Table.from_pylist(rows, schema=table.schema), {"arrival_date": DS.isoformat()})
