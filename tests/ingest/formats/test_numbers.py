"""Numbers in the notation of any shop; what only a setting can tell is never guessed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from causalrec.errors import ReasonCode
from causalrec.ingest.formats.currencies import CODES, SIGNS
from causalrec.ingest.formats.notation import InvalidValue, Notation
from causalrec.ingest.formats.numbers import plain_number

UNSAID, COMMA, POINT = Notation(), Notation(decimal_comma=True), Notation(decimal_comma=False)


def reading(text: str, notation: Notation) -> str:
    """The number, or the reason why there is none."""
    try:
        return plain_number(text, notation)
    except InvalidValue as error:
        return error.reason


@pytest.mark.parametrize(
    ("text", "unsaid", "comma", "point"),
    [
        ("$12.50", "12.50", "unclear_number", "12.50"),
        ("12,50 €", "unclear_number", "12.50", "unclear_number"),
        ("EUR 1.234,50", "unclear_number", "1234.50", "unclear_number"),
        ("1 234,50", "unclear_number", "1234.50", "unclear_number"),
        ("1\u202f234,50\u00a0€", "unclear_number", "1234.50", "unclear_number"),
        ("CHF 1'234.50", "1234.50", "unclear_number", "1234.50"),
        ("1,234.50", "1234.50", "unclear_number", "1234.50"),
        ("1,234", "unclear_number", "1.234", "1234"),
        ("1.234", "1.234", "1234", "1.234"),
        ("1,234,567", "1234567", "unclear_number", "1234567"),
        ("-$5", "-5", "-5", "-5"), ("$ -5", "-5", "-5", "-5"), ("US$ 5 USD", "5", "5", "5"),
        ("1e3", *["1e3"] * 3),
        *((text, *["invalid_type"] * 3) for text in ("cheap", "12 PCS", "--5", "-$-5", "1.2.3,4")),
        *((text, *["invalid_type"] * 3) for text in ("1 23", "$", "")),
    ],
)  # fmt: skip
def test_the_setting_decides(text: str, unsaid: str, comma: str, point: str) -> None:
    assert [reading(text, how) for how in (UNSAID, COMMA, POINT)] == [unsaid, comma, point]


def test_prices_in_another_currency_than_the_shops_are_counted_as_such() -> None:
    euro = Notation(currency="EUR")
    texts = ("5", "5 EUR", "€5", "$5", "5 USD", "zł 5", "5 Taler")
    assert [reading(text, euro) for text in texts] == [
        "5", "5", "5", *["other_currency"] * 3, "invalid_type"
    ]  # fmt: skip
    assert [reading("$5", Notation(currency=code)) for code in ("USD", "CAD")] == ["5", "5"]


@given(
    st.decimals(-(10**12), 10**12, places=2),
    st.sampled_from([(".", ","), (",", ".")]),
    st.sampled_from(["", "same", " ", "\u00a0", "\u202f", "'"]),
    st.sampled_from(["", *sorted(CODES), *SIGNS]),
    st.sampled_from(["{0}{1}{2}", "{1}{0}{2}", "{1}{0} {2}", "{1}{2}{0}", "{1}{2} {0}"]),
)
def test_whatever_a_shop_writes_reads_back(
    number: object, marks: tuple[str, str], group: str, currency: str, form: str
) -> None:
    mark, other = marks
    digits = (
        f"{number:,}".replace(",", "G").replace(".", mark).replace("G", other if group == "same" else group)
    )
    sign, digits = ("-", digits[1:]) if digits.startswith("-") else ("", digits)
    text = form.format(currency, sign, digits)
    assert plain_number(text, Notation(decimal_comma=mark == ",")) == str(number)
    guess = reading(text, UNSAID)
    assert guess in {str(number), ReasonCode.UNCLEAR_NUMBER}
