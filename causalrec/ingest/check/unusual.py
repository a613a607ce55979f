"""Deliveries that a night would refuse because they differ too much from those before them."""

import datetime as dt
from collections.abc import Mapping

from causalrec.config.ingest import IngestSettings
from causalrec.contracts import Contract
from causalrec.contracts.expectations import validate
from causalrec.errors import QualityError
from causalrec.ingest.gate import check_volume
from causalrec.ingest.history import compared
from causalrec.ingest.measure import Measures
from causalrec.ingest.quality import KEY, measures_frame


def unusual(
    measures: Mapping[dt.date, Measures], table: Contract, settings: IngestSettings, history: dt.date | None
) -> dict[dt.date, str]:
    """Arrival date -> why the gate would refuse that delivery, if all of them were loaded now.

    Args:
        history: last arrival date of the history, which is compared with nothing; None without one.
    """
    daily = {day: found for day, found in measures.items() if history is None or day > history}
    refused = {}
    for day, found in daily.items():
        before = {other: one.rows_in for other, one in daily.items() if other < day}
        try:
            check_volume({day: found}, before, table, settings)
        except QualityError as error:
            refused[day] = str(error)
    if not measures:
        return refused
    frame = measures_frame(compared(measures, {}, table, settings, history))
    for failure in validate(table, frame, KEY).failures:
        for row in failure.rows if failure.blocking else ():
            line = f"{table.name} {row}: {failure.name} missed: {failure.description} -> correct the delivery"
            refused.setdefault(dt.date.fromisoformat(row), line)
    return refused
