"""Values in the names of folders, as Hive, Spark and Arrow write partitions: ``kind=view/part-0.parquet``."""

from collections.abc import Mapping
from urllib.parse import unquote

from causalrec.sources.landing import PARTITION

MISSING = "__HIVE_DEFAULT_PARTITION__"


def folder_values(name: str) -> Mapping[str, str]:
    """Column -> value, from the folders of a file inside its delivery.

    An arrival date is left out: it says how a copy of older deliveries is filed, and nothing about a row.
    """
    found = [folder.partition("=") for folder in name.split("/")[:-1] if not folder.startswith(PARTITION)]
    return {unquote(key): unquote(value) for key, _, value in found if key and value not in ("", MISSING)}
