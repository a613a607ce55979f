"""The table of tables follows from the contracts."""

from causalrec.contracts import contract_names
from causalrec.contracts.markdown import contract_table


def test_one_line_per_contract() -> None:
    lines = contract_table().splitlines()
    assert len(lines) == 2 + len(contract_names())
    assert all(line.count(" | ") == 6 for line in lines[2:])


def test_line_of_a_contract() -> None:
    line = contract_table(["quarantine"]).splitlines()[2]
    assert line == (
        "| `quarantine` | Rejected rows of every delivery, none lost: reason, place and the row itself. "
        "| ingest_events, ingest_products | - | table_name, arrival_date | replace | 365 days |"
    )
