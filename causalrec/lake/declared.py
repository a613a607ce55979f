"""Protocols: what the lake needs from a contract, and what a write needs from a table."""

from collections.abc import Mapping, Sequence
from typing import Protocol

import pyarrow as pa

from causalrec.config.lake import LakeSettings
from causalrec.lake.evolve import Added
from causalrec.lake.snapshot import Snapshot
from causalrec.store import Location


class Declared(Protocol):
    """What the lake needs from a contract."""

    @property
    def name(self) -> str:
        """Table name."""

    @property
    def partition_by(self) -> Sequence[str]:
        """Partition columns in order."""

    @property
    def write(self) -> str:
        """``replace`` or ``append``."""

    @property
    def retention_days(self) -> int:
        """How long rows are kept, days."""

    @property
    def user_ids(self) -> tuple[str, ...]:
        """Columns whose value names a person."""

    @property
    def user_texts(self) -> tuple[str, ...]:
        """Text columns that may mention a person."""

    @property
    def user_notes(self) -> tuple[str, ...]:
        """Text columns that may mention a person, in rows that must be kept."""

    @property
    def volume_gate(self) -> bool:
        """Whether a partition far smaller than the ones before it is refused."""

    @property
    def added(self) -> Added:
        """Required columns that a later version added, and what older rows read as."""

    @property
    def retired(self) -> frozenset[str]:
        """Columns of earlier versions that may still be stored; they are neither read nor written."""

    @property
    def descriptions(self) -> Mapping[str, str]:
        """Column descriptions, by name, for people who see the table in other tools."""

    @property
    def arrow_schema(self) -> pa.Schema:
        """All columns, partition columns included."""


class Writable(Protocol):
    """A table that a transaction can write to."""

    @property
    def name(self) -> str:
        """Table name."""

    @property
    def contract(self) -> Declared:
        """How the table is declared."""

    @property
    def location(self) -> Location:
        """Where its files are."""

    @property
    def settings(self) -> LakeSettings:
        """Number of tries, the volume gate."""

    def created(self) -> Snapshot:
        """The newest version, created if there is none."""
