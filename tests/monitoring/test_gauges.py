"""Gauges from real tables: exact values, a format that can be parsed, and a dashboard that asks for them."""

import datetime as dt
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from causalrec.lake import Lake, Ledger, Outcome
from causalrec.lake.record.ledger import LedgerRow, new_row
from causalrec.monitoring.gauges import HELP, Gauge, exposition, gauges
from causalrec.registry.champion.promotions import Decision, Word, append_decision, read_history
from jobs.cli import main
from tests.registry.shop import replace_partition

MARCH_1, MARCH_2 = dt.date(2026, 3, 1), dt.date(2026, 3, 2)
SAMPLE = re.compile(r'^(\w+)\{((?:\w+="(?:[^"\\\n]|\\["\\n])*",?)+)\} (\S+)$')


def row(ds: dt.date, failed: bool = False, **counts: Any) -> LedgerRow:  # noqa: ANN401
    return new_row(
        job="ingest_events", ds=ds, started_at=dt.datetime(2026, 3, 3, tzinfo=dt.UTC), seconds=2.5,
        cpu_seconds=1.5, outcome=Outcome(**counts), failed=failed, fingerprint="f", inputs={},
        code_version="0",
    )  # fmt: skip


def monitored(measure: str, status: str, value: float | None) -> dict[str, Any]:
    unknown = dict.fromkeys(("low", "high", "promised", "threshold"))
    found = {"measure": measure, "slice": "all", "status": status, "value": value}
    return {**unknown, **found, "detail": "d", "model_version": "3"}


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(str(tmp_path / "lake"))


def found(lake: Lake) -> dict[tuple[str, ...], float]:
    return {(one.name, *one.labels.values()): one.value for one in gauges(lake, Ledger(lake))}


def test_an_empty_shop_says_nothing(lake: Lake) -> None:
    assert gauges(lake, Ledger(lake)) == []
    assert exposition([], "demo") == ""


def test_a_failure_after_a_success(lake: Lake) -> None:
    ledger = Ledger(lake)
    ledger.record([row(MARCH_2, rows_in=7, rows_out=5, rejects={"bad_id": 2})])
    ledger.record([row(MARCH_1, rows_in=3, rows_out=3)])  # a backfill
    ledger.record([row(MARCH_2, failed=True)])
    rows = ledger.rows()
    values = found(lake)
    stage = "ingest_events"
    assert values["causalrec_stage_up", stage] == 0
    assert values["causalrec_stage_last_run_timestamp_seconds", stage] == rows[2].finished_at.timestamp()
    assert values["causalrec_stage_last_success_timestamp_seconds", stage] == rows[1].finished_at.timestamp()
    newest = dt.datetime(2026, 3, 2, tzinfo=dt.UTC).timestamp()
    assert values["causalrec_stage_newest_date_timestamp_seconds", stage] == newest
    assert values["causalrec_stage_rows", stage, "in"] == 3
    assert (
        values["causalrec_stage_duration_seconds", stage],
        values["causalrec_stage_cpu_seconds", stage],
    ) == (
        2.5,
        1.5,
    )
    assert ("causalrec_stage_rejected_rows", stage, "bad_id") not in values


def test_the_monitor_and_the_champion(lake: Lake) -> None:
    replace_partition(lake, "monitoring", MARCH_1, [monitored("event_mix", "fail", 0.9)])
    lines = [
        monitored("event_mix", "warn", 0.2), monitored("random_auc", "unknown", None),
        monitored("training_request", "fail", 1.0),
    ]  # fmt: skip
    replace_partition(lake, "monitoring", MARCH_2, lines)
    for word, version in (("promoted", "3"), ("promoted", "4"), ("rolled_back", "3"), ("rejected", "5")):
        decision = Decision(word, None, version, "r", "eva", "", MARCH_1)  # type: ignore[arg-type]
        append_decision(lake, decision, read_history(lake))
    values = found(lake)
    since = values.pop(("causalrec_champion_since_timestamp_seconds",))
    assert since > 0
    assert values == {
        ("causalrec_monitor_status", "event_mix", "all"): 1,
        ("causalrec_monitor_value", "event_mix", "all"): 0.2,
        ("causalrec_training_requested",): 1,
        ("causalrec_champion_version",): 3,
    }


