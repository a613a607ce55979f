"""Shards: what is written is what a page finds again, whatever the ids."""

import json
import re
from pathlib import Path
from typing import Any

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from causalrec.report.site.shards import Kind, grouped, sorted_ids, write_shards


def read(file: Path) -> dict[str, Any]:
    match = re.fullmatch(r'site\("[\w-]+",(.*)\);\n', file.read_text(encoding="utf-8"), re.DOTALL)
    assert match is not None
    found: dict[str, Any] = json.loads(match[1])
    return found


def test_two_shards_by_hand(tmp_path: Path) -> None:
    ids = sorted_ids(pa.array(["b", "a", None, "c", "a"]))
    rows = pa.table({"id": ["c", "a", "x", "a", "a"], "rank": [1, 3, 1, 1, 2], "item": list("vwxyz")})
    group = grouped(rows, "id", ids, [("rank", "ascending")], most=2)
    kind = Kind("people", ids, pa.table({"label": ["plain", "cold", "plain"]}), 2, {"list": group})
    assert write_shards(tmp_path, kind) == ["a", "c"]
    assert read(tmp_path / "people-0.js") == {
        "ids": ["a", "b"],
        "label": ["plain", "cold"],
        "list": {"of": [0, 0], "rank": [1, 2], "item": ["y", "z"]},
    }
    assert read(tmp_path / "people-1.js")["list"] == {"of": [0], "rank": [1], "item": ["v"]}


TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=6)


@given(st.lists(TEXTS, min_size=1, unique=True), st.integers(1, 4))
def test_ids_are_in_the_order_of_their_code_points(texts: list[str], size: int) -> None:
    found = sorted_ids(pa.array(texts, pa.string())).to_pylist()
    assert found == sorted(texts)
    group = grouped(pa.table({"id": texts}), "id", pa.array(found, pa.string()), [], size)
    assert group.of.tolist() == list(range(len(texts)))
