"""The stage: judges the arms of an experiment by what their users did up to the run date."""

import datetime as dt
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from causalrec.config import Settings
from causalrec.config.experiment import CONTROL, ExperimentSettings
from causalrec.experiment.lines import Arm, ArmLine, Now
from causalrec.experiment.recorded import verdict_rows
from causalrec.experiment.seen import LISTS, Rows, both_sides, each_side
from causalrec.experiment.verdict import judge
from causalrec.experiment.words import CONCLUDED, DECIDED, LAST_WORDS, TABLE, ArmVerdict
from causalrec.lake import Lake, Ledger
from causalrec.lake.outcome import NEWS, Outcome, Pin

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

DAY = dt.timedelta(days=1)


def experiment_inputs(settings: Settings, lake: Lake, ledger: Ledger, ds: dt.date) -> dict[str, str]:
    """The settings, the lists and events behind them, and earlier verdicts; the same text while none runs."""
    if not settings.experiment.judges(ds):
        return {"experiment": ""}
    robots = settings.dataset.model_dump_json(include={"max_daily_actions", "max_minute_actions", "known"})
    digests = [
        ledger.partition_digests(table, upto) for table, upto in
        ((LISTS, ds - DAY), ("events", ds), (TABLE, ds - DAY))
    ]  # fmt: skip
    return {
        "experiment": settings.experiment.model_dump_json(),
        "robots": robots,
        "tables": hashlib.sha256(repr(digests).encode()).hexdigest(),
    }


def judge_experiment(
    settings: Settings, lake: Lake, spark: "Callable[[], SparkSession]", ds: dt.date
) -> Outcome:
    """Replaces the partition of ``experiments``; Spark starts only where there is something to judge."""
    chosen = settings.experiment
    if not chosen.judges(ds):
        return Outcome(note="no experiment has responses to judge (experiment.name, start, end)")
    lists, events = lake.table(LISTS), lake.table("events")
    pins = tuple(Pin(table.name, table.version()) for table in (lists, events))
    earlier = verdict_rows(lake, chosen, ds - DAY)
    seen = (both_sides if chosen.interleaved else each_side)(settings, lake, spark(), ds, pins, earlier)
    if seen is None:
        return Outcome(reads=pins, note=f"experiment {chosen.name} has shown no lists yet")
    arms, paired = seen
    lines = judge(arms, chosen, Now(ds > _end(chosen), _decided(earlier)), paired)
    table = lake.table(TABLE)
    schema = pa.schema([field for field in table.schema if field.name != "ds"])
    rows = [_row(line, chosen, arms[line.arm]) for line in lines]
    written = table.replace(pa.Table.from_pylist(rows, schema=schema), {"ds": ds.isoformat()})
    return Outcome(
        rows_in=arms[CONTROL].moments.users if paired else sum(arm.moments.users for arm in arms.values()),
        rows_out=written.rows, reads=pins,
        writes=(written,),
        counters={
            **{f"users_in_{name}": float(arm.moments.users) for name, arm in arms.items()},
            **_answers(chosen, lines, arms, earlier),
        },
        note="\n".join(told(line, chosen.name) for line in lines if line.verdict),
    )  # fmt: skip


def told(line: ArmLine, name: str) -> str:
    """One sentence about an arm."""
    return f"experiment {name}, arm {line.arm}: {line.verdict}; {line.detail}"


def _end(settings: ExperimentSettings) -> dt.date:
    assert settings.end is not None  # noqa: S101 - an experiment that is judged has one
    return settings.end


def _decided(earlier: Rows) -> dict[str, tuple[str, ArmVerdict]]:
    """Arm -> the first night that decided, and its verdict."""
    found: dict[str, tuple[str, ArmVerdict]] = {}
    for row in earlier:
        if row["decides"] and row["verdict"] in DECIDED:
            found.setdefault(row["arm"], (str(row["ds"]), row["verdict"]))
    return found


def _answers(
    settings: ExperimentSettings,
    lines: Sequence[ArmLine],
    arms: Mapping[str, Arm],
    earlier: Rows,
) -> dict[str, float]:
    """Counters of what is decided, and of what was not the night before."""
    last = {row["arm"]: row["verdict"] for row in earlier if row["decides"]}
    answered = [line.arm for line in lines if line.verdict in LAST_WORDS]
    found = {NEWS: float(sum(last.get(arm) not in LAST_WORDS for arm in answered))}
    for arm in answered:
        if settings.arms[arm].model == "experiment" and len(arms[arm].versions) == 1:
            found[CONCLUDED] = float(arms[arm].versions[0])
    return found


def _row(line: ArmLine, settings: ExperimentSettings, arm: Arm) -> dict[str, Any]:
    share = 1.0 if settings.interleaved else settings.shares.get(line.arm, 1 - sum(settings.shares.values()))
    return {
        **asdict(line),
        "experiment": settings.name,
        "model_version": ", ".join(arm.versions),
        "share": share,
        "horizon": settings.horizon,
        "design": settings.design,
    }
