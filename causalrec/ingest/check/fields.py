"""The column rules of the contracts for sampled rows, without Spark; a test keeps both versions in step."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from causalrec.contracts import Contract
from causalrec.contracts.absent import is_absent
from causalrec.errors import ReasonCode

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


def broken_fields(row: Mapping[str, Any], table: Contract, limits: Mapping[str, Any]) -> dict[str, str]:
    """Optional columns of a good row that a rule sets to null -> reason code.

    Args:
        limits: see :func:`causalrec.ingest.parameters.rule_parameters`.
    """
    judges = _PRODUCT_FIELDS if table.name == "products" else _EVENT_FIELDS
    found: dict[str, str] = {}
    for names, reason, judge in judges:
        values = [row[name] for name in names]
        given = [name for name, value in zip(names, values, strict=True) if value is not None]
        if given and not judge(values, limits):
            found = {name: str(reason) for name in given} | found
    return found


def _printable(values: Sequence[Any], limits: Mapping[str, Any]) -> bool:
    return len(values[0]) <= limits["max_id_chars"] and not _CONTROL.search(values[0])


def _filled(values: Sequence[Any], limits: Mapping[str, Any]) -> bool:
    return bool(values[0]) and _printable(values, limits)


def _named(values: Sequence[Any], _: Mapping[str, Any]) -> bool:
    return not is_absent(values[0])


def _priced(values: Sequence[Any], limits: Mapping[str, Any]) -> bool:
    return bool(0 <= values[0] <= limits["max_price"])


def _placed(values: Sequence[Any], limits: Mapping[str, Any]) -> bool:
    return bool(1 <= values[0] <= limits["max_position"])


def _likely(values: Sequence[Any], _: Mapping[str, Any]) -> bool:
    return bool(0 < values[0] <= 1)


def _short(values: Sequence[Any], limits: Mapping[str, Any]) -> bool:
    return bool(sum(len(text or "") for text in values) <= limits["max_text_chars"])


def _few(values: Sequence[Any], limits: Mapping[str, Any]) -> bool:
    return len(values[0]) <= limits["max_image_refs"] and not any(
        len(ref) > limits["max_image_ref_chars"] for ref in values[0]
    )


def _earned(values: Sequence[Any], limits: Mapping[str, Any]) -> bool:
    return bool(abs(values[0]) <= limits["max_price"])


def _joined(values: Sequence[Any], limits: Mapping[str, Any]) -> bool:
    return bool(len(" ".join(values[0])) <= limits["max_text_chars"])


_EVENT_FIELDS = (
    (("session_id",), ReasonCode.BAD_ID, _filled),
    (("session_id",), ReasonCode.NULL_ID, _named),
    (("market",), ReasonCode.BAD_ID, _printable),
    (("policy",), ReasonCode.BAD_ID, _printable),
    (("price",), ReasonCode.BAD_PRICE, _priced),
    (("position",), ReasonCode.BAD_POSITION, _placed),
    (("propensity",), ReasonCode.BAD_PROPENSITY, _likely),
)
_PRODUCT_FIELDS = (
    (("title", "description", "brand", "category"), ReasonCode.BAD_TEXT, _short),
    (("image_refs",), ReasonCode.BAD_TEXT, _few),
    (("price",), ReasonCode.BAD_PRICE, _priced),
    (("margin",), ReasonCode.BAD_PRICE, _earned),
    (("tags",), ReasonCode.BAD_TEXT, _joined),
    (("titles",), ReasonCode.BAD_TEXT, _joined),
)
