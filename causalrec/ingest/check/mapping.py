"""Which column of a file is which of ours, by its name and its first values."""

from collections.abc import Mapping
from typing import Any

from causalrec.contracts import Contract
from causalrec.ingest.alike import alike, matched, of_orders
from causalrec.ingest.check.guess import are_clocks, are_days, are_pictures, are_times, may_be_times
from causalrec.ingest.check.meant import fits
from causalrec.ingest.check.sample import FileCheck
from causalrec.ingest.check.values import names_of, values_of
from causalrec.ingest.check.words import WORDS, are_events, event_of_name, known_words
from causalrec.ingest.synonyms import ORDER

Tree = dict[str, Any]
"""Settings as TOML holds them."""
_NO = {"0", "false", "no"}


def columns_of(
    found: FileCheck,
    landing: Contract,
    feed: Mapping[str, Any],
    chosen: Mapping[str, str],
    bare: Mapping[str, str],
) -> Tree:
    """Column of the contract -> its source in the file, for those that ``feed`` does not map.

    Args:
        found: nested rows have a column per path. chosen: sources that are settled already.
        bare: name to recognise a column by -> its path.
    """
    here = {name.strip().casefold() for name in found.columns}
    mapped = feed.get("columns") or {}
    used = {name for one in mapped.values() for name in names_of(one)} | set(landing.column_names)
    free = [name for name in found.columns if name.strip().casefold() not in used and name not in used]
    open_ones = [
        column for column in landing.column_names
        if column not in mapped and column not in here
        and column not in ("arrival_date", "event_id", "session_id")
    ]  # fmt: skip
    columns: Tree = {ours: name for ours, name in chosen.items() if ours in open_ones and name in free}
    free = [name for name in free if name not in columns.values()]
    named = matched(
        [one for one in open_ones if one not in columns],
        [name for name, path in bare.items() if path in free],
        lambda ours, name: fits(ours, values_of(found, bare[name])),
    )
    columns |= {ours: bare[name] for ours, name in named.items()}
    free = [name for name in free if name not in columns.values()]
    for column in open_ones:
        if column not in columns:
            columns |= _by_values(column, found, free)
    if "event_time" in landing.column_names and "event_time" not in mapped:
        columns |= _with_clock(found, columns.get("event_time", "event_time"), free)
    for name in WORDS:
        if name in landing.column_names and name not in mapped:
            source = columns.get(name, name)
            words = known_words(name, values_of(found, source))
            columns |= {name: {"column": source, "values": words}} if words else {}
    if "event_id" in landing.column_names and "event_id" not in here and "event_id" not in mapped:
        columns |= {"event_id": {"join": _telling_apart(found, landing, columns)}}
    return columns


def _by_values(column: str, found: FileCheck, free: list[str]) -> Tree:
    """The source of ``column`` that no name tells: the only one whose values can be it, or a constant."""
    if column == "event_type":
        return _kind_of_event(found, free)
    if column == "updated_at":
        return {column: {"arrival_date": True}}
    judges = {"event_time": (are_times, may_be_times), "image_refs": (are_pictures,)}.get(column, ())
    likely = ([name for name in free if judge(values_of(found, name))] for judge in judges)
    shown = next((names for names in likely if names), [])
    return {column: free.pop(free.index(shown[0]))} if len(shown) == 1 else {}


def _telling_apart(found: FileCheck, landing: Contract, columns: Tree) -> list[str]:
    """Columns whose values together are an id of an event."""
    others = [name for name in found.columns if name.strip().casefold() not in landing.column_names]
    rows = [row for row in found.raw if any(value is not None for value in row.values())]
    order = alike(ORDER, others)
    if not all(row.get(order) not in (None, "") for row in rows):
        order = ""  # an id of which a part is missing is none
    parts = [columns.get(name, name) for name in ("event_time", "user_id", "item_id", "event_type")]
    joined = [*([order] if order else []), *(name for part in parts for name in names_of(part))]
    return list(dict.fromkeys(joined))


def _with_clock(found: FileCheck, day: Any, free: list[str]) -> Tree:  # noqa: ANN401 - text or table of TOML
    """``event_time`` from a column of dates and the one column of times of day beside it; else nothing."""
    clocks = [name for name in free if are_clocks(values_of(found, name))]
    if not isinstance(day, str) or len(clocks) != 1 or not are_days(values_of(found, day)):
        return {}
    free.remove(clocks[0])
    return {"event_time": {"join": [day, clocks[0]]}}


def _kind_of_event(found: FileCheck, free: list[str]) -> Tree:
    """``event_type`` from the one column of event words, else constant by the file's name or for orders."""
    worded = [name for name in free if are_events(values_of(found, name))]
    if len(worded) == 1:
        free.remove(worded[0])
        return {"event_type": worded[0]}
    if named_after := event_of_name(found.name):
        return {"event_type": {"value": named_after}}
    flags = {name for name in found.columns if {str(one).lower() for one in values_of(found, name)} & _NO}
    named = [name for name in found.columns if name not in flags]
    return {"event_type": {"value": "purchase"}} if of_orders([found.name, *named]) else {}
