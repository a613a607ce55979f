"""Which setting fixes a reject reason, and how losses are worded."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from causalrec.contracts import Contract
from causalrec.errors import ReasonCode

if TYPE_CHECKING:
    from causalrec.ingest.measure import Measures

SECTION = "[landing.{kind}]"
_CURES: Mapping[str, str] = {
    ReasonCode.UNPARSEABLE: "correct these rows in the export; where CSV has another number of cells than "
    "its header, set {section} delimiter",
    ReasonCode.INVALID_TYPE: "set {section} time_format, naive_times, epoch_unit, number_ids or "
    "decimal_comma as the shop writes them",
    ReasonCode.MISSING_REQUIRED: "map the column under [landing.{kind}.columns], or leave such rows out by "
    "{section} filled",
    ReasonCode.FUTURE_EVENT: "set landing.time_zone and landing.day_start_hour to the shop's own day",
    ReasonCode.TOO_OLD: "raise ingest.lateness_days (0: events of any age), or say that this delivery is "
    "history: ingest.history_until",
    ReasonCode.UNKNOWN_EVENT_TYPE: "map the shop's words: [landing.{kind}.columns.event_type] "
    "values, or leave them out by {section} only",
    ReasonCode.REUSED_ID: 'say where an event_id is unique: landing.event_ids = "delivery" or "session"',
    ReasonCode.NULL_ID: "leave such rows out by {section} filled, or correct the export",
    ReasonCode.BAD_ID: "correct these ids, or raise ingest.max_id_chars where they are too long",
    ReasonCode.BAD_TEXT: "raise ingest.max_row_bytes where such rows are right",
    ReasonCode.DUPLICATE: "nothing is lost: one of equal rows counts. {section} repeats = 'count' keeps the "
    "others out of quarantine",
    ReasonCode.WRONG_PARTITION: "deliver each row under its own arrival date, or without arrival_date",
}
_PICTURE_CURES: Mapping[str, str] = {
    ReasonCode.IMAGE_MISSING: "deliver these files, or set paths.image_roots to where they lie; they are "
    "tried again on later nights",
    ReasonCode.IMAGE_UNREACHABLE: "look at the network and at [fetch]; they are tried again on later nights",
    ReasonCode.IMAGE_FORBIDDEN: "name them by paths below an image root, or add where they come from "
    "to paths.image_roots",
    ReasonCode.IMAGE_EMPTY: "deliver these files again",
    ReasonCode.IMAGE_TOO_LARGE: "deliver smaller pictures, or raise features.image.max_bytes, max_pixels or "
    "max_scans",
    ReasonCode.IMAGE_NOT_AN_IMAGE: "correct the references, or deliver one of features.image.formats",
    ReasonCode.IMAGE_CORRUPT: "deliver these files again",
    ReasonCode.IMAGE_BAD_SIZE: "deliver larger pictures, or lower features.image.min_side",
    ReasonCode.IMAGE_CHANGED: "deliver the products of these pictures again",
}
NO_PICTURES = (
    "deliver them below the folder images of the landing zone, or set paths.image_roots to where they lie; "
    "to go on without them, set features.image.max_failure_share to 1"
)
"""The fix where most pictures of a delivery cannot be used."""
_NUMBER_CURES: Mapping[str, str] = {
    ReasonCode.UNCLEAR_NUMBER: "set {section} decimal_comma = true where numbers are written 1.234,50, and "
    "= false where they are written 1,234.50",
    ReasonCode.OTHER_CURRENCY: "only prices in {section} currency are read: set it to the shop's own, or "
    "correct these",
}
_NO_NUMBER = (
    "correct these values, or map a word that means none: [landing.{kind}.columns] "
    '{column} = {{ column = "YOUR COLUMN", values = {{ "THE WORD" = "" }} }}'
)
_FIELD_CURES: Mapping[str, str] = {
    **dict.fromkeys(("int", "bigint", "double"), _NO_NUMBER),
    "timestamp": "set {section} time_format, naive_times or epoch_unit",
    "array<string>": "set {section} list_separator",
    "boolean": "map its words: [landing.{kind}.columns.{column}] values",
    "string": "set {section} number_ids where whole numbers stand for texts",
}


def advice(found: "Measures", table: Contract) -> str:
    """The fix for the most frequent reason."""
    lost = {reason: n for reason, n in found.rejects.items() if reason != ReasonCode.DUPLICATE}
    return cure(max(lost, key=lambda reason: lost[reason], default=""), table)


def cure(reason: str, table: Contract) -> str:
    """The fix for one reason."""
    return _filled(_CURES.get(reason, "correct the delivery"), table)


def field_advice(column: str, reason: str, table: Contract) -> str:
    """The fix for an optional column that cannot be read."""
    types = {one.name: one.type for one in table.columns}
    text = _NUMBER_CURES.get(reason, "")
    if reason == ReasonCode.INVALID_TYPE:
        text = _FIELD_CURES.get(types.get(column, ""), "")
    return _filled(text or "correct column {column} of the delivery", table, column)


def _filled(text: str, table: Contract, column: str = "") -> str:
    kind = table.name
    return text.format(kind=kind, section=SECTION.format(kind=kind), column=column)


def loss_note(
    found: "Measures", table: Contract, loud_share: float, examples: Mapping[str, str] | None = None
) -> str:
    """One line per reason for losing rows or values, with its fix; '' if next to none are lost.

    Args:
        examples: "column reason" -> one of the values that became null.
    """
    asked = max(found.rows_asked, 1)
    lost = {reason: n for reason, n in found.rejects.items() if reason != ReasonCode.DUPLICATE}
    parts = _lost(lost, asked, "rows", loud_share, lambda reason: cure(reason, table))
    for note, n in found.nulled.items():
        column, _, reason = note.partition(" ")
        if n > loud_share * asked:
            cured = field_advice(column, reason, table)
            shown = f", such as {one!r}" if (one := (examples or {}).get(note)) else ""
            parts.append(f"UNREAD {column} of {n:,} rows ({n / asked:.1%}, {reason}{shown}): {cured}")
    return "\n".join(parts)


def picture_loss_note(rejects: Mapping[str, int], pictures: int, loud_share: float) -> str:
    """The same for the pictures of a delivery."""
    return "\n".join(_lost(rejects, pictures, "pictures", loud_share, lambda reason: _PICTURE_CURES[reason]))


def picture_cure(reason: str) -> str:
    """The fix for pictures that cannot be used for one reason; ''."""
    return _PICTURE_CURES.get(reason, "")


def _lost(
    counts: Mapping[str, int], total: int, things: str, loud_share: float, cured: Callable[[str], str]
) -> list[str]:
    return [
        f"LOST {n:,} of {total:,} {things} ({n / total:.1%}) as {reason}: {cured(reason)}"
        for reason, n in sorted(counts.items(), key=lambda pair: -pair[1])
        if n > loud_share * total
    ]
