"""What the gate found, as lines for people: today's numbers, the nights before, warnings and refusals."""

import datetime as dt
from pathlib import Path

import pytest

from causalrec.config import Settings
from causalrec.contracts import load_contract
from causalrec.errors import QualityError
from causalrec.ingest.measure import Measures
from causalrec.ingest.quality import check_expectations
from causalrec.report.gates import GateLine, gate_lines
from tests.registry.shop import settings_in

DAYS = [dt.date(2026, 3, day) for day in (1, 2, 3)]
METRICS: dict[str, object] = {
    "rows_good": 1234, "distinct_user_id": 9, "distinct_item_id": 9, "positive_events": 5,
    "duplicate_share": 0.0, "rows_to_median": None,
    "drift_event_type": None, "drift_policy": None, "drift_price": None,
}  # fmt: skip


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_in(tmp_path)


def gated(settings: Settings, ds: dt.date, **changes: object) -> None:
    """What ingest writes of a delivery with these measures."""
    measures = {ds: Measures(1, 1, {}, 0, None, 0, 0, METRICS | changes)}
    check_expectations(measures, load_contract("events"), settings.report_store.child("quality"), ds)


def by_name(settings: Settings, ds: dt.date) -> dict[str, GateLine]:
    return {line.name: line for line in gate_lines(settings, ds)}


def test_found_allowed_and_the_nights_before(settings: Settings) -> None:
    gated(settings, DAYS[0])
    gated(settings, DAYS[1], rows_to_median=0.1, drift_price=0.31)
    with pytest.raises(QualityError):
        gated(settings, DAYS[2], distinct_user_id=0)
    lines = by_name(settings, DAYS[1])
    volume = lines["volume_usual"]
    assert (volume.table, volume.found, volume.allowed, volume.status) == (
        "events",
        "0.1",
        "0.33 to 3",
        "warn",
    )
    assert volume.nights == (("2026-03-01", "pass"), ("2026-03-02", "warn"))
    assert (lines["rows_accepted"].found, lines["rows_accepted"].allowed) == ("1,234", "at least 1")
    assert (lines["prices_usual"].allowed, lines["prices_usual"].status) == ("at most 0.25", "warn")
    assert by_name(settings, DAYS[0])["volume_usual"].found == "-"
    users = by_name(settings, DAYS[2])["users_present"]
    assert users.status == "fail"
    assert [status for _, status in users.nights] == ["pass", "pass", "fail"]


def test_a_date_without_reports_has_no_lines(settings: Settings) -> None:
    gated(settings, DAYS[0])
    assert gate_lines(settings, DAYS[1]) == ()


def test_old_nights_are_left_out(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    for day in DAYS:
        gated(settings, day)
    monkeypatch.setattr("causalrec.report.gates.GATE_NIGHTS", 2)
    (line, *_) = gate_lines(settings, DAYS[2])
    assert [day for day, _ in line.nights] == ["2026-03-02", "2026-03-03"]
