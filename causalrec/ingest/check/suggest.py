"""Settings that would make a file readable, guessed from its columns and first rows."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from causalrec.contracts import Contract
from causalrec.ingest.check.either import either
from causalrec.ingest.check.guess import are_texts, is_value, number_settings, time_settings
from causalrec.ingest.check.mapping import Tree, columns_of
from causalrec.ingest.check.meant import fits
from causalrec.ingest.check.nested import bare_names, exploded, flattened, of_one
from causalrec.ingest.check.sample import FileCheck
from causalrec.ingest.check.values import is_whole, names_of, values_of

_ENCODING = re.compile(r'encoding = "([^"]+)"')
UNSURE = "unsure"
"""Key of a suggestion: column of the contract -> columns of the file, one of which may be meant."""
UNUSED = "unused"
"""Key of a suggestion: columns of the file that nothing reads."""


def suggested(
    found: FileCheck,
    landing: Contract,
    feed: Mapping[str, Any],
    chosen: Mapping[str, str] | None = None,
) -> Tree:
    """Settings of ``[landing.KIND]`` beyond those that are set (``feed``).

    Args:
        chosen: column of ours -> the column of the file that is meant; '' where that is to be asked.
    """
    if encoding := _ENCODING.search(found.problem):
        return {"encoding": encoding[1]}
    if found.damaged or not _is_header(found.columns):
        return {}
    given, (found, lists) = found, flattened(found)
    tree: Tree = {}
    columns = columns_of(found, landing, feed, chosen or {}, bare_names(given, lists, landing))
    columns = either(given, columns, lists) if not feed.get("explode") else columns
    set_before = feed.get("columns") or {}
    sources = {name: one["column"] for name, one in set_before.items()} | columns
    time = "event_time" if "event_time" in landing.column_names else "updated_at"
    taken = {name for one in (*columns.values(), *set_before.values()) for name in names_of(one)}
    spoken = {name.strip().casefold() for name in (*landing.column_names, *taken)}
    unclaimed = [name for name in found.columns if name.strip() and name.strip().casefold() not in spoken]
    if unclaimed:
        tree["extra_columns"] = "ignore"
    tree |= time_settings(values_of(found, sources.get(time, time)))
    tree |= number_settings(values_of(found, sources.get("price", "price")))
    ids = [
        values_of(found, one)
        for name in ("user_id", "item_id")
        if name in landing.column_names
        for one in names_of(sources.get(name, name))
    ]
    if any(is_whole(one) for values in ids for one in values):
        tree["number_ids"] = True
    if (explode := exploded(names_of(sources.get("item_id", "item_id")), lists)) and not feed.get("explode"):
        tree["explode"] = explode
        if isinstance(sources.get("item_id"), dict):
            tree["unlisted"] = "keep"
    prices = names_of(columns.get("price", {}))
    if lists and not all(of_one(given, one, explode) for one in prices):
        del columns["price"]  # of variants, each with its own
    if asked := _open(found, landing, columns, set_before):
        columns.pop("event_id", None)  # it is made of columns that are not known yet
        tree[UNSURE] = {name: _likely(name, unclaimed, found) for name in asked}
    if columns:
        tree["columns"] = columns
    new = {key: value for key, value in tree.items() if feed.get(key) != value}
    asked_for = {name for names in tree.get(UNSURE, {}).values() for name in names}
    unused = [name for name in unclaimed if name not in asked_for]
    return new | {UNUSED: unused} if "columns" in new and unused else new


def _is_header(names: Sequence[str]) -> bool:
    """Whether these are names of columns; false for none, and for the values of a file without a header."""
    return bool(names) and not any(map(is_value, names))


def _likely(column: str, names: Sequence[str], found: FileCheck) -> list[str]:
    """Those of ``names`` whose values can be what ``column`` holds; all, if none can."""
    return [name for name in names if fits(column, values_of(found, name))] or list(names)


def _open(found: FileCheck, landing: Contract, columns: Tree, set_before: Mapping[str, Any]) -> list[str]:
    """Columns that no column of the file certainly is: those that a night needs, and the title of items."""
    here = {name.strip().casefold() for name in found.columns} | columns.keys() | set_before.keys()
    taken = {name for one in (*columns.values(), *set_before.values()) for name in names_of(one)}
    texts = [name for name in found.columns if name not in taken and are_texts(values_of(found, name))]
    needed = ("event_time", "user_id", "item_id", "event_type", *(["title"] if texts else []))
    return [name for name in needed if name in landing.column_names and name not in here]
