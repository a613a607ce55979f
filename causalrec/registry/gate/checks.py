"""The gate's table of checks: the question, the result, and the decision that follows."""

import datetime as dt
from dataclasses import asdict, dataclass
from typing import Literal

import pyarrow as pa

from causalrec.lake import Lake
from causalrec.lake.outcome import Written

TABLE = "gate_checks"
Status = Literal["pass", "warn", "fail"]
Decision = Literal["promote", "keep", "reject"]


@dataclass(frozen=True)
class Check:
    """One line of the table.

    Attributes:
        name: the question.
        status: ``fail`` refuses the version, ``warn`` is left to the person who approves.
        value: the result; None if it was not measured or is not a number.
        threshold: what it was compared with; None if there is none.
        detail: one sentence with the numbers.
    """

    name: str
    status: Status
    value: float | None
    threshold: float | None
    detail: str


@dataclass(frozen=True)
class Verdict:
    """All checks and the decision that follows."""

    decision: Decision
    checks: tuple[Check, ...]

    @property
    def why(self) -> str:
        """One sentence with numbers: why it was refused, or that it passed."""
        failed = [check.detail for check in self.checks if check.status == "fail"]
        if failed:
            return "; ".join(failed)
        kept = [check.detail for check in self.checks if check.name == "champion"]
        return kept[0] if kept else "all checks passed"

    def count(self, status: Status) -> int:
        """Checks of one status."""
        return sum(check.status == status for check in self.checks)


def write_checks(
    lake: Lake, ds: dt.date, dataset_id: str, version: str, champion: str | None, verdict: Verdict
) -> Written:
    """Replaces the partition of ``gate_checks``."""
    common = {
        "dataset_id": dataset_id,
        "model_version": version,
        "champion_version": champion,
        "decision": verdict.decision,
    }
    rows = [{**common, "position": n, **asdict(check)} for n, check in enumerate(verdict.checks, 1)]
    table = lake.table(TABLE)
    schema = pa.schema([field for field in table.schema if field.name != "ds"])
    return table.replace(pa.Table.from_pylist(rows, schema=schema), {"ds": ds.isoformat()})
