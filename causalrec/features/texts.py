"""The text of a product and its content key: one definition, used by the encoder and by the dataset builder.

A product's text is ``title. brand. category. description`` after normalisation. The name of the product comes
first, so that an encoder's token limit truncates only the description. The key is the sha256 of that text:
products with the same text share one vector, and any change of wording gives a new key.
"""

import hashlib
import html
import unicodedata
from collections.abc import Callable, Iterable

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

FIELDS = ("title", "brand", "category", "description")

# Part of the definition of a key: with a different cap the same product would get a different key.
TEXT_VERSION = "1"
MAX_CHARS = 10_000

# RE2 patterns, applied in this order. Tags are removed again after entities have been resolved, because feeds
# often escape their markup ("&lt;p&gt;").
_MARKUP = (
    r"(?is)<!--.*?-->",
    r"(?is)<script\b.*?</script\s*>",
    r"(?is)<style\b.*?</style\s*>",
    r"(?s)<[a-zA-Z/!?][^<>]*>",
)
# control characters, bidirectional overrides, byte order mark: invisible, and never part of the wording
_INVISIBLE = r"[\x{0000}-\x{001F}\x{007F}-\x{009F}\x{202A}-\x{202E}\x{2066}-\x{2069}\x{FEFF}]"
_SPACE = r"[\s\x{00A0}\x{2000}-\x{200A}\x{2028}\x{2029}\x{202F}\x{3000}]+"
_ENTITY = "&"
END = ". "


def content_key(text: str) -> str:
    """sha256 of the normalised text, as 64 hex characters."""
    return hashlib.sha256(text.encode()).hexdigest()


def product_texts(products: pd.DataFrame) -> pd.Series:
    """Normalised texts of many products, with the index of ``products``.

    ``products`` has the columns title, description, brand and category (None or NaN where unknown).
    """
    parts = [_sentence(_clean(_strings(products[name]))) for name in FIELDS]
    joined = pc.binary_join_element_wise(*parts, pa.scalar("", pa.large_string()))
    capped = pc.utf8_rtrim(pc.utf8_slice_codeunits(joined, 0, MAX_CHARS), characters=END)
    return pd.Series(capped.to_numpy(zero_copy_only=False), index=products.index, name="text", dtype=object)


def keys_of(texts: pd.Series) -> pd.Series:
    """Content keys of normalised texts; None for an empty text."""
    keys = [content_key(text) if text else None for text in texts]
    return pd.Series(keys, index=texts.index, name="text_key", dtype=object)


def text_keys(products: pd.DataFrame) -> pd.Series:
    """Content key of every product's text (None without text), with the frame's index."""
    return keys_of(product_texts(products))


def _strings(column: pd.Series) -> pa.Array:
    values = column.to_numpy(dtype=object)
    try:
        return pa.array(values, type=pa.large_string(), from_pandas=True)
    except UnicodeEncodeError:  # lone surrogates: text that was never valid Unicode
        return pa.array(_encodable(values), type=pa.large_string(), from_pandas=True)


def _encodable(values: Iterable[object]) -> list[object]:
    return [
        value.encode("utf-8", "replace").decode() if isinstance(value, str) else value for value in values
    ]


def _clean(texts: pa.Array) -> pa.Array:
    texts = pc.utf8_slice_codeunits(texts, 0, 4 * MAX_CHARS)
    for pattern in _MARKUP:
        texts = pc.replace_substring_regex(texts, pattern, " ")
    texts = _where(pc.match_substring(texts, _ENTITY), html.unescape, texts)
    for pattern in _MARKUP:
        texts = pc.replace_substring_regex(texts, pattern, " ")
    texts = pc.replace_substring_regex(texts, _INVISIBLE, " ")
    texts = pc.replace_substring_regex(texts, _SPACE, " ")
    texts = _where(
        pc.invert(pc.string_is_ascii(texts)), _nfc, texts
    )  # Arrow's own normaliser leaves this text unchanged
    return pc.utf8_trim_whitespace(texts)


def _nfc(text: str) -> str:
    return unicodedata.normalize("NFC", text)


def _where(rows: pa.Array, change: Callable[[str], str], texts: pa.Array) -> pa.Array:
    """``texts`` with ``change`` applied to the chosen rows; only they are visited one by one."""
    rows = pc.fill_null(rows, False)
    if not pc.any(rows).as_py():
        return texts
    changed = [change(text) for text in pc.filter(texts, rows).to_pylist()]
    return pc.replace_with_mask(texts, rows, pa.array(_encodable(changed), type=texts.type))


def _sentence(texts: pa.Array) -> pa.Array:
    """The text with exactly one full stop at its end; empty if there is no text."""
    bare = pc.fill_null(pc.utf8_rtrim(texts, characters=END), "")
    empty, stop = pa.scalar("", pa.large_string()), pa.scalar(END, pa.large_string())
    return pc.binary_join_element_wise(bare, pc.if_else(pc.equal(bare, ""), empty, stop), empty)
