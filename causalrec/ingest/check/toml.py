"""Suggested settings as TOML, ready to paste."""

import json
import re
from typing import Any

from causalrec.contracts import Contract
from causalrec.ingest.check.layouts import FILES
from causalrec.ingest.check.mapping import Tree
from causalrec.ingest.check.suggest import UNSURE, UNUSED
from causalrec.ingest.formats.layout import section

MOST_NAMED = 20
ORDERS_ALONE = '; { value = "purchase" } where every row is something bought'


def toml_block(landing: Contract, tree: Tree) -> str:
    """The settings as TOML; '' for none. What only a person can tell is a comment."""
    blocks = _blocks(f"landing.{section(landing)}", tree)
    for pattern, own in tree.get(FILES, {}).items():
        blocks += _blocks(f"landing.{section(landing)}.files.{_toml(pattern)}", own)
    return "\n\n".join(blocks)


def _blocks(place: str, tree: Tree) -> list[str]:
    further = ("columns", UNSURE, UNUSED, FILES)
    plain = [f"{key} = {_toml(value)}" for key, value in tree.items() if key not in further]
    blocks = ["\n".join([f"[{place}]", *plain])] if plain else []
    taken = [f"{name} = {_toml(source)}" for name, source in tree.get("columns", {}).items()]
    for name, others in tree.get(UNSURE, {}).items():
        shown = ", ".join(map(_toml, others[:MOST_NAMED])) or "no column is left"
        taken.append(f"# {name} = which of these? {shown}{ORDERS_ALONE if name == 'event_type' else ''}")
    if unused := tree.get(UNUSED):
        more = f" and {len(unused) - MOST_NAMED:,} more" if len(unused) > MOST_NAMED else ""
        taken.append(f"# read by nothing: {', '.join(map(_toml, unused[:MOST_NAMED]))}{more}")
    if taken:
        blocks.append("\n".join([f"[{place}.columns]", *taken]))
    return blocks


def _toml(value: Any) -> str:  # noqa: ANN401 - what TOML can hold
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{_key(k)} = {_toml(v)}" for k, v in value.items()) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return json.dumps(str(value), ensure_ascii=False)


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else _toml(name)
