"""The lake: a folder of Delta tables."""

from collections.abc import Callable

from causalrec.config.sections import LakeSettings
from causalrec.contracts import load_contract
from causalrec.lake.declared import Declared
from causalrec.lake.storage import Location
from causalrec.lake.table import LakeTable


class Lake:
    """Tables below one root, an absolute path or a URI; each is declared by schemas/NAME.yaml."""

    def __init__(
        self,
        root: str,
        settings: LakeSettings | None = None,
        contracts: Callable[[str], Declared] = load_contract,
    ) -> None:
        self.root = str(root)
        self.settings = settings or LakeSettings()
        self._contracts = contracts
        self._location = Location(self.root, self.settings.endpoint, self.settings.region)

    def table(self, name: str) -> LakeTable:
        """A table, whether or not it exists yet.

        Raises:
            ContractError: no contract declares it.
        """
        return LakeTable(self._contracts(name), self._location.child(name), self.settings)
