"""Settings that would make a file readable, guessed from its columns and first rows."""

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from typing import Any

from causalrec.contracts import Contract
from causalrec.ingest.check.nested import exploded, flattened
from causalrec.ingest.check.sample import FileCheck
from causalrec.ingest.formats.layout import section
from causalrec.ingest.synonyms import alike

EVENT_WORDS = {
    "impression": "impression", "view_item_list": "impression", "show": "impression", "pageview": "view",
    "page_view": "view", "click": "view", "detail": "view", "view_item": "view", "pv": "view",
    "addtocart": "cart", "add_to_cart": "cart", "basket": "cart", "buy": "purchase",
    "transaction": "purchase",
    "order": "purchase", "sale": "purchase", "checkout": "purchase",
}  # fmt: skip
AVAILABLE_WORDS = {
    **dict.fromkeys(("ja", "oui", "si", "sí", "in stock", "in_stock", "instock", "active"), "true"),
    **dict.fromkeys(
        ("nein", "non", "out of stock", "out_of_stock", "outofstock", "draft", "archived"), "false"
    ),
}
WORDS: Mapping[str, Mapping[str, str]] = {"event_type": EVENT_WORDS, "available": AVAILABLE_WORDS}
EPOCHS = ((10**17, "ns"), (10**14, "us"), (10**11, "ms"), (10**8, "s"))
TIME_FORMATS = tuple(
    day + clock
    for day in ("%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%Y/%m/%d", "%Y%m%d", "%Y-%m-%d")
    for clock in ("", " %H:%M", " %H:%M:%S", " %I:%M %p", ", %H:%M", "T%H:%M")
)
"""Common time formats of shops; a sample that fits more than one decides nothing."""
_DIGITS = re.compile(r"\d{9,20}(\.\d+)?")
_NAIVE = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?")
_COMMA = re.compile(r"^[^,]*\d,\d{1,2}\b[^,]*$")
_ENCODING = re.compile(r'encoding = "([^"]+)"')

Tree = dict[str, Any]


def suggested(found: FileCheck, landing: Contract, feed: Mapping[str, Any]) -> Tree:
    """Settings of ``[landing.KIND]`` beyond those that are set (``feed``)."""
    if encoding := _ENCODING.search(found.problem):
        return {"encoding": encoding[1]}
    if not found.columns:
        return {}
    found, lists = flattened(found)
    tree: Tree = {}
    columns = _columns(found, landing, feed)
    time = "event_time" if "event_time" in landing.column_names else "updated_at"
    taken = {name for one in columns.values() for name in _names(one)}
    spoken = {name.strip().casefold() for name in landing.column_names} | {n.casefold() for n in taken}
    if any(name.strip() and name.strip().casefold() not in spoken for name in found.columns):
        tree["extra_columns"] = "ignore"
    tree |= _times(_values(found, columns.get(time, time)))
    tree |= _numbers(_values(found, columns.get("price", "price")))
    ids = [
        _values(found, columns.get(name, name))
        for name in ("user_id", "item_id")
        if name in landing.column_names
    ]
    if any(isinstance(value, int) and not isinstance(value, bool) for values in ids for value in values):
        tree["number_ids"] = True
    if (explode := exploded(_names(columns.get("item_id", "item_id")), lists)) and not feed.get("explode"):
        tree["explode"] = explode
    if columns:
        tree["columns"] = columns
    if not _identified(found, landing, columns):
        return {}  # no column is recognised, so nothing can be suggested
    return tree


def _identified(found: FileCheck, landing: Contract, columns: Tree) -> bool:
    here = {name.strip().casefold() for name in found.columns}
    wanted = [name for name in ("user_id", "item_id") if name in landing.column_names]
    return all(name in here or name in columns for name in wanted)


