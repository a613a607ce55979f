"""How a shop writes values, and the error for a value that cannot be read."""

from dataclasses import dataclass

from causalrec.errors import ReasonCode


class InvalidValue(ValueError):
    """A value does not have the declared type; the message says why.

    Attributes:
        reason: under which it is counted.
    """

    def __init__(self, why: str, reason: ReasonCode = ReasonCode.INVALID_TYPE) -> None:
        super().__init__(why)
        self.reason = reason


@dataclass(frozen=True)
class Notation:
    """How a shop writes numbers, times, ids and lists. The defaults are those of the contract.

    Attributes:
        decimal_comma: whether 1.234,50 is a number; False for 1,234.50, None if the shop has not said.
        currency: ISO 4217 code of all prices; '' accepts any currency beside a number.
        zone: for times without an offset; '' refuses them.
        time_format: for times that are not ISO 8601, in ``strptime`` syntax; '' for none.
        epoch_unit: for times given as numbers; '' refuses them.
    """

    decimal_comma: bool | None = None
    currency: str = ""
    epoch_unit: str = ""
    zone: str = ""
    time_format: str = ""
    number_ids: bool = False
    list_separator: str = ""


CONTRACT = Notation()
