"""Removes lists, and rows of lists, from every night that Redis still holds."""

import json
from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any

from causalrec.scoring.export.erase_parquet import Named
from causalrec.scoring.export.night import KEYS
from causalrec.scoring.export.redis import GLOB
from causalrec.scoring.export.redis_lists import KEYS_AT_ONCE

if TYPE_CHECKING:
    from redis import Redis

META = "meta"


def count_rows(client: "Redis", prefix: str, named: Named) -> tuple[int, int]:
    """Number of lists to delete as a whole, and of rows to remove from other lists."""
    lists = rows = 0
    for _, text, kept in _touched(client, prefix, named):
        lists += kept is None
        rows += 0 if kept is None else len(json.loads(text)) - len(kept)
    return lists, rows


def erase_rows(client: "Redis", prefix: str, named: Named) -> None:
    """Deletes lists and rewrites others, which keep their time to live; counts in ``meta`` are reduced."""
    for key, text, kept in _touched(client, prefix, named):
        before = len(json.loads(text))
        if kept is None:
            client.delete(key)
        else:
            client.set(key, json.dumps(kept, ensure_ascii=False, separators=(",", ":")), keepttl=True)
        _count_down(client, prefix, key, before - len(kept or ()), kept is None)


def _touched(client: "Redis", prefix: str, named: Named) -> Iterator[tuple[str, str, list[Any] | None]]:
    """Key, text and remaining rows of every list that contains one of the values; None: no rows remain."""
    nights = f"{prefix}:night:"
    found = client.scan_iter(f"{nights.translate(GLOB)}*", count=KEYS_AT_ONCE)
    while keys := [str(key) for key in islice(found, KEYS_AT_ONCE)]:
        for key, text in zip(keys, client.mget(keys), strict=True):
            _, table, value = (*key.removeprefix(nights).split(":", 2), "", "")[:3]
            if text is None or table not in KEYS:
                continue
            if value in named.get(KEYS[table], ()):
                yield key, str(text), None
                continue
            rows = json.loads(str(text))
            kept = [row for row in rows if not any(row.get(name) in ids for name, ids in named.items())]
            if len(kept) < len(rows):
                yield key, str(text), kept or None


def _count_down(client: "Redis", prefix: str, key: str, rows: int, whole: bool) -> None:
    night, table, _ = key.removeprefix(f"{prefix}:night:").split(":", 2)
    name = f"{prefix}:night:{night}:{META}"
    text = client.get(name)
    if text is None:  # a night that was never finished has none
        return
    meta = json.loads(str(text))
    meta["tables"][table]["rows"] -= rows
    meta["tables"][table]["lists"] -= int(whole)
    client.set(name, json.dumps(meta), keepttl=True)
