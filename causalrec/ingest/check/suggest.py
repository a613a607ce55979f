"""Settings that would make a file readable, guessed from its columns and first rows."""

import decimal
import re
from collections.abc import Mapping, Sequence
from typing import Any

from causalrec.contracts import Contract
from causalrec.contracts.absent import is_absent
from causalrec.ingest.alike import alike, matched, of_orders
from causalrec.ingest.check.guess import (
    are_clocks,
    are_days,
    are_pictures,
    are_texts,
    are_times,
    is_value,
    number_settings,
    time_settings,
)
from causalrec.ingest.check.meant import fits
from causalrec.ingest.check.nested import exploded, flattened, of_one
from causalrec.ingest.check.sample import FileCheck
from causalrec.ingest.check.words import WORDS, are_events, known_words
from causalrec.ingest.synonyms import ORDER

_NO = {"0", "false", "no"}
_ENCODING = re.compile(r'encoding = "([^"]+)"')
UNSURE = "unsure"
"""Key of a suggestion: column of the contract -> columns of the file, one of which may be meant."""

Tree = dict[str, Any]


def suggested(found: FileCheck, landing: Contract, feed: Mapping[str, Any]) -> Tree:
    """Settings of ``[landing.KIND]`` beyond those that are set (``feed``)."""
    if encoding := _ENCODING.search(found.problem):
        return {"encoding": encoding[1]}
    if found.damaged or not _is_header(found.columns):
        return {}
    given, (found, lists) = found, flattened(found)
    tree: Tree = {}
    columns = _columns(found, landing, feed)
    set_before = feed.get("columns") or {}
    sources = {name: one["column"] for name, one in set_before.items()} | columns
    time = "event_time" if "event_time" in landing.column_names else "updated_at"
    taken = {name for one in (*columns.values(), *set_before.values()) for name in _names(one)}
    spoken = {name.strip().casefold() for name in (*landing.column_names, *taken)}
    unclaimed = [name for name in found.columns if name.strip() and name.strip().casefold() not in spoken]
    if unclaimed:
        tree["extra_columns"] = "ignore"
    tree |= time_settings(_values(found, sources.get(time, time)))
    tree |= number_settings(_values(found, sources.get("price", "price")))
    ids = [
        _values(found, sources.get(name, name))
        for name in ("user_id", "item_id")
        if name in landing.column_names
    ]
    numbers = (int, decimal.Decimal)
    if any(isinstance(one, numbers) and not isinstance(one, bool) for values in ids for one in values):
        tree["number_ids"] = True
    if (explode := exploded(_names(sources.get("item_id", "item_id")), lists)) and not feed.get("explode"):
        tree["explode"] = explode
    if lists and "price" in columns and not of_one(given, columns["price"], explode):
        del columns["price"]  # of variants, each with its own
    if asked := _open(found, landing, columns, set_before):
        columns.pop("event_id", None)  # it is made of columns that are not known yet
        tree[UNSURE] = {name: _likely(name, unclaimed, found) for name in asked}
    if columns:
        tree["columns"] = columns
    return {key: value for key, value in tree.items() if feed.get(key) != value}


def _is_header(names: Sequence[str]) -> bool:
    """Whether these are names of columns; false for none, and for the values of a file without a header."""
    return bool(names) and not any(map(is_value, names))


def _likely(column: str, names: Sequence[str], found: FileCheck) -> list[str]:
    """Those of ``names`` whose values can be what ``column`` holds; all, if none can."""
    return [name for name in names if fits(column, _values(found, name))] or list(names)


def _open(found: FileCheck, landing: Contract, columns: Tree, set_before: Mapping[str, Any]) -> list[str]:
    """Columns that no column of the file certainly is: those that a night needs, and the title of items."""
    here = {name.strip().casefold() for name in found.columns} | columns.keys() | set_before.keys()
    taken = {name for one in (*columns.values(), *set_before.values()) for name in _names(one)}
    texts = [name for name in found.columns if name not in taken and are_texts(_values(found, name))]
    needed = ("event_time", "user_id", "item_id", "event_type", *(["title"] if texts else []))
    return [name for name in needed if name in landing.column_names and name not in here]


