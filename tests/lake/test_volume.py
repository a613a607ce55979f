"""Suspiciously small partitions are refused before anything is replaced."""

from collections.abc import Callable

import pytest

from causalrec.errors import LakeError
from causalrec.lake import Lake, LakeTable

from .tables import ids, rows

DAY, NEXT = {"ds": "2026-03-01"}, {"ds": "2026-03-02"}
MANY = [f"id{number:03d}" for number in range(200)]


@pytest.fixture
def full(sales: LakeTable) -> LakeTable:
    """One day of 200 rows."""
    sales.replace(rows(*MANY), DAY)
    return sales


def test_far_fewer_than_the_days_before(full: LakeTable) -> None:
    with pytest.raises(
        LakeError, match=r"9 rows for ds=2026-03-02, the median of the 1 before it: 200; at l"
    ):
        full.replace(rows(*MANY[:9]), NEXT)
    assert (full.partitions(), full.version()) == ([DAY], 1)
    assert full.location.listing("ds=2026-03-02") == []
    assert full.replace(rows(*MANY[:10]), NEXT).rows == 10  # exactly 5 %


def test_far_fewer_than_it_held(full: LakeTable) -> None:
    with pytest.raises(LakeError, match="1 rows for ds=2026-03-01, it held: 200"):
        full.replace(rows("a"), DAY)
    assert ids(full) == MANY
    assert full.replace(rows("a"), DAY, allow_empty=True).rows == 1  # asked for


def test_later_days_do_not_judge_earlier_ones(full: LakeTable) -> None:
    assert full.replace(rows("a"), {"ds": "2026-02-28"}).rows == 1


def test_small_tables_are_noise_and_the_bound_is_a_setting(make_lake: Callable[..., Lake]) -> None:
    small = make_lake(min_rows_share=0.5, history_min_rows=101).table("sales")
    small.replace(rows(*MANY[:100]), DAY)
    assert small.replace(rows("a"), NEXT).rows == 1
    strict = make_lake(min_rows_share=0.5, history_min_rows=2).table("sales")
    with pytest.raises(LakeError, match="at least 50%"):
        strict.replace(rows(*MANY[:2]), {"ds": "2026-03-03"})


def test_seven_partitions_before_count(make_lake: Callable[..., Lake]) -> None:
    """The eighth newest is forgotten; of seven days the median counts."""
    table = make_lake(min_rows_share=0.5, history_min_rows=10).table("sales")
    for day in range(1, 12):
        table.replace(rows(*MANY[: 200 if day <= 4 else 100]), {"ds": f"2026-03-{day:02d}"}, allow_empty=True)
    with pytest.raises(LakeError, match="49 rows for ds=2026-03-12, the median of the 7 before it: 100;"):
        table.replace(rows(*MANY[:49]), {"ds": "2026-03-12"})
    assert table.replace(rows(*MANY[:50]), {"ds": "2026-03-12"}).rows == 50
    with pytest.raises(LakeError, match="the median of the 2 before it: 200; at least 50%"):
        table.replace(rows(*MANY[:99]), {"ds": "2026-03-03"})
