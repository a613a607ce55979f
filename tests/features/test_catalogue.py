"""One rule says what an item is on a date: its latest row, and the pictures of its newest usable delivery."""

import datetime as dt
from itertools import product as every
from pathlib import Path

import pyarrow as pa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from causalrec.features.catalogue import COLUMNS, latest_items, latest_pictures
from causalrec.features.texts import content_key
from causalrec.lake import Lake
from tests.features.shop import products, shop_settings

DAYS = [dt.date(2026, 3, day) for day in (1, 2, 3)]
Found = dict[tuple[dt.date, dt.date, str, int], str]  # arrival, delivery, item, position -> sha256


def pictures(lake: Lake, found: Found) -> None:
    table = lake.table("images")
    for day in DAYS:
        rows = [
            {
                "item_id": item, "position": position, "image_ref": f"{sha}.jpg", "sha256": sha, "width": 9,
                "height": 9, "format": "JPEG", "bytes": 1, "delivered_on": delivered, "arrival_date": arrival,
            }
            for (arrival, delivered, item, position), sha in found.items()
            if arrival == day
        ]  # fmt: skip
        if rows:
            table.replace(pa.Table.from_pylist(rows, schema=table.schema), {"arrival_date": day.isoformat()})


def by_hand(found: Found, ds: dt.date) -> list[list[object]]:
    """The rule, item by item and row by row."""
    rows: list[list[object]] = []
    for item in sorted({key[2] for key in found}):
        known = {key: sha for key, sha in found.items() if key[2] == item and key[0] <= ds}
        if known:
            newest = max(delivered for _, delivered, _, _ in known)
            last = {key[3]: sha for key, sha in sorted(known.items()) if key[1] == newest}
            rows += [[item, position, last[position]] for position in sorted(last)]
    return rows


KEYS = [key for key in every(DAYS, DAYS, ("a", "b"), (0, 1)) if key[1] <= key[0]]
FOUND = st.dictionaries(st.sampled_from(KEYS), st.sampled_from([c * 64 for c in "0123"]), max_size=8)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(found=FOUND, ds=st.sampled_from(DAYS))
def test_pictures_follow_the_rule_in_any_order_of_tries(tmp_path: Path, found: Found, ds: dt.date) -> None:
    lake = Lake(str(tmp_path / str(len(list(tmp_path.iterdir())))))
    pictures(lake, found)
    got = latest_pictures(lake, ds)[["item_id", "position", "sha256"]].values.tolist()
    assert got == by_hand(found, ds)


def test_items_have_their_latest_words_and_their_first_usable_picture(tmp_path: Path) -> None:
    _, lake = shop_settings(tmp_path)
    assert latest_items(lake, DAYS[0]).empty
    products(lake, DAYS[0], {"a": ["1.jpg", "2.jpg"], "b": ["gone.jpg"], "c": []}, {"a": "Old", "b": "Bag"})
    products(lake, DAYS[1], {"a": ["3.jpg"]}, {"a": "New"})
    second, newer = "2" * 64, "3" * 64
    pictures(lake, {(DAYS[0], DAYS[0], "a", 1): second, (DAYS[2], DAYS[1], "a", 0): newer})
    none = [None, None]
    offers = {day: [None, str(DAYS[0]), str(min(day, DAYS[1]))] for day in DAYS}  # first and last seen
    once = offers[DAYS[0]]
    others = [
        ["b", "Bag", *none, "gone.jpg", None, content_key("Bag"), *once],
        ["c", None, *none, None, None, None, *once],
    ]
    known = {
        DAYS[0]: ["a", "Old", *none, f"{second}.jpg", second, content_key("Old"), *offers[DAYS[0]]],
        DAYS[1]: ["a", "New", *none, f"{second}.jpg", second, content_key("New"), *offers[DAYS[1]]],
        DAYS[2]: ["a", "New", *none, f"{newer}.jpg", newer, content_key("New"), *offers[DAYS[2]]],
    }
    for ds, row in known.items():
        items = latest_items(lake, ds)
        assert tuple(items.columns) == COLUMNS
        assert items.to_numpy().tolist() == [row, *others]
    version = lake.table("products").version()
    products(lake, DAYS[1], {"a": ["3.jpg"]}, {"a": "Newest"})
    assert latest_items(lake, DAYS[2], {"products": version})["title"][0] == "New"
