"""Every table of the lake: what it is for, and what it holds now."""

from dataclasses import dataclass

from causalrec.contracts import load_contract
from causalrec.contracts.contract import Contract
from causalrec.contracts.load import contract_names
from causalrec.lake import Lake
from causalrec.pipeline import writer_of

DELIVERED = "landing_"  # contracts of deliveries, which are not tables of the lake


@dataclass(frozen=True)
class TableCard:
    """A table and its newest version; ``version`` is None where nothing was ever written."""

    contract: Contract
    writer: str
    version: int | None
    rows: int
    size: int
    partitions: int
    newest: str


def table_cards(lake: Lake) -> list[TableCard]:
    """All tables by name."""
    names = [name for name in contract_names() if not name.startswith(DELIVERED)]
    return [_card(lake, load_contract(name)) for name in names]


def _card(lake: Lake, contract: Contract) -> TableCard:
    snapshot, writer = lake.table(contract.name).snapshot(), writer_of(contract.name) or ""
    if snapshot is None:
        return TableCard(contract, writer, None, 0, 0, 0, "")
    parts = {", ".join(file.partition.values()) for file in snapshot.files}
    return TableCard(
        contract,
        writer,
        snapshot.version,
        sum(file.rows for file in snapshot.files),
        sum(file.size for file in snapshot.files),
        len(parts),
        max(parts, default=""),
    )
