"""The extensions of a contract beyond the standard: the values under ``customProperties``."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from causalrec.contracts.odcs import Name, Node
from causalrec.errors import ReasonCode


class RowRule(Node):
    """A rule that every row must satisfy.

    Attributes:
        reason: code of the rows that break it.
        columns: the columns whose values appear in ``detail``.
        must: Spark SQL predicate that holds for good rows; ``{name}`` refers to a setting. A null result
            counts as broken.
        broken: what a broken rule costs: the whole row, or only its columns, which become null.
    """

    reason: ReasonCode
    columns: tuple[str, ...] = Field(min_length=1)
    must: str
    broken: Literal["row", "columns"] = "row"


class DuplicateRule(Node):
    """Rows of one delivery with equal ``by`` are one row; the first by ``keepFirstBy`` is kept."""

    by: tuple[Name, ...] = Field(min_length=1)
    keepFirstBy: tuple[Annotated[str, Field(pattern=r"^[a-z_]+ (ASC|DESC)$")], ...] = Field(min_length=1)


class Before(Node):
    """What a required column reads as in rows written before the contract had it.

    Attributes:
        since: contract version that added the column.
        value: what it reads as, or
        column: the column whose value it takes.
    """

    since: str = Field(pattern=r"^\d+\.\d+\.\d+$")
    value: str | int | float | bool | None = None
    column: Name | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.value is None) == (self.column is None):
            raise ValueError("give value or column")
        return self


class Extensions(Node):
    """All extensions of one contract.

    Attributes:
        write: ``replace`` one partition at a time, or ``append``.
        rowRules: in the order in which they are checked; the first broken one gives the reason.
        duplicates: how repeated rows of a delivery are recognised.
        added: required columns that a later version added, with what older rows read as.
        retired: columns of earlier versions; if stored, they are neither read nor written.
        volumeGate: refuse a delivery that is far smaller than the ones before it.
        delivery: whether every run date needs one.
        metrics: further Spark SQL aggregates for the expectations, by name.
        distributions: Spark SQL expressions whose values are counted and compared with earlier deliveries.
        happened: the column with the event time of a row; rows that arrive on a later date are counted as
            late.
        ids: identifiers, which are trimmed and normalised to one Unicode form.
        content: columns that make up the content of a row with a given id; others may differ between
            deliveries.
        texts: text columns that are stripped of control characters and truncated, with the setting for their
            limit.
        target: of a landing contract, the table that its rows become.
        folder: of a landing contract, its folder in the landing zone.
    """

    write: Literal["replace", "append"] = "replace"
    rowRules: tuple[RowRule, ...] = ()
    duplicates: DuplicateRule | None = None
    added: dict[Name, Before] = Field(default_factory=dict)
    retired: tuple[Name, ...] = ()
    volumeGate: bool = False
    delivery: Literal["required", "optional"] = "required"
    metrics: dict[Name, str] = Field(default_factory=dict)
    distributions: dict[Name, str] = Field(default_factory=dict)
    happened: Name | None = None
    ids: tuple[Name, ...] = ()
    content: tuple[Name, ...] = ()
    texts: dict[Name, Name] = Field(default_factory=dict)
    target: Name | None = None
    folder: str | None = None

    @model_validator(mode="after")
    def _landing_is_complete(self) -> Self:
        if (self.target is None) != (self.folder is None):
            raise ValueError("a landing contract names both target and folder")
        return self
