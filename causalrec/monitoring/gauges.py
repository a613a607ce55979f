"""The state of a shop as gauges in the text format of Prometheus.

Everything comes from tables: the newest runs in the ledger, the newest monitored night, the decisions about
the champion. Format: https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format
"""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from causalrec.lake import Lake, Ledger, LedgerRow
from causalrec.lake.record.ledger import DONE
from causalrec.monitoring.monitor import REQUEST, TABLE
from causalrec.registry.champion.promotions import Decision, decisions
from causalrec.registry.promotion.waits import who_waits

STATES = {"pass": 0, "warn": 1, "fail": 2}
HELP = {
    "causalrec_stage_up": "1 where the newest run of a stage succeeded, 0 where it failed",
    "causalrec_stage_last_run_timestamp_seconds": "when that run ended",
    "causalrec_stage_last_success_timestamp_seconds": "when the newest run that succeeded ended",
    "causalrec_stage_newest_date_timestamp_seconds": "newest run date that the stage succeeded for",
    "causalrec_stage_duration_seconds": "wall time of the newest run that succeeded",
    "causalrec_stage_cpu_seconds": "CPU time of that run",
    "causalrec_stage_rows": "rows that this run read (in), wrote (out) and rejected",
    "causalrec_stage_rejected_rows": "rows that this run rejected, by reason",
    "causalrec_monitor_status": "0 pass, 1 warn, 2 fail, of the newest monitored night",
    "causalrec_monitor_value": "the value behind that status",
    "causalrec_training_requested": "1 where that night asks for training",
    "causalrec_champion_version": "version that scores",
    "causalrec_champion_since_timestamp_seconds": "when it became champion",
    "causalrec_challenger_waiting": "1 where a version that passed the gate waits for a person, else 0",
    "causalrec_challenger_version": "version that waits",
    "causalrec_challenger_waiting_since_timestamp_seconds": "since when it waits",
}
"""Every gauge, and what it says. All have the label ``shop``, those of a stage the label ``stage``."""


@dataclass(frozen=True)
class Gauge:
    """One value."""

    name: str
    value: float
    labels: Mapping[str, str] = field(default_factory=dict)


def exposition(gauges: Iterable[Gauge], shop: str) -> str:
    """All ``gauges`` of ``shop`` as text, each name with its help and type."""
    found: dict[str, list[str]] = {name: [] for name in HELP}
    for gauge in gauges:
        labels = {"shop": shop, **gauge.labels}
        text = ",".join(f'{name}="{_escaped(value)}"' for name, value in labels.items())
        found[gauge.name].append(f"{gauge.name}{{{text}}} {gauge.value!r}")
    lines = [
        line
        for name, samples in found.items()
        if samples
        for line in (f"# HELP {name} {HELP[name]}", f"# TYPE {name} gauge", *samples)
    ]
    return "".join(f"{line}\n" for line in lines)


def gauges(lake: Lake, ledger: Ledger) -> list[Gauge]:
    """Current values from the tables; nothing for events that never happened."""
    rows, decided = ledger.rows(), decisions(lake)
    return [*_stages(rows), *_monitor(lake), *_champion(decided), *_challenger(rows, decided)]


def _stages(rows: Sequence[LedgerRow]) -> Iterator[Gauge]:
    """``rows``, oldest first."""
    newest = {row.job: row for row in rows}
    done = [row for row in rows if row.status in DONE]
    succeeded = {row.job: row for row in done}
    dates: dict[str, dt.date] = {}
    for row in done:
        dates[row.job] = max(row.ds, dates.get(row.job, row.ds))
    for job, row in sorted(newest.items()):
        labels = {"stage": job}
        yield Gauge("causalrec_stage_up", float(row.status in DONE), labels)
        yield Gauge("causalrec_stage_last_run_timestamp_seconds", row.finished_at.timestamp(), labels)
    for job, row in sorted(succeeded.items()):
        labels = {"stage": job}
        yield Gauge("causalrec_stage_last_success_timestamp_seconds", row.finished_at.timestamp(), labels)
        yield Gauge("causalrec_stage_newest_date_timestamp_seconds", _midnight(dates[job]), labels)
        yield Gauge("causalrec_stage_duration_seconds", row.seconds, labels)
        yield Gauge("causalrec_stage_cpu_seconds", row.cpu_seconds, labels)
        counts = {"in": row.rows_in, "out": row.rows_out, "rejected": row.rows_rejected}
        for way, count in counts.items():
            yield Gauge("causalrec_stage_rows", float(count), {**labels, "rows": way})
        for reason, count in sorted(row.rejects.items()):
            yield Gauge("causalrec_stage_rejected_rows", float(count), {**labels, "reason": reason})


def _monitor(lake: Lake) -> Iterator[Gauge]:
    table = lake.table(TABLE)
    days = table.upto("ds", dt.date.max.isoformat()) if table.exists() else []
    for row in table.read({"ds": [days[-1]]}).to_pylist() if days else []:
        labels = {"measure": row["measure"], "slice": row["slice"]}
        if row["measure"] == REQUEST:
            yield Gauge("causalrec_training_requested", float(bool(row["value"])))
        elif row["status"] in STATES:
            yield Gauge("causalrec_monitor_status", float(STATES[row["status"]]), labels)
            if row["value"] is not None:
                yield Gauge("causalrec_monitor_value", row["value"], labels)


def _champion(decided: Sequence[Decision]) -> Iterator[Gauge]:
    made = [one for one in decided if one.moves]
    if made:
        yield Gauge("causalrec_champion_version", float(made[-1].version))
        yield Gauge("causalrec_champion_since_timestamp_seconds", made[-1].at.timestamp())


def _challenger(rows: Sequence[LedgerRow], decided: Sequence[Decision]) -> Iterator[Gauge]:
    found = who_waits(rows, decided)
    if found is not None:
        yield Gauge("causalrec_challenger_version", float(found.version))
        yield Gauge("causalrec_challenger_waiting_since_timestamp_seconds", found.since.timestamp())
    if any(row.job == "promote" for row in rows):
        yield Gauge("causalrec_challenger_waiting", float(found is not None))


def _midnight(day: dt.date) -> float:
    return dt.datetime.combine(day, dt.time(), dt.UTC).timestamp()


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
