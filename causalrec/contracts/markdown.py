"""The contracts as Markdown, for people."""

from collections.abc import Sequence

from causalrec.contracts.contract import Contract
from causalrec.contracts.load import contract_names, load_contract
from causalrec.pipeline import writer_of


def contract_table(names: Sequence[str] | None = None) -> str:
    """The table of tables: one line per contract (None: all)."""
    lines = ["| table | what it holds | written by | key | partition | write | kept |", f"{'|---' * 7}|"]
    lines += [_line(load_contract(name)) for name in names or contract_names()]
    return "\n".join(lines)


def _line(contract: Contract) -> str:
    key, partition = ", ".join(contract.key) or "-", ", ".join(contract.partition_by) or "-"
    return (
        f"| `{contract.name}` | {_cell(contract.description)} | {writer_of(contract.name) or '-'} "
        f"| {key} | {partition} "
        f"| {contract.write} | {contract.retention_days:,} days |"
    )


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
