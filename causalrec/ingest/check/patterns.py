"""Patterns of file names for files that have a layout of their own."""

import glob
import posixpath
import re
from collections.abc import Sequence
from fnmatch import fnmatchcase

_DIGITS = re.compile(r"\d+")
_STARS = re.compile(r"\*([-_.T]?\*)+")


def patterns(names: Sequence[str], others: Sequence[str]) -> list[str]:
    """Patterns that fit ``names`` and none of ``others``; a folder or any digits, where that is enough."""
    found: dict[str, None] = {}
    for name in names:
        folder = posixpath.dirname(name)
        wide = [f"{_starred(folder)}/*"] if folder else []
        tried = (*wide, _starred(name), glob.escape(name))
        found[next((one for one in tried if not _fits_any(one, others)), tried[-1])] = None
    return list(found)


def _starred(name: str) -> str:
    return _STARS.sub("*", _DIGITS.sub("*", glob.escape(name)))


def _fits_any(pattern: str, names: Sequence[str]) -> bool:
    return any(fnmatchcase(one, pattern) or fnmatchcase(posixpath.basename(one), pattern) for one in names)
