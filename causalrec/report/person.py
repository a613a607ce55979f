"""The page of one user: history, list, reasons, and what a raw model would have shown."""

import datetime as dt
import hashlib
import re
from dataclasses import dataclass

from causalrec.config import Settings
from causalrec.report.page import Page, make_page
from causalrec.report.people import ListedItem, Person
from causalrec.report.thumbnails import THUMBNAIL_PIXELS, Thumbnails

MOST_HISTORY = 40  # items shown
SAFE = re.compile(r"[^A-Za-z0-9_-]+")
ID_CHARS, HASH_DIGITS = 40, 8


@dataclass(frozen=True)
class Other:
    """The raw model's list, best first; or the reason why there is none."""

    item_ids: tuple[str, ...]
    why_not: str


@dataclass(frozen=True)
class Compared:
    """A row of the published list with its rank in the other list, None if it is not in it."""

    row: ListedItem
    place: int | None

    @property
    def elsewhere(self) -> bool:
        """Whether the item has a different rank in the other list."""
        return self.place is not None and self.place != self.row.rank


def compared(person: Person, other: Other) -> tuple[list[Compared], set[str]]:
    """The published rows with their rank in the other list, and the items that only the other list has."""
    places = {item: place for place, item in enumerate(other.item_ids, start=1)}
    published = {row.item_id for row in person.shown}
    return [Compared(row, places.get(row.item_id)) for row in person.shown], set(places) - published


def person_page(
    settings: Settings,
    ds: dt.date,
    person: Person,
    other: Other,
    titles: dict[str, str],
    references: dict[str, str],
) -> Page:
    """``user_DATE_ID.html`` in the report folder: one self-contained file, replaced in one step.

    Args:
        titles, references: item id -> title and picture; an item without one is shown by its id.
    """
    rows, left_out = compared(person, other)
    return make_page(
        settings,
        "person.html.j2",
        f"user_{ds.isoformat()}_{_file_name(person.user_id)}.html",
        ds=ds,
        person=person,
        history=person.history[:MOST_HISTORY],
        rows=rows,
        other=other,
        left_out=left_out,
        titles={item: title for item, title in titles.items() if title},
        picture=Thumbnails(settings, references).uri,
        side=THUMBNAIL_PIXELS,
    )


def _file_name(user_id: str) -> str:
    """The id as far as a file name allows; a hash keeps shortened ids distinct."""
    plain = SAFE.sub("-", user_id)[:ID_CHARS]
    return (
        plain if plain == user_id else f"{plain}-{hashlib.sha256(user_id.encode()).hexdigest()[:HASH_DIGITS]}"
    )
