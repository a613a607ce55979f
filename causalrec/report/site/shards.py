"""Rows by id as small sorted files, so that a page without a server loads only those it shows.

A shard is a script that hands its rows to the page: browsers let a page that was opened as a file load
scripts, but not data.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc


@dataclass(frozen=True)
class Group:
    """Rows that belong to ids.

    Attributes:
        of: (n,) position of each row's id, ascending.
        rows: n rows, without the id.
    """

    of: npt.NDArray[np.int64]
    rows: pa.Table


@dataclass(frozen=True)
class Kind:
    """Everything the site holds about one kind of id, such as people or items.

    Attributes:
        ids: (m,) distinct, in the order of :func:`sorted_ids`.
        about: m rows, one per id.
        groups: name -> rows that belong to the ids.
        size: ids of a shard.
    """

    name: str
    ids: pa.Array
    about: pa.Table
    size: int
    groups: Mapping[str, Group] = field(default_factory=dict)


def sorted_ids(ids: "pa.Array | pa.ChunkedArray") -> pa.Array:
    """Distinct ids in the order of their code points, in which the pages search."""
    found = pc.unique(ids).drop_null()
    return found.take(pc.array_sort_indices(found))


def grouped(rows: pa.Table, key: str, ids: pa.Array, order: Sequence[tuple[str, str]], most: int) -> Group:
    """The first ``most`` rows of each id by ``order``; rows of other ids are left out."""
    rows = rows.set_column(
        rows.schema.get_field_index(key), key, pc.index_in(rows[key], ids).cast(pa.int64())
    )
    rows = rows.filter(rows[key].is_valid()).sort_by([(key, "ascending"), *order])
    of = rows[key].to_numpy()
    kept = np.arange(len(of)) - np.searchsorted(of, of) < most
    return Group(of[kept], rows.filter(pa.array(kept)).drop_columns([key]))


def write_shards(folder: Path, kind: Kind) -> list[str]:
    """``NAME-0.js`` and so on in ``folder``; returns the first id of each, by which pages find an id."""
    firsts = []
    for number, start in enumerate(range(0, len(kind.ids), kind.size)):
        ids = kind.ids.slice(start, kind.size)
        content: dict[str, Any] = {"ids": ids.to_pylist(), **_columns(kind.about.slice(start, kind.size))}
        for name, group in kind.groups.items():
            low, high = np.searchsorted(group.of, (start, start + len(ids)))
            content[name] = {
                "of": (group.of[low:high] - start).tolist(),
                **_columns(group.rows.slice(low, high - low)),
            }
        firsts.append(content["ids"][0])
        write_data(folder, f"{kind.name}-{number}", content)
    return firsts


def write_data(folder: Path, name: str, content: Mapping[str, Any]) -> None:
    """``NAME.js``, which hands ``content`` to the page that loads it."""
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    (folder / f"{name}.js").write_text(f"site({json.dumps(name)},{text});\n", encoding="utf-8")


def _columns(rows: pa.Table) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = rows.to_pydict()
    return found
