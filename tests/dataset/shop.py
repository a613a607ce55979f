"""A tiny lake written straight into its tables: events and products of chosen arrival dates."""

import datetime as dt
from pathlib import Path
from typing import Any

import pyarrow as pa

from causalrec.config import Settings
from causalrec.lake import Lake


def settings_at(work: Path, **dataset: object) -> Settings:
    return Settings.model_validate({"paths": {"work": work}, "dataset": dataset})


def lake_at(settings: Settings) -> Lake:
    """A lake that takes deliveries of a handful of rows after hundreds."""
    return Lake(settings.lake_root, settings.lake.model_copy(update={"min_rows_share": 0.0}))


def event(
    event_id: str, time: str, user: str, item: str, kind: str = "purchase", **more: object
) -> dict[str, Any]:
    return {
        "event_id": event_id,
        "event_time": dt.datetime.fromisoformat(time).replace(tzinfo=dt.UTC),
        "user_id": user,
        "item_id": item,
        "event_type": kind,
        "source_file": "a.jsonl",
        **more,
    }


def product(item: str, **more: object) -> dict[str, Any]:
    updated = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
    return {"item_id": item, "image_refs": [], "updated_at": updated, "source_file": "p.jsonl", **more}


def put(lake: Lake, table: str, arrival: str, rows: list[dict[str, Any]]) -> None:
    """Replaces one arrival date of a table by ``rows``."""
    target = lake.table(table)
    schema = pa.schema([field for field in target.schema if field.name != "arrival_date"])
    target.replace(pa.Table.from_pylist(rows, schema=schema), {"arrival_date": arrival})
