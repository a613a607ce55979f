"""Compares a night with the promised values and writes the partition of ``monitoring``."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import pandas as pd
import pyarrow as pa

from causalrec.config import Settings
from causalrec.dataset.load import Dataset
from causalrec.lake import Lake
from causalrec.lake.outcome import Outcome
from causalrec.metrics.evaluate import KS
from causalrec.monitoring.drift import MIN_EVENTS, mix_line, score_line
from causalrec.monitoring.lines import Line, Served, Status, unknown
from causalrec.monitoring.people import NEEDED, without_robots
from causalrec.monitoring.random_slice import AUC, random_line
from causalrec.monitoring.responses import click_through, impressions, uniform_pairs

REFERENCE_DAYS = 28  # earlier dates that inputs are compared with

TABLE, REQUEST = "monitoring", "training_request"
SHOWN = ["user_id", "item_id", "session_id", "policy", "event_type", "event_time"]


def monitor(settings: Settings, lake: Lake, dataset: Dataset, served: Served, ds: dt.date) -> Outcome:
    """One partition: drift of inputs and scores, click-through, random exposure, coverage, and the flag."""
    lines = [*_inputs(settings, lake, dataset, served, ds), *_lists(settings, lake, dataset, served, ds)]
    lines += _responses(settings, lake, dataset, served, ds)
    lines.append(_request(settings, lake, served, ds, lines))
    rows = [{**asdict(line), "model_version": served.version} for line in lines]
    table = lake.table(TABLE)
    schema = pa.schema([field for field in table.schema if field.name != "ds"])
    written = table.replace(pa.Table.from_pylist(rows, schema=schema), {"ds": ds.isoformat()})
    counts = {f"lines_{line.status}": 0.0 for line in lines}
    for line in lines:
        counts[f"lines_{line.status}"] += 1
    flag = lines[-1]
    return Outcome(
        rows_in=len(lines), rows_out=written.rows, reads=dataset.pins, writes=(written,),
        counters={**counts, REQUEST: float(flag.value or 0)}, note=flag.detail,
    )  # fmt: skip


def asks_for_training(lake: Lake, ds: dt.date) -> tuple[bool, str]:
    """Whether the night of ``ds`` raised the flag, and why."""
    table = lake.table(TABLE)
    rows = table.read({"ds": [ds.isoformat()]}).to_pylist() if table.exists() else []
    flags = [row for row in rows if row["measure"] == REQUEST]
    return (bool(flags[0]["value"]), flags[0]["detail"]) if flags else (False, f"{ds} was not monitored")


def _days(lake: Lake, ds: dt.date) -> list[str]:
    table = lake.table("events")
    return table.upto("arrival_date", ds.isoformat()) if table.exists() else []


def _inputs(settings: Settings, lake: Lake, dataset: Dataset, served: Served, ds: dt.date) -> list[Line]:
    """Mix of event types, of categories, and events of items that the champion does not know."""
    days, chosen = _days(lake, ds), settings.monitor
    new, old = days[-chosen.days :], days[-chosen.days - REFERENCE_DAYS : -chosen.days]
    now, before = (_counted(settings, lake, part) for part in (new, old))
    category = dataset.items.set_index("item_id")["category"].fillna("")
    kinds = {
        "event_mix": [part.groupby("event_type")["n"].sum() for part in (before, now)],
        "category_mix": [
            part.groupby(part["item_id"].map(category).fillna(""))["n"].sum() for part in (before, now)
        ],
    }
    lines = [mix_line(name, old_counts, counts, chosen) for name, (old_counts, counts) in kinds.items()]
    total = int(now["n"].sum())
    if total < MIN_EVENTS:
        why = f"{total:,} events; at least {MIN_EVENTS:,} are needed"
        return [*lines, unknown("unknown_items", "", why)]
    share = float(now.loc[~now["item_id"].isin(served.item_ids), "n"].sum() / total)
    status: Status = "fail" if share > chosen.max_unknown_share else "pass"
    detail = f"{share:.1%} of {total:,} events are of items that version {served.version} does not know"
    limit = chosen.max_unknown_share
    return [*lines, Line("unknown_items", "", status, share, None, None, None, limit, detail)]


def _of_people(settings: Settings, lake: Lake, day: str, columns: Sequence[str]) -> pa.Table:
    """One delivery without robots."""
    wanted = list(dict.fromkeys((*NEEDED, *columns)))
    events = lake.table("events").read({"arrival_date": [day]}, wanted)
    return without_robots(events, settings.dataset).select(list(columns))


def _counted(settings: Settings, lake: Lake, days: Sequence[str]) -> pd.DataFrame:
    """event_type, item_id and n; one day is in memory at a time."""
    keys = ["event_type", "item_id"]
    parts = [
        _of_people(settings, lake, day, keys).group_by(keys).aggregate([([], "count_all")]) for day in days
    ]
    if not parts:
        return pd.DataFrame({"event_type": pd.Series(dtype=str), "item_id": pd.Series(dtype=str), "n": 0})
    frame = pa.concat_tables(parts).to_pandas().rename(columns={"count_all": "n"})
    summed: pd.DataFrame = frame.groupby(keys, as_index=False)["n"].sum()
    return summed


def _lists(settings: Settings, lake: Lake, dataset: Dataset, served: Served, ds: dt.date) -> list[Line]:
    """Scores of tonight's lists against the version's first night, and their coverage."""
    table = lake.table("recommendations")
    nights = table.upto("ds", ds.isoformat()) if table.exists() else []
    columns = ["item_id", "score", "rank", "model_version"]
    if not nights or nights[-1] != ds.isoformat():
        return [unknown("score_drift", "", f"nothing was published for {ds}")]
    tonight = table.read({"ds": nights[-1:]}, columns).to_pandas()
    first = next(
        (
            rows
            for night in nights[:-1]
            if not (rows := _of_version(table.read({"ds": [night]}, columns).to_pandas(), served)).empty
        ),
        None,
    )
    lines = [
        unknown("score_drift", "", f"first night of version {served.version}")
        if first is None
        else score_line(
            first["score"].to_numpy(float),
            _of_version(tonight, served)["score"].to_numpy(float),  # not those of an experiment's other arms
            settings.monitor,
        )
    ]
    return [*lines, _coverage(settings, lake, dataset, served, tonight)]


def _of_version(rows: pd.DataFrame, served: Served) -> pd.DataFrame:
    return rows[rows["model_version"] == served.version]


def _coverage(
    settings: Settings, lake: Lake, dataset: Dataset, served: Served, tonight: pd.DataFrame
) -> Line:
    k = max(KS)
    live = tonight.loc[tonight["rank"] <= k, "item_id"].nunique() / max(len(dataset.item_ids), 1)
    found = promised(lake, served, "coverage", k)
    if found is None:
        return unknown("coverage", "", f"coverage@{k} of version {served.version} was not evaluated")
    least = found[0] * settings.monitor.min_coverage_share
    status: Status = "pass" if live >= least else "fail"
    detail = f"{live:.1%} of the catalogue is in a list, {found[0]:.1%} in the evaluation"
    return Line("coverage", f"first {k}", status, live, None, None, found[0], least, detail)


def _responses(settings: Settings, lake: Lake, dataset: Dataset, served: Served, ds: dt.date) -> list[Line]:
    days = _days(lake, ds)[-settings.monitor.days :]
    shown = {day: impressions(_of_people(settings, lake, day, SHOWN).to_pandas()) for day in days}
    fresh = [rows for day, rows in shown.items() if day > served.trained_on]
    pairs = uniform_pairs(fresh, settings.dataset.uniform_policies)
    line = random_line(pairs, dataset, served, promised(lake, served, AUC, 0))
    return [*click_through(list(shown.values())), line]


def promised(lake: Lake, served: Served, metric: str, k: int) -> tuple[float, float | None] | None:
    """Value and lower bound of a metric in the champion's evaluation; None if it was not measured."""
    table = lake.table("evaluations")
    rows: list[dict[str, Any]] = (
        table.read({"ds": [served.trained_on]}).to_pylist()
        if table.exists() and served.trained_on in table.upto("ds", served.trained_on)
        else []
    )
    own = {(served.version, served.model), ("", f"champion:{served.version}")}
    mine = [
        row
        for row in rows
        if own & {(row["model_version"], row["model"]), ("", row["model"])}
        and (row["metric"], row["k"]) == (metric, k)
    ]
    best = sorted(mine, key=lambda row: row["split"] != "test")
    return (best[0]["value"], best[0]["low"]) if best else None


