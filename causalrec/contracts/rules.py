"""Row rules with their parameters filled in."""

import re
from collections.abc import Mapping

from causalrec.contracts.contract import Contract
from causalrec.contracts.extensions import RowRule
from causalrec.errors import ContractError

_PARAMETER = re.compile(r"\{([a-z_]+)\}")


def rule_sql(contract: Contract, rule: RowRule, parameters: Mapping[str, object]) -> str:
    """The predicate of ``rule`` as Spark SQL, each ``{name}`` replaced by the literal of that parameter.

    Raises:
        ContractError: the rule asks for a parameter that does not exist or is no number.
    """

    def literal(match: re.Match[str]) -> str:
        value = parameters.get(match[1])
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ContractError(
                f"rule {rule.reason} of {contract.name} asks for the number {{{match[1]}}}",
                do=f"use a number of the ingest settings in schemas/{contract.name}.yaml",
            )
        return f"{value!r}D" if isinstance(value, float) else str(value)

    return _PARAMETER.sub(literal, rule.must)
