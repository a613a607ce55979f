"""Losses as people read them: one line per kind, whatever number of dates a run loaded."""

import pytest

from causalrec.lake.outcome import losses, summed_losses

NULL = "rows (33.3%) as null_id: correct the export, or leave such rows out (filled)"


def test_only_loud_lines_are_losses() -> None:
    assert losses("LOST 1 of 2 rows (50.0%) as bad_id: x\n3 rows left out\nUNREAD price") == [
        "LOST 1 of 2 rows (50.0%) as bad_id: x",
        "UNREAD price",
    ]


@pytest.mark.parametrize(
    ("found", "told"),
    [
        ([], []),
        ([("2026-03-01", f"LOST 3 of 9 {NULL}")], [f"2026-03-01: LOST 3 of 9 {NULL}"]),
        (
            [("2026-03-01", f"LOST 3 of 9 {NULL}"), ("2026-03-03", f"LOST 1 of 1,111 {NULL}")],
            ["2026-03-01 to 2026-03-03, 2 dates: LOST 4 of 1,120 " + NULL.replace("33.3%", "0.4%")],
        ),
        (
            [("2026-03-01", f"LOST 1 of 2 rows (50.0%) as {reason}: x") for reason in "ab"],
            [f"2026-03-01: LOST 1 of 2 rows (50.0%) as {reason}: x" for reason in "ab"],
        ),
        (
            [
                (f"2026-03-0{day}", f"UNREAD price of {day} rows (5.0%, bad, such as '{day},9'): x")
                for day in (1, 2, 4)
            ],
            [
                "2026-03-01 to 2026-03-04, 3 dates: UNREAD price of 7 rows (bad, such as '1,9'): x",
            ],
        ),
        (
            [("2026-03-01", "UNREAD otherwise"), ("2026-03-02", "UNREAD otherwise")],
            ["2026-03-01 to 2026-03-02, 2 dates: UNREAD otherwise"],
        ),
    ],
)  # fmt: skip
def test_kinds_are_added_up(found: list[tuple[str, str]], told: list[str]) -> None:
    assert summed_losses(found) == told
