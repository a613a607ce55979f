"""Adds properties and descriptions to tables of older releases."""

from causalrec.lake.properties import COMMENT, PROPERTIES
from causalrec.lake.table import LakeTable


def describe(table: LakeTable) -> int:
    """Give an older table the properties and descriptions of a new one; returns the number of versions made.

    One version for the properties, and one per column whose description is missing or differs.
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
