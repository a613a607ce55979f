"""Patterns of file names for files that have a layout of their own."""

import glob
import posixpath
import re
from collections.abc import Sequence

from causalrec.ingest.formats.layout import fits

_DIGITS = re.compile(r"\d+")
_STARS = re.compile(r"\*([-_.T]?\*)+")


def patterns(names: Sequence[str], others: Sequence[str]) -> list[str]:
    """Patterns that fit ``names`` and none of ``others``; a folder or any digits, where that is enough."""
    found: dict[str, None] = {}
    for name in names:
        folder = posixpath.dirname(name)
        wide = [f"{_starred(folder)}/*"] if folder else []
        tried = (*wide, _starred(name), glob.escape(name))
        free = (one for one in tried if not any(fits(one, other) for other in others))
        found[next(free, tried[-1])] = None
    return list(found)


def _starred(name: str) -> str:
    return _STARS.sub("*", _DIGITS.sub("*", glob.escape(name)))
