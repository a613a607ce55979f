"""The table of tables follows from the contracts."""

from causalrec.contracts import contract_names, load_contract
from causalrec.contracts.markdown import column_table, contract_table


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


def test_columns_mark_what_may_be_null() -> None:
    table = column_table(load_contract("quarantine"))
    assert "| source_line | bigint? |" in table
    assert "| raw | string |" in table
