"""What makes a dataset stale, from the ledger alone."""

import datetime as dt
from types import SimpleNamespace
from typing import Any

import pytest

from causalrec.dataset import inputs
from causalrec.dataset.inputs import arrived_digests, embedded

DS = dt.date(2026, 3, 2)
DIGESTS = {f"arrival_date=2026-03-0{day}": f"d{day}" for day in (4, 1, 2, 3)}
NAMES = [f"arrival_date=2026-03-0{day}" for day in range(1, 5)]


DONE = {dt.date(2026, 3, day): SimpleNamespace(fingerprint=f"f{day}") for day in (3, 1)}


class Ledger:
    """Four arrivals; stages succeeded on some dates."""

    def partition_digests(self, table: str, upto: dt.date | None = None) -> dict[str, str]:
        assert table in ("events", "products")
        last = "9" if upto is None else upto.isoformat()
        return {name: digest for name, digest in DIGESTS.items() if name.partition("=")[2] <= last}

    def successes(self, job: str) -> dict[dt.date, SimpleNamespace]:
        assert job in ("ingest_events", "embed_texts")
        return DONE if job == "embed_texts" else {}

    def last_success(self, job: str, ds: dt.date) -> SimpleNamespace | None:
        return DONE.get(ds)


LEDGER: Any = Ledger()


def days(found: list[tuple[str, str]]) -> list[str]:
    assert [DIGESTS[name] for name, _ in found] == [digest for _, digest in found]
    return [digest for _, digest in found]


@pytest.mark.parametrize("table", ["events", "products"])
def test_then_nothing_later_counts(table: str) -> None:
    assert days(arrived_digests(LEDGER, table, DS, "then")) == ["d1", "d2"]


def test_today_all_products_count() -> None:
    assert days(arrived_digests(LEDGER, "products", DS, "today")) == ["d1", "d2", "d3", "d4"]


@pytest.mark.parametrize(
    ("late", "counted"),
    [
        ({}, ["d1", "d2"]),
        ({"2026-03-03": {"2026-03-04": 2}}, ["d1", "d2"]),  # late, but of a day after the run
        ({"2026-03-02": {"2026-03-04": 2}}, ["d1", "d2", "d4"]),
        ({"2026-03-01": {"2026-03-03": 1, "2026-03-04": 2}}, ["d1", "d2", "d3", "d4"]),
    ],
)
def test_today_later_deliveries_of_events_count_if_they_reach_back(
    late: dict[str, dict[str, int]], counted: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inputs, "late_rows", lambda rows: late)
    assert days(arrived_digests(LEDGER, "events", DS, "today")) == counted


def test_the_embeddings_of_the_date_or_the_newest() -> None:
    assert embedded(LEDGER, "embed_texts", DS, "then") == ""
    assert embedded(LEDGER, "embed_texts", dt.date(2026, 3, 1), "then") == "f1"
    assert embedded(LEDGER, "embed_texts", DS, "today") == "f3"
    assert embedded(LEDGER, "ingest_events", DS, "today") == ""