def _columns(found: FileCheck, landing: Contract, feed: Mapping[str, Any]) -> Tree:
    here = {name.strip().casefold() for name in found.columns}
    mapped = feed.get("columns") or {}
    used = {name for one in mapped.values() for name in _names(one)} | set(landing.column_names)
    free = [name for name in found.columns if name.strip().casefold() not in used and name not in used]
    open_ones = [
        column for column in landing.columns
        if column.name not in mapped and column.name not in here
        and column.name not in ("arrival_date", "event_id", "session_id")
    ]  # fmt: skip
    columns: Tree = dict(
        matched([one.name for one in open_ones], free, lambda ours, name: fits(ours, _values(found, name)))
    )
    free = [name for name in free if name not in columns.values()]
    for column in open_ones:
        if column.name in columns:
            continue
        if column.name == "event_time":
            dated = [name for name in free if are_times(_values(found, name))]
            columns |= {"event_time": free.pop(free.index(dated[0]))} if len(dated) == 1 else {}
        elif column.name == "event_type":
            columns |= _kind_of_event(found, free)
        elif column.name == "image_refs":
            shown = [name for name in free if are_pictures(_values(found, name))]
            columns |= {"image_refs": free.pop(free.index(shown[0]))} if len(shown) == 1 else {}
        elif column.name == "updated_at":
            columns[column.name] = {"arrival_date": True}
    if "event_time" in landing.column_names and "event_time" not in mapped:
        columns |= _with_clock(found, columns.get("event_time", "event_time"), free)
    for name in WORDS:
        if name in landing.column_names and name not in mapped:
            source = columns.get(name, name)
            words = known_words(name, _values(found, source))
            columns |= {name: {"column": source, "values": words}} if words else {}
    if "event_id" in landing.column_names and "event_id" not in here and "event_id" not in mapped:
        order = alike(
            ORDER, [name for name in found.columns if name.strip().casefold() not in landing.column_names]
        )
        parts = [columns.get(name, name) for name in ("event_time", "user_id", "item_id", "event_type")]
        joined = [*([order] if order else []), *(name for part in parts for name in _names(part))]
        columns["event_id"] = {"join": list(dict.fromkeys(joined))}
    return columns


def _with_clock(found: FileCheck, day: Any, free: list[str]) -> Tree:  # noqa: ANN401 - text or table of TOML
    """``event_time`` from a column of dates and the one column of times of day beside it; else nothing."""
    clocks = [name for name in free if are_clocks(_values(found, name))]
    if not isinstance(day, str) or len(clocks) != 1 or not are_days(_values(found, day)):
        return {}
    free.remove(clocks[0])
    return {"event_time": {"join": [day, clocks[0]]}}


def _kind_of_event(found: FileCheck, free: list[str]) -> Tree:
    """``event_type`` from the one column of event words, or constant for orders; else nothing."""
    worded = [name for name in free if are_events(_values(found, name))]
    if len(worded) == 1:
        free.remove(worded[0])
        return {"event_type": worded[0]}
    flags = {name for name in found.columns if {str(one).lower() for one in _values(found, name)} & _NO}
    named = [name for name in found.columns if name not in flags]
    return {"event_type": {"value": "purchase"}} if of_orders([found.name, *named]) else {}


def _values(found: FileCheck, source: Any) -> list[Any]:  # noqa: ANN401 - text or table of TOML
    if isinstance(source, dict) and "join" in source:
        parts = [_values(found, name) for name in source["join"]]
        same = len({len(values) for values in parts}) == 1
        return [":".join(map(str, row)) for row in zip(*parts, strict=True)] if same else []
    if not isinstance(source, str):
        return []
    wanted = source.strip().casefold()
    rows = ({key.strip().casefold(): value for key, value in row.items()} for row in found.raw)
    values = [row[wanted] for row in rows if row.get(wanted) is not None]
    return [value for value in values if not (isinstance(value, str) and is_absent(value))]


def _names(source: Any) -> list[str]:  # noqa: ANN401 - text or table of TOML
    if isinstance(source, str):
        return [source]
    return [source["column"]] if "column" in source else list(source.get("join", ()))
