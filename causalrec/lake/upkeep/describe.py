"""Older tables learn to say what new ones say from the start."""

from causalrec.lake.properties import COMMENT, PROPERTIES
from causalrec.lake.table import LakeTable


def describe(table: LakeTable) -> int:
    """Tell an older table what a new one says from the start; how many versions that took.

    One version for the properties, and one per column whose description is missing or another one.
    """
    found = table.snapshot()
    if found is None:
        return 0
    delta, done = found.delta, 0
    stated = delta.metadata().configuration
    if any(stated.get(name) != value for name, value in PROPERTIES.items()):
        delta.alter.set_table_properties(dict(PROPERTIES))
        done += 1
    said = {column.name: column.metadata.get(COMMENT) for column in delta.schema().fields}
    for name, text in table.contract.descriptions.items():
        if name in said and said[name] != text:
            delta.alter.set_column_metadata(name, {COMMENT: text})
            done += 1
    return done
