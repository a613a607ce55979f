"""The gate's table of checks: the question, the result, and the decision that follows."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import pyarrow as pa

from causalrec.errors import RegistryError
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


def read_verdict(lake: Lake, ds: dt.date, version: str) -> Verdict:
    """The gate's verdict on ``version`` when it was evaluated on ``ds``.

    Raises:
        RegistryError: it was not evaluated on that date.
    """
    rows: Sequence[dict[str, Any]] = lake.table(TABLE).read({"ds": [ds.isoformat()]}).to_pylist()
    mine = sorted((row for row in rows if row["model_version"] == version), key=lambda row: row["position"])
    if not mine:
        raise RegistryError(f"version {version} has no gate verdict for {ds}", do="run evaluate")
    names = ("name", "status", "value", "threshold", "detail")
    checks = tuple(Check(**{name: row[name] for name in names}) for row in mine)
    return Verdict(mine[0]["decision"], checks)
