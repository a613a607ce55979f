"""The numbers of one night: what was read, written and rejected, and how well the model ranks."""

import datetime as dt
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from causalrec.config import Settings
from causalrec.ingest.unread import INGESTS, UNREAD, UnreadField, unread_fields
from causalrec.lake import Lake, Ledger, LedgerRow
from causalrec.lake.outcome import losses, summed_losses
from causalrec.scoring.cap_shares import ASKED, FOUND

METRICS = ("recall@20", "ndcg@20", "recall@10", "ndcg@10", "coverage@20", "popularity_lift@20")
DONE = ("success", "unchanged")
LOSSES = ("quarantine", UNREAD)
"""Tables of losses, listed after the main table of a job."""


@dataclass(frozen=True)
class TableLine:
    """What one job of the night did to one table (``-`` for a job that writes none).

    ``losses`` are sentences on lost rows, pictures or values, on the first line of a job.
    """

    job: str
    table: str
    rows_in: int
    rows_out: int
    rejected: int
    seconds: float
    status: str
    location: str
    version: int | None
    losses: tuple[str, ...] = ()


@dataclass(frozen=True)
class ModelLine:
    """One model's metrics on the deciding split."""

    model: str
    values: Mapping[str, float]
    intervals: Mapping[str, tuple[float, float]]


@dataclass(frozen=True)
class Metrics:
    """The newest evaluation up to the run date."""

    evaluated_on: str
    split: str
    version: str
    names: tuple[str, ...]
    models: tuple[ModelLine, ...]


@dataclass(frozen=True)
class NightFacts:
    """Everything about a run date except pictures.

    ``unread`` are columns of its deliveries with values that could not be used.
    """

    ds: dt.date
    lines: tuple[TableLine, ...]
    rejects: Mapping[str, int]
    metrics: Metrics | None
    counters: Mapping[str, Mapping[str, float]]
    unread: tuple[UnreadField, ...] = ()

    @property
    def losses(self) -> list[tuple[str, str]]:
        """Job and sentence of every loss."""
        return [(line.job, loss) for line in self.lines for loss in line.losses]

    @property
    def caps(self) -> dict[str, tuple[float, float]]:
        """Capped groups, such as ``brand Nord``: their share of the places, and the largest asked for."""
        told = self.counters.get("publish", {})
        names = [name.removeprefix(FOUND) for name in told if name.startswith(FOUND)]
        return {name: (told[FOUND + name], told[ASKED + name]) for name in names}

    @property
    def seconds(self) -> float:
        """Seconds over all jobs."""
        return sum(line.seconds for line in self.lines)


def read_night(
    settings: Settings, lake: Lake, ledger: Ledger, ds: dt.date, jobs: Sequence[str]
) -> NightFacts:
    """The newest successful run of every job for ``ds``, in the order of ``jobs``."""
    rows = ledger.rows()
    runs = {job: _run(rows, job, ds) for job in jobs}
    lines = [line for job, run in runs.items() for line in _lines(lake, job, run)]
    rejects: Counter[str] = Counter()
    for run in runs.values():
        for row in run:
            rejects.update(row.rejects)
    counters = {job: run[-1].counters for job, run in runs.items() if run}
    metrics, unread = read_metrics(lake, ds), tuple(_unread(lake, runs))
    return NightFacts(ds, tuple(lines), dict(rejects.most_common()), metrics, counters, unread)


def _unread(lake: Lake, runs: Mapping[str, Sequence[LedgerRow]]) -> Iterator[UnreadField]:
    for job, kind in INGESTS.items():
        dates = [row.ds for row in runs.get(job, ()) if any(w["table"] == UNREAD for w in row.writes)]
        yield from unread_fields(lake, kind, dates)


def _run(rows: list[LedgerRow], job: str, ds: dt.date) -> list[LedgerRow]:
    """All dates that the job's newest successful run for ``ds`` loaded together."""
    mine = [row for row in rows if row.job == job and row.status in DONE]
    newest = [row for row in mine if row.ds == ds]
    return [row for row in mine if row.started_at == newest[-1].started_at] if newest else []


def _lines(lake: Lake, job: str, run: list[LedgerRow]) -> list[TableLine]:
    if not run:
        return [TableLine(job, "-", 0, 0, 0, 0.0, "not run", "", None)]
    tables: dict[str, tuple[int, int]] = {}
    for row in run:
        for write in row.writes:
            count, version = tables.get(write["table"], (0, 0))
            tables[write["table"]] = count + int(write["rows"]), max(version, int(write["version"]))
    status = "unchanged" if all(row.status == "unchanged" for row in run) else "success"
    totals = (
        sum(row.rows_in for row in run),
        sum(row.rows_rejected for row in run),
        sum(row.seconds for row in run),
    )
    lost = tuple(
        summed_losses(
            (str(row.ds), loss) for row in sorted(run, key=lambda row: row.ds) for loss in losses(row.note)
        )
    )
    if not tables:
        done = sum(row.rows_out for row in run)
        return [TableLine(job, "-", totals[0], done, totals[1], totals[2], status, "", None, lost)]
    lines = []
    for place, (table, (count, version)) in enumerate(
        sorted(tables.items(), key=lambda item: item[0] in LOSSES)
    ):
        first = totals if place == 0 else (0, 0, 0.0)  # a job's input and time are counted once
        where = lake.table(table).location.uri
        told = lost if place == 0 else ()
        lines.append(TableLine(job, table, first[0], count, first[1], first[2], status, where, version, told))
    return lines


def read_metrics(lake: Lake, ds: dt.date) -> Metrics | None:
    """The newest evaluation for ``ds`` or before; None if there is none."""
    table = lake.table("evaluations")
    days = table.upto("ds", ds.isoformat()) if table.exists() else []
    if not days:
        return None
    rows = table.read(where={"ds": [days[-1]]}).to_pylist()
    split = "test" if any(row["split"] == "test" for row in rows) else "valid"
    mine = [row for row in rows if row["split"] == split]
    values: dict[str, dict[str, float]] = {}
    intervals: dict[str, dict[str, tuple[float, float]]] = {}
    for row in mine:
        name = f"{row['metric']}@{row['k']}" if row["k"] else row["metric"]
        values.setdefault(row["model"], {})[name] = row["value"]
        if row["low"] is not None and row["high"] is not None:
            intervals.setdefault(row["model"], {})[name] = (row["low"], row["high"])
    names = tuple(name for name in METRICS if any(name in found for found in values.values()))
    ranked = {model: found for model, found in values.items() if any(name in found for name in names)}
    lines = [ModelLine(model, found, intervals.get(model, {})) for model, found in ranked.items()]
    best = names[0] if names else ""
    lines.sort(key=lambda line: (-line.values.get(best, 0.0), line.model))
    return Metrics(days[-1], split, str(mine[0]["model_version"]), names, tuple(lines))
