"""Cells left empty because the row above says the same: variants of a product, lines of an order."""

from collections.abc import Mapping

from causalrec.config.feed import FillDown

NO_VALUE = (None, "")


class Above:
    """What the rows of one file inherit from the rows above them; rows pass in the order of the file."""

    def __init__(self, rule: FillDown) -> None:
        self._rule = rule
        self._key: object = None
        self._values: dict[str, object] = {}

    def filled(self, row: Mapping[str, object]) -> Mapping[str, object]:
        """The row with its empty cells filled; the same object where nothing is to be filled."""
        if not self._rule.columns:
            return row
        key = row.get(self._rule.by)
        if key in NO_VALUE or key != self._key:
            self._key, self._values = key, {}
        own = {name: row[name] for name in self._rule.columns if row.get(name) not in NO_VALUE}
        inherited = {name: value for name, value in self._values.items() if name not in own}
        if key not in NO_VALUE:
            self._values |= own
        if not inherited:
            return row
        return {name: value for name, value in row.items() if value not in NO_VALUE} | inherited