def _columns(found: FileCheck, landing: Contract, feed: Mapping[str, Any]) -> Tree:
    here = {name.strip().casefold() for name in found.columns}
    mapped = feed.get("columns") or {}
    free = [name for name in found.columns if name.strip().casefold() not in landing.column_names]
    columns: Tree = {}
    for column in landing.columns:
        if column.name in mapped or column.name in here or column.name in ("arrival_date", "event_id"):
            continue
        name = alike(column.name, free)
        if name and (column.required or column.name != "session_id"):
            columns[column.name] = name
            free.remove(name)
        elif column.name == "event_type":
            columns[column.name] = {"value": "purchase"}
        elif column.name == "updated_at":
            columns[column.name] = {"arrival_date": True}
    for name, ours in WORDS.items():
        if name in landing.column_names and name not in mapped:
            columns |= _words(found, name, columns.get(name, name), ours)
    if "event_id" in landing.column_names and "event_id" not in here and "event_id" not in mapped:
        parts = [columns.get(name, name) for name in ("event_time", "user_id", "item_id", "event_type")]
        columns["event_id"] = {"join": [name for part in parts for name in _names(part)]}
    return columns


def _words(found: FileCheck, column: str, source: Any, ours: Mapping[str, str]) -> Tree:  # noqa: ANN401
    """The mapping of a column from its values to ours; empty if all of them are ours already."""
    words = sorted({str(value) for value in _values(found, source)})
    known = {word: ours[word.casefold()] for word in words if word.casefold() in ours}
    if all(word == other for word, other in known.items()):
        return {}
    return {column: {"column": source, "values": known}}


def _times(values: Sequence[Any]) -> Tree:
    texts = [str(value) for value in values]
    if texts and all(_DIGITS.fullmatch(text) for text in texts):
        size = max(float(text) for text in texts)
        return {"epoch_unit": next((unit for least, unit in EPOCHS if size >= least), "s")}
    if texts and all(_NAIVE.fullmatch(text) for text in texts):
        return {"naive_times": "shop"}
    fitting = [one for one in TIME_FORMATS if texts and all(_is_written(text, one) for text in texts)]
    return {"time_format": fitting[0], "naive_times": "shop"} if len(fitting) == 1 else {}


def _is_written(text: str, time_format: str) -> bool:
    try:
        return bool(dt.datetime.strptime(text.strip(), time_format))
    except ValueError:
        return False


def _numbers(values: Sequence[Any]) -> Tree:
    """``decimal_comma``, if every comma in numbers is before the last one or two digits, or after a point."""
    texts = [str(value).strip() for value in values if "," in str(value)]
    return {"decimal_comma": True} if texts and all(_COMMA.search(text) for text in texts) else {}


def _values(found: FileCheck, source: Any) -> list[Any]:  # noqa: ANN401 - text or table of TOML
    if not isinstance(source, str):
        return []
    wanted = source.strip().casefold()
    rows = ({key.strip().casefold(): value for key, value in row.items()} for row in found.raw)
    return [row[wanted] for row in rows if row.get(wanted) not in (None, "")]


def _names(source: Any) -> list[str]:  # noqa: ANN401 - text or table of TOML
    if isinstance(source, str):
        return [source]
    return [source["column"]] if "column" in source else list(source.get("join", ()))


def toml_block(landing: Contract, tree: Tree) -> str:
    """The settings as TOML, ready to paste; '' for none."""
    if not tree:
        return ""
    kind = section(landing)
    plain = [f"{key} = {_toml(value)}" for key, value in tree.items() if key != "columns"]
    blocks = ["\n".join([f"[landing.{kind}]", *plain])] if plain else []
    if tree.get("columns"):
        taken = [f"{name} = {_toml(source)}" for name, source in tree["columns"].items()]
        blocks.append("\n".join([f"[landing.{kind}.columns]", *taken]))
    return "\n\n".join(blocks)


def _toml(value: Any) -> str:  # noqa: ANN401 - what TOML can hold
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{_key(k)} = {_toml(v)}" for k, v in value.items()) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_toml, value)) + "]"
    text = str(value).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else _toml(name)
