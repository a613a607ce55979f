"""Rules take their numbers from the settings."""

import pytest

from causalrec.config.sections import IngestSettings
from causalrec.contracts import RowRule, contract_names, load_contract
from causalrec.contracts.rules import rule_sql
from causalrec.errors import ContractError, ReasonCode

EVENTS = load_contract("events")


def test_parameters_become_literals() -> None:
    rule = RowRule(
        reason=ReasonCode.BAD_PRICE, columns=("price",), must="price <= {max_price} AND {lateness_days} = 0"
    )
    sql = rule_sql(EVENTS, rule, {"max_price": 1e7, "lateness_days": 30})
    assert sql == "price <= 10000000.0D AND 30 = 0"


@pytest.mark.parametrize("value", [None, "1 OR TRUE", True])
def test_only_numbers_are_filled_in(value: object) -> None:
    rule = RowRule(reason=ReasonCode.BAD_PRICE, columns=("price",), must="price <= {cap}")
    with pytest.raises(ContractError, match=r"rule bad_price of events asks for the number \{cap\}"):
        rule_sql(EVENTS, rule, {"cap": value})


def test_every_rule_finds_its_parameters_in_the_default_settings() -> None:
    parameters = IngestSettings().model_dump()
    for name in contract_names():
        contract = load_contract(name)
        for rule in contract.rules:
            assert "{" not in rule_sql(contract, rule, parameters)
