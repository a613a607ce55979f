"""Rules take their numbers, texts and lists from the settings."""

import pytest

from causalrec.config import Settings
from causalrec.contracts import RowRule, contract_names, load_contract
from causalrec.contracts.rules import rule_sql
from causalrec.errors import ContractError, ReasonCode
from causalrec.ingest.parameters import rule_parameters

EVENTS = load_contract("events")


def test_parameters_become_literals() -> None:
    rule = RowRule(
        reason=ReasonCode.BAD_PRICE, columns=("price",), must="price <= {max_price} AND {lateness_days} = 0"
    )
    sql = rule_sql(EVENTS, rule, {"max_price": 1e7, "lateness_days": 30})
    assert sql == "price <= 10000000.0D AND 30 = 0"


def test_texts_and_lists_are_quoted() -> None:
    rule = RowRule(reason=ReasonCode.BAD_ID, columns=("user_id",), must="{zone} IN {null_words}")
    sql = rule_sql(EVENTS, rule, {"zone": "x' OR TRUE", "null_words": ("null", "\\n", "it's")})
    assert sql == r"'x\' OR TRUE' IN ('null', '\\n', 'it\'s')"


@pytest.mark.parametrize("value", [None, True, {"a": 1}])
def test_only_literals_are_filled_in(value: object) -> None:
    rule = RowRule(reason=ReasonCode.BAD_PRICE, columns=("price",), must="price <= {cap}")
    with pytest.raises(ContractError, match=r"rule bad_price of events uses \{cap\}"):
        rule_sql(EVENTS, rule, {"cap": value})


def test_every_rule_finds_its_parameters_in_the_default_settings() -> None:
    parameters = rule_parameters(Settings())
    for name in contract_names():
        contract = load_contract(name)
        for rule in contract.rules:
            assert "{" not in rule_sql(contract, rule, parameters)
