"""What the nights of an experiment have said so far."""

import datetime as dt
from typing import Any

from causalrec.config.experiment import ExperimentSettings
from causalrec.experiment.words import TABLE
from causalrec.lake import Lake


def verdict_rows(
    lake: Lake, settings: ExperimentSettings, upto: dt.date, nights: int | None = None
) -> list[dict[str, Any]]:
    """Rows about this experiment up to ``upto``, oldest first; of the last ``nights`` where given."""
    table = lake.table(TABLE)
    if not table.exists():
        return []
    days = [day for day in table.upto("ds", upto.isoformat()) if day > str(settings.start)]
    if nights is not None:
        days = days[-nights:]
    rows = table.read({"ds": days}).sort_by("ds").to_pylist() if days else []
    return [row for row in rows if row["experiment"] == settings.name]
