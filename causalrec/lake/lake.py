"""The lake: a folder of Delta tables."""

from collections.abc import Callable

from deltalake import DeltaTable
from deltalake.exceptions import TableNotFoundError

from causalrec.config.lake import LakeSettings
from causalrec.contracts import load_contract
from causalrec.lake.declared import Declared
from causalrec.lake.outcome import Standing
from causalrec.lake.table import LakeTable
from causalrec.store import Location


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

    def standing(self, name: str) -> Standing | None:
        """Which table stands under a name, at which version, whatever its contract says; None for none.

        Raises:
            DeltaError: its log cannot be read.
            OSError: the store does not answer.
        """
        location = self._location.child(name)
        try:
            found = DeltaTable(location.uri, storage_options=location.delta_options)
        except TableNotFoundError:
            return None
        return Standing(str(found.metadata().id), int(found.version()))
