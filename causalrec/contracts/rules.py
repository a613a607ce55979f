"""Row rules with their parameters inserted."""

import re
from collections.abc import Mapping

from causalrec.contracts.absent import NULL_WORDS
from causalrec.contracts.contract import Contract
from causalrec.contracts.extensions import RowRule
from causalrec.errors import ContractError

_PARAMETER = re.compile(r"\{([a-z_]+)\}")


def rule_sql(contract: Contract, rule: RowRule, parameters: Mapping[str, object]) -> str:
    """The predicate of ``rule`` as Spark SQL, each ``{name}`` replaced by the literal of that parameter.

    Raises:
        ContractError: the rule uses a parameter that does not exist or has no literal.
    """

    def literal(match: re.Match[str]) -> str:
        value = parameters.get(match[1], NULL_WORDS if match[1] == "null_words" else None)
        if isinstance(value, float):
            return f"{value!r}D"
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
        if isinstance(value, str):
            return _quoted(value)
        if isinstance(value, tuple):
            return f"({', '.join(map(_quoted, value))})"
        raise ContractError(
            f"rule {rule.reason} of {contract.name} uses {{{match[1]}}}, which is not a number, text or list",
            do=f"use a setting of the ingest in schemas/{contract.name}.yaml",
        )

    return _PARAMETER.sub(literal, rule.must)


def _quoted(text: str) -> str:
    """A Spark SQL literal of a text."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
