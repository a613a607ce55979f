"""Whether the values of a column in a file can be what one of our columns holds."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from causalrec.ingest.check.guess import are_ids, are_pictures, are_texts, guessed_type, may_be_times


def _are_numbers(values: Sequence[Any]) -> bool:
    return guessed_type(values) == "number"


_MEANT: Mapping[str, Callable[[Sequence[Any]], bool]] = {
    **dict.fromkeys(("event_time", "updated_at"), may_be_times),
    **dict.fromkeys(("user_id", "item_id"), are_ids),
    **dict.fromkeys(("event_type", "title", "description", "brand", "category"), are_texts),
    "price": _are_numbers,
    "image_refs": are_pictures,
}
"""Column of the contract -> whether values can be what it holds."""


def fits(column: str, values: Sequence[Any]) -> bool:
    """Whether ``values`` can be those of ``column`` of the contract; true without values, or if unknown."""
    return not values or column not in _MEANT or _MEANT[column](values)
