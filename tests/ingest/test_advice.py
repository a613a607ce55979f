"""What a loss is called, and which setting is said to cure it."""

import pytest

from causalrec.contracts import load_contract
from causalrec.errors import ReasonCode
from causalrec.ingest.advice import cure, loss_note, picture_loss_note
from causalrec.ingest.measure import Measures
from causalrec.lake.outcome import losses

EVENTS = load_contract("events")


def test_only_losses_above_the_share_are_told_a_line_each() -> None:
    rejects = {"null_id": 3, "too_old": 20, "duplicate": 50, "bad_price": 1}
    found = Measures(100, 26, rejects, 0, None, 0, 0, {}, nulled={"price unclear_number": 10})
    assert loss_note(found, EVENTS, 0.02).splitlines() == [
        "LOST 20 of 100 rows (20.0%) as too_old: raise ingest.lateness_days (0: events of any age), or say "
        "that this delivery is history: ingest.history_until",
        "LOST 3 of 100 rows (3.0%) as null_id: leave such rows out by [landing.events] filled, or correct "
        "the export",
        "UNREAD price of 10 rows (10.0%, unclear_number): set [landing.events] decimal_comma = true where "
        "numbers are written 1.234,50, and = false where they are written 1,234.50",
    ]
    assert (
        losses(loss_note(found, EVENTS, 0.02) + "\na remark") == loss_note(found, EVENTS, 0.02).splitlines()
    )
    assert loss_note(found, EVENTS, 0.5) == ""


@pytest.mark.parametrize("reason", [one for one in ReasonCode if one.startswith("image_")])
def test_every_reason_of_a_picture_has_a_cure(reason: ReasonCode) -> None:
    note = picture_loss_note({str(reason): 5}, 50, 0.01)
    assert note.startswith(f"LOST 5 of 50 pictures (10.0%) as {reason}: ")
    assert losses(note) == [note]
    assert picture_loss_note({str(reason): 5}, 1_000, 0.01) == ""


def test_every_reason_of_a_row_has_advice() -> None:
    assert all(cure(reason, EVENTS) for reason in ReasonCode)


def test_no_pictures_no_note() -> None:
    assert picture_loss_note({}, 0, 0.01) == ""
