"""Optional columns that a rule empties, as `causalrec check` sees them in sampled rows."""

import pytest

from causalrec.config import Settings
from causalrec.contracts import load_contract
from causalrec.ingest.check.fields import broken_fields
from causalrec.ingest.parameters import rule_parameters

LIMITS = {"max_price": 100.0, "max_text_chars": 10, "max_image_refs": 2, "max_image_ref_chars": 5}


@pytest.mark.parametrize(
    ("given", "broken"),
    [
        ({"margin": -100.0, "tags": ["sale", "new"], "price": 1.0}, {}),
        ({"margin": 100.5}, {"margin": "bad_price"}),
        ({"margin": float("nan")}, {"margin": "bad_price"}),
        ({"tags": ["summer", "sales"]}, {"tags": "bad_text"}),
        ({"price": -1.0}, {"price": "bad_price"}),
    ],
)
def test_products(given: dict[str, object], broken: dict[str, str]) -> None:
    products = load_contract("products")
    row = dict.fromkeys(products.column_names) | given
    assert broken_fields(row, products, LIMITS) == broken
    assert LIMITS.keys() <= rule_parameters(Settings()).keys()
