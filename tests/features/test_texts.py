"""The text of a product and its key."""

import hashlib
import time

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from causalrec.features.texts import FIELDS, MAX_CHARS, content_key, product_texts, text_keys


def product_text(*fields: str | None) -> str:
    frame = pd.DataFrame([fields], columns=["title", "description", "brand", "category"], dtype=object)
    return str(product_texts(frame).iloc[0])


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        (
            ("Strap top", "Soft jersey.", "Acme", "Women > Tops"),
            "Strap top. Acme. Women > Tops. Soft jersey.",
        ),
        (("  Strap\t top\r\n", None, None, None), "Strap top"),
        (("a\x00b\x07c", None, None, None), "a b c"),
        (("e\u0301", None, None, None), "\u00e9"),
        (("<p>Soft <b>top</b></p>", None, None, None), "Soft top"),
        (("&lt;p&gt;Soft &amp; warm&lt;/p&gt;", None, None, None), "Soft & warm"),
        (("x<script>alert(1)</script>y<!-- z -->", None, None, None), "x y"),
        (("size < 3 and > 1", None, None, None), "size < 3 and > 1"),
        (("\u202egnol\u202c", None, None, None), "gnol"),
        (("\U0001f457 שמלה", None, None, None), "\U0001f457 שמלה"),
        ((None, None, "Acme", ""), "Acme"),
        ((None, None, None, None), ""),
        (("", " . ", "<br/>", "\x00"), ""),
        (("\ud800x", None, None, None), "?x"),
    ],
)
def test_normalised_text(fields: tuple[str | None, str | None, str | None, str | None], text: str) -> None:
    assert product_text(*fields).removesuffix(".") == text.removesuffix(".")


def test_a_long_text_is_capped_and_keeps_what_names_the_product() -> None:
    text = product_text("Strap top", "word " * 100_000, "Acme", None)
    assert len(text) <= MAX_CHARS
    assert text.startswith("Strap top. Acme. word word")


def test_keys_are_aligned_and_missing_where_there_is_no_text() -> None:
    products = pd.DataFrame(
        {
            "title": ["Strap top", None, "Strap  top", np.nan],
            "description": [None, None, "", "Strap top"],
            "brand": [None] * 4,
            "category": [None] * 4,
        },
        index=[7, 3, 9, 1],
    )
    keys = text_keys(products)
    assert list(keys.index) == [7, 3, 9, 1]
    expected = hashlib.sha256(b"Strap top").hexdigest()
    assert keys.tolist() == [expected, None, expected, expected]
    assert content_key("Strap top") == expected


def test_no_products_no_keys() -> None:
    assert text_keys(pd.DataFrame({name: pd.Series(dtype=object) for name in FIELDS})).empty


_FIELD = st.one_of(st.none(), st.text(max_size=40))


@settings(deadline=None)
@given(st.lists(st.tuples(_FIELD, _FIELD, _FIELD, _FIELD), max_size=6))
def test_many_at_once_equal_one_by_one(
    rows: list[tuple[str | None, str | None, str | None, str | None]],
) -> None:
    products = pd.DataFrame(rows, columns=["title", "description", "brand", "category"], dtype=object)
    texts = product_texts(products).tolist()
    assert texts == [product_text(*row) for row in rows]
    assert all(len(text) <= MAX_CHARS and text == text.strip() and "\x00" not in text for text in texts)


def test_a_hundred_thousand_products_take_seconds() -> None:
    products = pd.DataFrame(
        {"title": "Strap top", "description": "Soft jersey &amp; more", "brand": "Acme", "category": "Tops"},
        index=range(100_000),
    )
    began = time.process_time()
    assert text_keys(products).nunique() == 1
    assert time.process_time() - began < 10
