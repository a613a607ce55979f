"""Files of which some rows hold a list of items and others one item, as streams of web events do."""

from collections.abc import Sequence

from causalrec.ingest.check.mapping import Tree
from causalrec.ingest.check.nested import exploded, flattened, reached
from causalrec.ingest.check.sample import FileCheck

ITEM = "item_id"


def either(given: FileCheck, columns: Tree, lists: frozenset[str]) -> Tree:
    """``columns`` with a second source where rows without the list have the same below another name.

    Returns:
        ``columns`` itself where all rows hold an item in one place.
    """
    item = columns.get(ITEM)
    names = flattened(given)[0].columns
    if not isinstance(item, str) or not lists:
        return columns
    places = [item, *_twins(item, names)]
    inside = next((one for one in places if exploded([one], lists)), "")
    outside = next((one for one in places if not exploded([one], lists)), "")
    alone = [row for row in given.raw if not any(True for _ in reached(row, inside))] if inside else []
    if not outside or not any(True for row in alone for _ in reached(row, outside)):
        return columns
    above = exploded([inside], lists)
    found = dict(columns) | {ITEM: {"column": inside, "otherwise": [outside]}}
    for ours, source in columns.items():
        if ours == ITEM or not isinstance(source, str):
            continue
        both = [source, *_twins(source, names)]
        within = next((one for one in both if one.startswith(f"{above}.")), "")
        beside = next((one for one in both if not exploded([one], lists)), "")
        if within and beside and source in (within, beside):
            found[ours] = {"column": within, "otherwise": [beside]}
    if "event_id" in columns:
        joined = [ITEM if one == item else one for one in columns["event_id"]["join"]]
        found["event_id"] = {"join": joined}
    return found


def _twins(path: str, names: Sequence[str]) -> list[str]:
    """Other paths with the same last name."""
    last = path.rpartition(".")[2]
    return [one for one in names if one != path and one.rpartition(".")[2] == last]
