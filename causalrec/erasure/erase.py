"""Erases a user, an item or a brand in every store of a shop, and reports the result per store."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pyarrow.compute as pc

from causalrec.config import Settings
from causalrec.erasure.experiments import ModelStore
from causalrec.erasure.shop import stores
from causalrec.erasure.store import Found, Store
from causalrec.errors import LakeError
from causalrec.lake import Lake
from causalrec.lake.upkeep.erasures import Erasures
from causalrec.lake.upkeep.subject import Kind, Subject
from causalrec.registry.flags import flag, flag_broken


@dataclass(frozen=True)
class Receipt:
    """What an erasure did, or would do. It never contains an id.

    Attributes:
        stores: every store of the shop -> its result. flagged: model versions that were trained on the
            subject.
    """

    stores: Mapping[str, Found]
    flagged: tuple[str, ...] = ()

    @property
    def nothing(self) -> bool:
        """Whether there was nothing to erase."""
        return not any(found.state in ("there", "erased") for found in self.stores.values())

    @property
    def left(self) -> dict[str, Found]:
        """Stores that still hold the subject or could not be searched."""
        return {
            name: one for name, one in self.stores.items() if one.state in ("still there", "not searched")
        }

    def as_json(self) -> dict[str, Any]:
        """The receipt as it is stored."""
        found = {name: one.as_json() for name, one in self.stores.items()}
        return {"stores": found, "flagged": list(self.flagged)}


def subject_of(lake: Lake, kind: Kind, one: str) -> Subject:
    """What is erased for an id: a brand includes the items that carry it in ``products``.

    Raises:
        LakeError: the id is empty.
    """
    if not one.strip():
        raise LakeError(f"no {kind} was given", do=f"give the {kind} to erase")
    if kind != "brand":
        return Subject((kind, one))
    products = lake.table("products").read(columns=["item_id", "brand"])
    items = products.filter(pc.equal(products["brand"], one))["item_id"]
    return Subject((kind, one), tuple(sorted(set(items.to_pylist()))))


def erase(
    settings: Settings,
    lake: Lake,
    subject: Subject,
    *,
    really: bool,
    passwords: Mapping[str, str],
    done: Callable[[str], None] = lambda _: None,
) -> Receipt:
    """Erase ``subject``; with ``really`` False only report what would go. ``done`` is called for every store.

    The request is recorded first, so that later deliveries leave the subject out. If killed at any point, the
    same call finishes the work. A store counts as erased once a second search has found nothing.

    Args:
        passwords: for the stores that the shop exports to, by target.

    Raises:
        ConflictError: a partition or an export was being written; run it again.
    """
    erasures = Erasures(lake)
    places = stores(settings, lake, passwords)
    found: dict[str, Found] = {}
    for place in places:
        found[place.name] = place.find(subject)
        done(place.name)
    planned = Receipt(found)
    if not really or (planned.nothing and erasures.knows(subject)):
        return planned
    first = not erasures.receipts(subject)
    erasures.request(subject)
    models = found[ModelStore.name].names
    if first:
        flag(settings, models)
    after = _erased(places, found, subject, done)
    broken = flag_broken(settings, lake)
    receipt = Receipt(after, tuple(sorted({*models, *broken}, key=int)))
    erasures.done(subject, receipt.as_json())
    return receipt


def _erased(
    places: Sequence[Store], found: Mapping[str, Found], subject: Subject, done: Callable[[str], None]
) -> dict[str, Found]:
    after = dict(found)
    for place in places:
        held = found[place.name]
        if held.state == "there":
            place.erase(subject)
            left = place.find(subject)
            gone = left.state == "not there"
            after[place.name] = (
                replace(held, state="erased")
                if gone
                else replace(
                    left,
                    state="still there",
                    until=left.until or "it was written in the meantime: erase again",
                )
            )
        done(place.name)
    return after
