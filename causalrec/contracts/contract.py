"""A contract: everything declared about one table, frozen."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

import pyarrow as pa

from causalrec.contracts.extensions import Before, Extensions, RowRule
from causalrec.contracts.odcs import Classification, Quality
from causalrec.contracts.types import ARROW_TYPES


@dataclass(frozen=True)
class Column:
    """One column.

    Attributes:
        name: its name.
        type: physical type, a key of :data:`causalrec.contracts.types.ARROW_TYPES` and Spark SQL at once.
        required: never null.
        description: for people.
        classification: ``user_id`` names a person, ``user_text`` and ``user_note`` may mention one.
    """

    name: str
    type: str
    required: bool
    description: str
    classification: Classification = "none"

    @property
    def arrow(self) -> pa.Field:
        """The column as an Arrow field."""
        return pa.field(self.name, ARROW_TYPES[self.type], nullable=not self.required)


@dataclass(frozen=True)
class Contract:
    """One schema file. Build it with :func:`causalrec.contracts.load_contract`.

    Attributes:
        name: table name (or ``landing_...`` for a delivery).
        version: semantic version of the contract.
        description: what the table is for.
        owner: who is responsible for it.
        retention_days: how long rows are kept, days.
        columns: in order, partition columns included.
        key: names of the columns that identify a row; empty if none do.
        partition_by: names of the partition columns.
        expectations: on a batch as a whole.
        extensions: rules and switches beyond the standard.
        digest: sha256 (hex) of the file, for fingerprints.
    """

    name: str
    version: str
    description: str
    owner: str
    retention_days: int
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    partition_by: tuple[str, ...]
    expectations: tuple[Quality, ...]
    extensions: Extensions = field(default_factory=Extensions)
    digest: str = ""

    @property
    def write(self) -> Literal["replace", "append"]:
        """How rows enter: one partition replaced at a time, or appended."""
        return self.extensions.write

    @property
    def volume_gate(self) -> bool:
        """Whether a partition far smaller than the ones before it is refused."""
        return self.extensions.volumeGate

    @property
    def added(self) -> Mapping[str, Before]:
        """Required columns that a later version added, and what older rows read as."""
        return self.extensions.added

    @property
    def retired(self) -> frozenset[str]:
        """Columns of earlier versions that tables may still store; they are neither read nor written."""
        return frozenset(self.extensions.retired)

    @property
    def rules(self) -> tuple[RowRule, ...]:
        """Row rules in the order in which they are tried."""
        return self.extensions.rowRules

    @property
    def descriptions(self) -> Mapping[str, str]:
        """Column -> what it means."""
        return {column.name: column.description for column in self.columns}

    @cached_property
    def arrow_schema(self) -> pa.Schema:
        """All columns, partition columns included; required ones are not nullable."""
        return pa.schema([column.arrow for column in self.columns])

    @property
    def column_names(self) -> tuple[str, ...]:
        """Names of all columns in order."""
        return tuple(column.name for column in self.columns)

    @property
    def data_columns(self) -> tuple[Column, ...]:
        """Columns stored in the files: all but the partition columns."""
        return tuple(column for column in self.columns if column.name not in self.partition_by)

    @property
    def user_ids(self) -> tuple[str, ...]:
        """Columns whose value names a person."""
        return tuple(column.name for column in self.columns if column.classification == "user_id")

    @property
    def user_texts(self) -> tuple[str, ...]:
        """Text columns that may mention a person."""
        return tuple(column.name for column in self.columns if column.classification == "user_text")

    @property
    def user_notes(self) -> tuple[str, ...]:
        """Text columns that may mention a person, in rows that must be kept."""
        return tuple(column.name for column in self.columns if column.classification == "user_note")

    def column(self, name: str) -> Column:
        """The column ``name``; KeyError if there is none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(f"{self.name} has no column {name}")
