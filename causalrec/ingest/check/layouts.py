"""Files of one delivery that are written in different ways: which are alike, and what each way needs."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from causalrec.config.feed import FeedLayout
from causalrec.contracts import Contract
from causalrec.ingest.check.mapping import Tree
from causalrec.ingest.check.nested import flattened
from causalrec.ingest.check.patterns import patterns
from causalrec.ingest.check.sample import FileCheck
from causalrec.ingest.check.spread import Way, spread
from causalrec.ingest.check.suggest import UNSURE
from causalrec.ingest.check.values import names_of
from causalrec.ingest.formats.layout import Layout
from causalrec.ingest.formats.paths import root

FILES = "files"
"""Key of a suggestion: pattern of file names -> suggestion for these files alone."""
NEEDED = ("event_time", "user_id", "item_id", "event_type", "title")

Suggest = Callable[[FileCheck, FeedLayout], Tree]


def by_layout(
    files: Sequence[FileCheck], landing: Contract, layout: Layout, suggest: Suggest
) -> tuple[Tree, list[str]]:
    """What the files of a delivery need, and remarks on files that only a join would complete.

    It is one tree, with those of other layouts under :data:`FILES`. The layout of the kind is for the files
    that have its columns; where none has, for the way in which most files are written.

    Args:
        suggest: what a file needs beyond settings.
    """
    special: dict[str, Tree] = {}
    plain: list[FileCheck] = []
    for one in files:
        own = layout.of_file(one.name, landing)
        if own.pattern:
            special[own.pattern] = united(special.get(own.pattern, {}), suggest(one, own.feed))
        else:
            plain.append(one)
    main, ways = _told_apart(plain, landing, layout, suggest)
    if ways or special:
        main, ways = _with_kinds(main), [_with_kinds(way) for way in ways]
    apart = {id(way): spread(way, [one for one in (main, *ways) if one is not way], landing) for way in ways}
    said = [spread(main, ways, landing), *apart.values()]
    for way in ways:
        if apart[id(way)] and "title" in landing.column_names:
            continue  # a row of products is all that is known of an item
        names = [one.name for one in way.files]
        others = [one.name for one in files if one.name not in names]
        special |= dict.fromkeys(patterns(names, others), way.tree)
    special = {pattern: tree for pattern, tree in special.items() if tree}
    return {**main.tree, **({FILES: special} if special else {})}, [one for one in said if one]


def _told_apart(
    files: Sequence[FileCheck], landing: Contract, layout: Layout, suggest: Suggest
) -> tuple[Way, list[Way]]:
    """The files for the layout of the kind, and the others by the way in which they are written."""

    def anew(found: FileCheck) -> Tree:
        # of the contract's own layout, which must be said where the kind has another one
        return suggest(found, FeedLayout()) or ({"extra_columns": "refuse"} if found.columns else {})

    home = [one for one in files if _has_columns(one, landing, layout)]
    if home:
        top: Tree = {}
        for one in home:
            top = united(top, suggest(one, layout.feed))
        return Way(top, home), _ways([one for one in files if one not in home], anew)
    ways = _ways(files, lambda one: suggest(one, layout.feed))
    main = max(ways, key=lambda way: len(way.files), default=Way({}, ()))
    others = [one for way in ways if way is not main for one in way.files]
    return main, _ways(others, anew)


def _with_kinds(way: Way) -> Way:
    """The same with ids of events that tell a view from a purchase of another file."""
    columns = way.tree.get("columns", {})
    joined = columns.get("event_id", {}).get("join", ()) if isinstance(columns.get("event_id"), dict) else ()
    kind = columns.get("event_type")
    if not joined or not isinstance(kind, dict) or "value" not in kind:
        return way
    named = {**columns, "event_id": {"join": [*joined, "event_type"]}}
    return Way({**way.tree, "columns": named}, way.files)


def _ways(files: Sequence[FileCheck], suggest: Callable[[FileCheck], Tree]) -> list[Way]:
    found: list[Way] = []
    for one in files:
        tree = suggest(one)
        if not tree:
            continue
        at = next((i for i, way in enumerate(found) if _takes(way, tree, one)), None)
        if at is None:
            found.append(Way(tree, (one,)))
        else:
            found[at] = Way(united(found[at].tree, tree), (*found[at].files, one))
    return found


def _takes(way: Way, tree: Tree, found: FileCheck) -> bool:
    """Whether a file that needs ``tree`` is written like those of ``way``."""
    ours, theirs = _sources(way.tree), _sources(tree)
    known = (*NEEDED, *(() if _may_lack(found) else ours), *(() if _may_lack(way.files[0]) else theirs))
    same = all(ours.get(name) == theirs.get(name) for name in known)
    both = all(ours[name] == theirs[name] for name in ours.keys() & theirs.keys())
    return same and both and all(way.tree.get(key) == tree.get(key) for key in ("encoding", "explode"))


def united(first: Tree, second: Tree) -> Tree:
    """Both suggestions; where they differ the first counts, but words of both are kept."""
    columns = {**second.get("columns", {}), **first.get("columns", {})}
    for name, one in columns.items():
        other = second.get("columns", {}).get(name)
        if isinstance(one, str | dict) and names_of(one) == names_of(other or "") and _words(other):
            columns[name] = {"column": names_of(one)[0], "values": {**_words(other), **_words(one)}}
    return {**second, **first, **({"columns": columns} if columns else {})}


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
