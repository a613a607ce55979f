"""The row of a dataset in the table ``datasets``: its bundle, its sizes, and the table versions behind it."""

import datetime as dt
import json
from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from causalrec.errors import LakeError
from causalrec.lake import Lake
from causalrec.lake.outcome import Pin, Written


def datasets_row(
    encoders: Mapping[str, str],
    dataset_id: str,
    pins: list[Pin],
    arrays: Mapping[str, Any],
    n_users: int,
    n_items: int,
) -> dict[str, Any]:
    """The row of a bundle for the table ``datasets``; ``encoders`` by modality."""
    return {
        "dataset_id": dataset_id,
        "pins": json.dumps(pins_as_json(pins)),
        "n_users": n_users,
        "n_items": n_items,
        "n_train": arrays["train"].shape[1],
        "n_valid": arrays["valid"].shape[1],
        "n_test": arrays["test"].shape[1],
        "image_encoder": encoders["image"] if "image" in arrays else None,
        "text_encoder": encoders["text"] if "text" in arrays else None,
        "bundle": dataset_id,
    }


def pins_as_json(pins: list[Pin]) -> list[dict[str, str | int]]:
    """Pins by name of their table, as a row and a bundle keep them."""
    return [{"table": pin.table, "version": pin.version} for pin in sorted(pins, key=lambda pin: pin.table)]


def record_dataset(lake: Lake, ds: dt.date, row: dict[str, Any]) -> Written:
    """Writes the row of ``ds``.

    Rebuilding the same content keeps the pins of the first build, which are still valid.
    """
    table = lake.table("datasets")
    if table.exists():
        before = table.read(where={"ds": [ds.isoformat()]}).to_pylist()
        if before and before[0]["dataset_id"] == row["dataset_id"] and _readable(lake, before[0]["pins"]):
            row = {**row, "pins": before[0]["pins"]}
    names = [name for name in table.contract.arrow_schema.names if name != "ds"]
    schema = pa.schema([table.contract.arrow_schema.field(name) for name in names])
    return table.replace(pa.Table.from_pylist([row], schema=schema), {"ds": ds.isoformat()})


def _readable(lake: Lake, pins: str) -> bool:
    try:
        for pin in json.loads(pins):
            snapshot = lake.table(pin["table"]).snapshot(pin["version"])
            if snapshot is None:
                return False
            snapshot.select(None)
    except LakeError:
        return False
    return True
