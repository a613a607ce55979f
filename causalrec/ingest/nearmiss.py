"""Ids of events that are missing from the catalogue, and the catalogue ids that they may mean."""

import pyarrow as pa
import pyarrow.compute as pc

SHOWN = 3


def near_misses(missing: pa.Array, known: pa.Array) -> list[tuple[str, str]]:
    """Unknown ids that differ from a known one only by what exports change, each with that known id.

    Args:
        missing: ids that are not among ``known``, in the order in which to report them.
        known: ids of the catalogue.
    """
    at = pc.index_in(plain(missing), value_set=plain(known))
    found = pc.is_valid(at)
    meant = known.take(at.filter(found))
    return list(zip(missing.filter(found).to_pylist(), meant.to_pylist(), strict=True))


def told(missing: pa.Array, known: pa.Array) -> str:
    """A sentence on unknown ids: near misses, else a few of them as delivered."""
    near = near_misses(missing, known)
    if near:
        pairs = ", ".join(f"{one!r} for {other!r}" for one, other in near[:SHOWN])
        return f"{len(near):,} of them differ from a known id only by case, zeros, blanks or signs: {pairs}"
    return f"such as {', '.join(map(repr, missing.slice(0, SHOWN).to_pylist()))}"


def plain(ids: pa.Array) -> pa.Array:
    """Ids without what exports change: case, accents, leading zeros, signs, a trailing ``.0``."""
    text = pc.utf8_lower(pc.utf8_normalize(ids.cast(pa.string()), "NFKD"))
    for pattern, kept in ((r"\.0$", ""), (r"[^\p{L}\p{N}]", ""), (r"^0+(.)", r"\1")):
        text = pc.replace_substring_regex(text, pattern, kept)
    return text