def _request(settings: Settings, lake: Lake, served: Served, ds: dt.date, lines: Sequence[Line]) -> Line:
    """The flag: something failed, and nothing was requested or trained shortly before."""
    failed = [f"{line.measure} {line.slice}".strip() for line in lines if line.status == "fail"]
    if not failed:
        return Line(REQUEST, "", "pass", 0.0, None, None, None, None, "no measure asks for training")
    since = (ds - dt.timedelta(days=settings.monitor.quiet_days)).isoformat()
    why = ", ".join(failed)
    quiet = _asked_since(lake, since, ds)
    if quiet or served.trained_on > since:
        reason = f"requested on {quiet}" if quiet else f"trained on {served.trained_on}"
        detail = f"{why} failed; training is not requested again: {reason}"
        return Line(REQUEST, "", "warn", 0.0, None, None, None, None, detail)
    return Line(REQUEST, "", "fail", 1.0, None, None, None, None, f"training was requested: {why} failed")


def _asked_since(lake: Lake, since: str, ds: dt.date) -> str | None:
    table = lake.table(TABLE)
    days = (
        [day for day in table.upto("ds", ds.isoformat()) if since < day < ds.isoformat()]
        if table.exists()
        else []
    )
    asked = [day for day in days if asks_for_training(lake, dt.date.fromisoformat(day))[0]]
    return asked[-1] if asked else None
