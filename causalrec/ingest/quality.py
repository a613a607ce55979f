"""Runs the contract's expectations on the measures of a delivery and stores the result as JSON."""

import datetime as dt
import json
from collections.abc import Mapping

import pandas as pd

from causalrec.contracts import Contract
from causalrec.contracts.expectations import validate
from causalrec.errors import QualityError
from causalrec.ingest.measure import Measures
from causalrec.store import Location, checked_out

DOCS = "data_docs"
KEY = "arrival_date"


def measures_frame(measures: Mapping[dt.date, Measures]) -> pd.DataFrame:
    """One row of metrics per delivery, by arrival date; the input of the expectations."""
    return pd.DataFrame(
        [{KEY: date.isoformat(), **found.metrics} for date, found in sorted(measures.items())]
    )


def check_expectations(
    measures: Mapping[dt.date, Measures], table: Contract, quality: Location, ds: dt.date
) -> list[str]:
    """Validate every delivery; returns one line per unmet expectation that does not block.

    Below ``quality`` it writes ``TABLE/DS.json`` and Data Docs for people: ``data_docs/pages/index.html``.

    Raises:
        QualityError: a blocking expectation is not met; the report is written all the same.
    """
    frame = measures_frame(measures)
    with checked_out(quality.child(DOCS)) as docs:
        verdict = validate(table, frame, KEY, docs, ds)
    report = f"{table.name}/{ds}.json"
    tree = {"table": table.name, "measures": frame.to_dict("records"), "validation": verdict.result}
    quality.write(report, json.dumps(tree, indent=1, default=str).encode())
    lines = {
        failure: f"{failure.name} missed on {', '.join(failure.rows[:3])} ({', '.join(failure.found[:3])}): "
        f"{failure.description}"
        for failure in verdict.failures
    }
    blocking = [line for failure, line in lines.items() if failure.blocking]
    if blocking:
        raise QualityError(
            f"{table.name}: {'; '.join(blocking)}",
            do=f"see {quality.address(report)}; correct the delivery, nothing was written",
        )
    return list(lines.values())
