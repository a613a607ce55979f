"""Files of one delivery that are written in different ways: which are alike, and what each way needs."""

import glob
import posixpath
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from causalrec.config.feed import FeedLayout
from causalrec.contracts import Contract
from causalrec.ingest.check.mapping import Tree
from causalrec.ingest.check.nested import flattened
from causalrec.ingest.check.sample import FileCheck
from causalrec.ingest.check.suggest import UNSURE
from causalrec.ingest.check.values import names_of
from causalrec.ingest.formats.layout import Layout
from causalrec.ingest.formats.paths import root

FILES = "files"
"""Key of a suggestion: pattern of file names -> suggestion for these files alone."""
NEEDED = ("event_time", "user_id", "item_id", "event_type", "title")
_DIGITS = re.compile(r"\d+")
_STARS = re.compile(r"\*([-_.T]?\*)+")

Suggest = Callable[[FileCheck, FeedLayout], Tree]


@dataclass(frozen=True)
class _Way:
    """Files that are written alike, and what they need."""

    tree: Tree
    files: Sequence[FileCheck]

    def takes(self, tree: Tree, found: FileCheck) -> bool:
        """Whether a file that needs ``tree`` is written like these."""
        ours, theirs = _sources(self.tree), _sources(tree)
        known = (*NEEDED, *(() if _may_lack(found) else ours), *(() if _may_lack(self.files[0]) else theirs))
        same = all(ours.get(name) == theirs.get(name) for name in known)
        both = all(ours[name] == theirs[name] for name in ours.keys() & theirs.keys())
        keys = ("encoding", "explode")
        return same and both and all(self.tree.get(key) == tree.get(key) for key in keys)

    def plus(self, tree: Tree, found: FileCheck) -> "_Way":
        """The same with one more file."""
        return _Way(united(self.tree, tree), (*self.files, found))


def by_layout(files: Sequence[FileCheck], landing: Contract, layout: Layout, suggest: Suggest) -> Tree:
    """What the files of a delivery need: one tree, with those of other layouts under :data:`FILES`.

    The layout of the kind is for the files that have its columns; where none has, for the way in which most
    files are written.

    Args:
        suggest: what a file needs beyond settings.
    """
    top: Tree = {}
    special: dict[str, Tree] = {}
    plain = [one for one in files if not layout.of_file(one.name, landing).pattern]
    for one in files:
        if one not in plain:
            own = layout.of_file(one.name, landing)
            special[own.pattern] = united(special.get(own.pattern, {}), suggest(one, own.feed))
    home = [one for one in plain if _has_columns(one, landing, layout)]
    for one in home:
        top = united(top, suggest(one, layout.feed))
    foreign = [one for one in plain if one not in home]
    ways = _ways(foreign, lambda one: suggest(one, FeedLayout() if home else layout.feed))
    if ways and not home:
        first = max(ways, key=lambda way: len(way.files))
        top, ways = first.tree, [way for way in ways if way is not first]
        if layout.feed.columns:  # what is set already is for the files of the first
            ways = _ways([one for way in ways for one in way.files], lambda one: suggest(one, FeedLayout()))
    for way in ways:
        others = [one.name for one in files if one not in way.files]
        special |= dict.fromkeys(patterns([one.name for one in way.files], others), way.tree)
    special = {pattern: tree for pattern, tree in special.items() if tree}
    return {**top, **({FILES: special} if special else {})}


def _ways(files: Sequence[FileCheck], suggest: Callable[[FileCheck], Tree]) -> list[_Way]:
    found: list[_Way] = []
    for one in files:
        tree = suggest(one)
        if not tree:
            continue
        at = next((i for i, way in enumerate(found) if way.takes(tree, one)), None)
        if at is None:
            found.append(_Way(tree, (one,)))
        else:
            found[at] = found[at].plus(tree, one)
    return found


def united(first: Tree, second: Tree) -> Tree:
    """Both suggestions; where they differ the first counts, but words of both are kept."""
    columns = {**second.get("columns", {}), **first.get("columns", {})}
    for name, one in columns.items():
        other = second.get("columns", {}).get(name)
        if isinstance(one, str | dict) and names_of(one) == names_of(other or "") and _words(other):
            columns[name] = {"column": names_of(one)[0], "values": {**_words(other), **_words(one)}}
    return {**second, **first, **({"columns": columns} if columns else {})}


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


def _sources(tree: Tree) -> Mapping[str, Any]:
    """Column of ours -> where it comes from, without words; ``event_id`` follows from the others."""
    columns = tree.get("columns", {})
    sources: dict[str, Any] = {name: names_of(one) or str(one) for name, one in columns.items()}
    sources.pop("event_id", None)
    return sources | dict.fromkeys(tree.get(UNSURE, {}), "asked")


def _words(source: Any) -> Mapping[str, str]:  # noqa: ANN401 - text or table of TOML
    return source.get("values", {}) if isinstance(source, dict) else {}


def _may_lack(found: FileCheck) -> bool:
    """Whether a row may lack a column that is mapped; the header of other files must name it."""
    return found.shape.startswith("JSON")


def _has_columns(found: FileCheck, landing: Contract, layout: Layout) -> bool:
    """Whether the file has a column, or path, for each of ours that a night needs."""
    named = {*found.columns, *flattened(found)[0].columns, *map(root, found.columns)}
    here = {name.strip().casefold() for name in named}
    sources = [
        name
        for column in landing.columns
        if column.required and column.name != "event_id"
        for name in layout.sources(column.name)
    ]
    return all(name.casefold() in here or root(name).casefold() in here for name in sources)
