"""Ids of events that no catalogue has, and the ids there that they may mean."""

import unicodedata
from collections.abc import Collection

SHOWN = 3


def near_misses(asked: Collection[str], known: Collection[str]) -> list[str]:
    """Sentences on ids that are not known, with examples of nearly equal ones; none where all are known."""
    missing = sorted(set(asked) - set(known))
    if not missing:
        return []
    by_plain = {plain(one): one for one in sorted(known)}
    near = [(one, by_plain[plain(one)]) for one in missing if plain(one) in by_plain]
    share = len(missing) / len(set(asked))
    said = (
        f"{len(missing):,} of {len(set(asked)):,} items of the events ({share:.1%}) are not in the catalogue"
    )
    if near:
        pairs = ", ".join(f"{one!r} for {other!r}" for one, other in near[:SHOWN])
        return [f"{said}; {len(near):,} differ only by case, zeros, blanks or signs: {pairs}"]
    return [f"{said}, such as {', '.join(map(repr, missing[:SHOWN]))}"]


def plain(one: str) -> str:
    """An id without what exports change: case, leading zeros, signs, a trailing .0, Unicode forms."""
    text = unicodedata.normalize("NFKC", one).casefold().removesuffix(".0")
    kept = "".join(char for char in text if char.isalnum())
    return kept.lstrip("0") or kept
