"""A tiny shop for tests: settings in a temporary folder, and deliveries of products into the lake."""

import datetime as dt
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from causalrec.config import Settings
from causalrec.config.features import FeatureSettings, ImageSettings
from causalrec.config.paths import PathSettings
from causalrec.features.store import feature_table
from causalrec.lake import Lake


def shop_settings(work: Path, **image: object) -> tuple[Settings, Lake]:
    """Settings whose picture folder exists, and their lake."""
    features = FeatureSettings(image=ImageSettings.model_validate(image))
    settings = Settings(paths=PathSettings(work=work), features=features)
    Path(settings.image_roots[0]).mkdir(parents=True, exist_ok=True)
    return settings, Lake(settings.lake_root)


def products(
    lake: Lake,
    arrival: dt.date,
    references: Mapping[str, Sequence[str]],
    titles: Mapping[str, str] | None = None,
) -> None:
    """Deliver products with these picture references."""
    table = lake.table("products")
    rows = [
        {
            "item_id": item,
            "title": (titles or {}).get(item),
            "image_refs": list(names),
            "updated_at": dt.datetime(2026, 3, 1, tzinfo=dt.UTC),
            "source_file": "products.jsonl",
            "arrival_date": arrival,
        }
        for item, names in references.items()
    ]
    table.replace(pa.Table.from_pylist(rows, schema=table.schema), {"arrival_date": arrival.isoformat()})


def images(
    lake: Lake,
    arrival: dt.date,
    hashes: Mapping[str, str],
    suffix: str = ".jpg",
    second: Mapping[str, str] | None = None,
) -> None:
    """Record one good picture per item, ``ITEM.jpg``, with this hash of its bytes.

    ``second`` does the same for ``ITEM-1.jpg``, a further picture of some of them.
    """
    table = lake.table("images")
    rows = [
        {
            "item_id": item, "position": place, "image_ref": f"{item}{mark}{suffix}", "sha256": sha256,
            "width": 64, "height": 64, "format": "JPEG", "bytes": 1, "delivered_on": arrival,
            "arrival_date": arrival,
        }
        for place, mark, part in ((0, "", hashes), (1, "-1", second or {}))
        for item, sha256 in part.items()
    ]  # fmt: skip
    table.replace(pa.Table.from_pylist(rows, schema=table.schema), {"arrival_date": arrival.isoformat()})


def vectors(lake: Lake, encoder_id: str, keys: Sequence[str], matrix: np.ndarray) -> None:
    """Store one vector per content key."""
    table = lake.table(feature_table(encoder_id))
    rows = [
        {"content_key": key, "encoder_id": encoder_id, "vector": row.tolist(), "dim": len(row)}
        for key, row in zip(keys, matrix, strict=True)
    ]
    table.append(pa.Table.from_pylist(rows, schema=table.schema))
