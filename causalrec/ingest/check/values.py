"""The values of sampled rows behind one of our columns, as a suggestion names its source."""

import decimal
from typing import Any

from causalrec.contracts.absent import is_absent
from causalrec.ingest.check.sample import FileCheck


def values_of(found: FileCheck, source: Any) -> list[Any]:  # noqa: ANN401 - text or table of TOML
    """What stands in the first rows, missing values aside; joined if the source is a join."""
    if isinstance(source, dict) and "join" in source:
        parts = [values_of(found, name) for name in source["join"]]
        same = len({len(values) for values in parts}) == 1
        return [":".join(map(str, row)) for row in zip(*parts, strict=True)] if same else []
    if not isinstance(source, str):
        return []
    wanted = source.strip().casefold()
    rows = ({key.strip().casefold(): value for key, value in row.items()} for row in found.raw)
    values = [row[wanted] for row in rows if row.get(wanted) is not None]
    return [value for value in values if not (isinstance(value, str) and is_absent(value))]


def names_of(source: Any) -> list[str]:  # noqa: ANN401 - text or table of TOML
    """Columns of the file that a source reads."""
    if isinstance(source, str):
        return [source]
    if source.get("column"):
        return [source["column"], *source.get("otherwise", ())]
    return list(source.get("join", ()))


def is_whole(value: Any) -> bool:  # noqa: ANN401 - whatever the file holds
    """Whether this is a whole number; pandas holds those of a column with gaps as floats."""
    if isinstance(value, float | decimal.Decimal):
        return value % 1 == 0  # false for what is no number
    return isinstance(value, int) and not isinstance(value, bool)
