"""Which columns of events and of products name the same items, where names leave more than one choice."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from causalrec.contracts.absent import is_absent
from causalrec.errors import CausalrecError
from causalrec.ingest.alike import named_so
from causalrec.ingest.check.delivery import Looked
from causalrec.ingest.check.nested import bare_names, flattened, reached
from causalrec.ingest.check.sample import FileCheck
from causalrec.ingest.check.values import is_whole
from causalrec.ingest.formats.paths import root
from causalrec.ingest.formats.rows import DAMAGED

ITEM = "item_id"
MOST_TOLD = 4  # pairs of columns in the remark
Ids = Mapping[str, frozenset[str]]
"""Column, or path -> the ids in its sampled rows."""


@dataclass(frozen=True)
class Joined:
    """What settles ``item_id``.

    Attributes:
        events: name of a file of events -> its column. products: the column of the products; '' for none.
        said: how many items each choice finds in the catalogue; '' where there was no choice.
    """

    events: Mapping[str, str] = field(default_factory=dict)
    products: str = ""
    said: str = ""


NO_CHOICE = Joined()


def joined(events: Looked, products: Looked) -> Joined:
    """The columns by which most items of the sampled events are in the sampled catalogue."""
    sides = events, products
    choices = [{one.name: _choices(one, side) for one in side.files} for side in sides]
    if all(len(names) < 2 for side in choices for names in side.values()):
        return NO_CHOICE
    asked, known = ([_ids(one, side) for one in side.files if _choices(one, side)] for side in sides)
    catalogue: dict[str, frozenset[str]] = {}
    for ids in known:
        for name, values in ids.items():
            catalogue[name] = catalogue.get(name, frozenset()) | values
    names = [one.name for one in events.files if _choices(one, events)]
    best = max(catalogue, key=lambda one: sum(_most(ids, catalogue[one])[1] for ids in asked), default="")
    if not best or not any(_most(ids, catalogue[best])[1] for ids in asked):
        return NO_CHOICE
    ours = {name: _most(ids, catalogue[best])[0] for name, ids in zip(names, asked, strict=True)}
    return Joined(ours, best, _told(asked, catalogue))


def _choices(found: FileCheck, side: Looked) -> list[str]:
    """Columns that may name the item: the one that is settled, or all whose name may mean it."""
    settled = side.layout_of(found).sources(ITEM)
    names = bare_names(found, flattened(found)[1], side.landing)
    if ITEM in side.layout_of(found).feed.columns or ITEM in {name.strip().casefold() for name in names}:
        return list(settled)
    return [names[one] for one in named_so(ITEM, list(names))]


def _ids(found: FileCheck, side: Looked) -> Ids:
    names = _choices(found, side)
    ids: dict[str, set[str]] = {name: set() for name in names}
    try:
        for row in side.raw(found, {root(name) for name in names}):
            for name in names:
                ids[name].update(_written(row, name))
    except (CausalrecError, *DAMAGED):
        pass  # what was read until there is compared; the check tells of the damage elsewhere
    return {name: frozenset(values) for name, values in ids.items()}


def _written(row: Mapping[str, Any], path: str) -> Iterator[str]:
    for value in reached(row, path):
        text = str(int(value) if is_whole(value) else value).strip()
        if value is not None and not is_absent(text):
            yield text


def _most(ids: Ids, known: frozenset[str]) -> tuple[str, float]:
    """The column of whose ids the largest share is known, the first of equal ones, and that share."""
    shares = {name: len(one & known) / max(len(one), 1) for name, one in ids.items()}
    best = max(shares, key=lambda name: shares[name])
    return best, shares[best]


def _told(asked: list[Ids], catalogue: Ids) -> str:
    pairs = {
        (ours, theirs): (len(one & known), len(one))
        for ids in asked
        for ours, one in ids.items()
        for theirs, known in catalogue.items()
    }
    shown = sorted(pairs.items(), key=lambda pair: -pair[1][0] / max(pair[1][1], 1))[:MOST_TOLD]
    told = "; ".join(
        f"{ours} finds {found:,} of {of:,} among {theirs}" for (ours, theirs), (found, of) in shown
    )
    return f"more than one column may be item_id, of events and of products: {told}"
