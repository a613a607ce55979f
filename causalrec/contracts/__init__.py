"""Contracts of all tables: schemas/*.yaml is the only place where a column is declared."""

from causalrec.contracts.contract import Column, Contract
from causalrec.contracts.extensions import RowRule
from causalrec.contracts.load import contract_names, load_contract, table_names

__all__ = ["Column", "Contract", "RowRule", "contract_names", "load_contract", "table_names"]