def test_the_text_can_be_parsed_whatever_stands_in_a_label() -> None:
    nasty = 'a "quoted" \\ slice\nof two lines'
    one = Gauge("causalrec_monitor_value", 0.25, {"measure": "m", "slice": nasty})
    text = exposition([one, Gauge("causalrec_monitor_value", 1.0, {"measure": "m", "slice": ""})], "demo")
    head, kind, first, second = text.splitlines()
    assert head == f"# HELP causalrec_monitor_value {HELP['causalrec_monitor_value']}"
    assert kind == "# TYPE causalrec_monitor_value gauge"
    parsed = SAMPLE.match(first)
    assert parsed is not None
    assert (parsed[1], parsed[3]) == ("causalrec_monitor_value", "0.25")
    labels = dict(re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', parsed[2]))
    assert json.loads(f'"{labels["slice"]}"') == nasty
    assert second == 'causalrec_monitor_value{shop="demo",measure="m",slice=""} 1.0'


def test_the_command_replaces_the_file_of_a_collector(
    lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    Ledger(lake).record([row(MARCH_1)])
    monkeypatch.setenv("CAUSALREC__PATHS__WORK", str(tmp_path))
    monkeypatch.delenv("CAUSALREC_SETTINGS", raising=False)
    file = tmp_path / "causalrec.prom"
    file.write_text("old")
    assert main(["metrics", "--file", str(file)]) == 0
    assert main(["metrics"]) == 0
    assert capsys.readouterr().out == file.read_text()
    assert [path.name for path in tmp_path.glob("*causalrec*")] == ["causalrec.prom"]
    assert main(["metrics", "--file", str(tmp_path / "nowhere" / "x.prom")]) == 1
    assert "name a file in a folder that exists" in " ".join(capsys.readouterr().out.split())


def test_the_dashboard_asks_for_gauges_that_exist(root: Path) -> None:
    dashboard = json.loads((root / "infra" / "grafana" / "nights.json").read_text())
    asked = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    asked += [note["expr"] for note in dashboard["annotations"]["list"]]
    names = {name for text in asked for name in re.findall(r"causalrec_\w+", text)}
    assert names <= set(HELP)
    assert len({panel["id"] for panel in dashboard["panels"]}) == len(dashboard["panels"])
    assert all('shop="$shop"' in text for text in asked)


def test_a_challenger_that_waits_until_somebody_answers(lake: Lake) -> None:
    ledger = Ledger(lake)

    def stage(job: str, failed: bool = False, **counters: float) -> LedgerRow:
        made = replace(row(MARCH_1, failed, counters=counters), job=job)
        ledger.record([made])
        return made

    def waits() -> dict[tuple[str, ...], float]:
        return {key: value for key, value in found(lake).items() if "challenger" in key[0]}

    def decide(word: Word, version: str, by: str) -> None:
        decision = Decision(word, "3", version, "r", "eva", "", MARCH_1, {"by": by})
        append_decision(lake, decision, read_history(lake))

    nobody = {("causalrec_challenger_waiting",): 0.0}
    stage("train", version=3)
    assert waits() == {}
    stage("promote")
    assert waits() == nobody
    stage("train", version=4)
    decide("kept", "4", "gate")
    first = stage("promote", waiting=4)
    stage("promote", waiting=4)
    stage("promote", failed=True)  # MLflow was away
    asked = {
        ("causalrec_challenger_waiting",): 1.0,
        ("causalrec_challenger_version",): 4.0,
        ("causalrec_challenger_waiting_since_timestamp_seconds",): first.finished_at.timestamp(),
    }
    assert waits() == asked
    decide("left", "4", "hand")
    assert waits() == asked
    decide("rejected", "4", "hand")
    assert waits() == nobody
    stage("train", version=5)
    stage("promote", waiting=5)
    assert waits()["causalrec_challenger_version",] == 5
    stage("train", version=6)
    assert waits() == nobody
