"""Training against a real MLflow server that goes away: retries are bounded, and nothing is half done."""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from causalrec.config import Settings
from causalrec.errors import RegistryError
from causalrec.lake import Lake, Ledger
from causalrec.registry.reproduction.reproduce import reproduce
from causalrec.registry.store import connect
from causalrec.registry.train import train_and_log

from .servers import Line, free_port, running
from .shop import DS, settings_in, write_dataset

pytestmark = pytest.mark.slow

EPOCHS = 3


@dataclass
class Remote:
    settings: Settings
    lake: Lake
    line: Line
    files: Path
    epochs: list[int] = field(default_factory=list)

    def train(self, at: int = 0, act: Callable[[], None] = lambda: None, retries: int = 1) -> list[int]:
        """Trains, and calls ``act`` at that epoch; the epochs that were trained, also in ``epochs``."""
        registry = self.settings.registry.model_copy(update={"retries": retries})
        settings = self.settings.model_copy(update={"registry": registry})
        self.epochs = []

        def progress(epoch: int, metrics: dict[str, float]) -> None:
            self.epochs.append(epoch)
            if epoch == at:
                act()

        train_and_log(settings, self.lake, Ledger(self.lake), DS, progress)
        return self.epochs

    def state(self) -> tuple[list[str], dict[str, str]]:
        """Version numbers and aliases."""
        client, name = connect(self.settings), self.settings.registry.model_name
        versions = client.search_model_versions(f"name = '{name}'")
        aliases = {k: str(v) for m in client.search_registered_models() for k, v in m.aliases.items()}
        return sorted(str(version.version) for version in versions), aliases


@pytest.fixture(scope="module")
def remote(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Remote]:
    """A shop whose MLflow is a server that also keeps the artifacts, as in the compose deployment."""
    work = tmp_path_factory.mktemp("outage")
    port, files = free_port(), work / "files"
    options = ["server", "--workers", "1", "--backend-store-uri", f"sqlite:///{work}/server.db"]
    with running([*options, "--artifacts-destination", str(files)], port, "/health", work / "server.log"):
        line = Line(port)
        base = settings_in(work, "lightgcn")
        registry = base.registry.model_copy(
            update={"tracking_uri": line.address, "artifact_root": "mlflow-artifacts:/"}
        )
        training = base.training.model_copy(update={"epochs": EPOCHS, "evaluate_every": 1})
        settings = base.model_copy(update={"registry": registry, "training": training})
        write_dataset(settings)
        yield Remote(settings, Lake(settings.lake_root), line, files)
        line.down()


def test_outages_in_the_order_of_their_length(remote: Remote) -> None:
    """One story, since each part needs the registry as the part before left it."""

    def briefly_down() -> None:
        remote.line.down()
        threading.Timer(1.0, remote.line.up).start()

    # a short outage is waited out
    assert remote.train(2, briefly_down, retries=3) == [1, 2, 3]
    assert remote.state() == (["1"], {"challenger": "1"})
    assert list(remote.files.rglob("recommender.safetensors"))  # kept by the server, not beside the shop
    connect(remote.settings).set_registered_model_alias("causalrec", "champion", "1")
    before = remote.state()

    # a long one ends the training with one line after bounded retries; the registry is as it was
    began = time.monotonic()
    with pytest.raises(RegistryError, match=rf"MLflow at {remote.line.address}: .* -> start it"):
        remote.train(2, remote.line.down)
    assert time.monotonic() - began < 60
    remote.line.up()
    assert remote.state() == before

    # half an upload makes no version; the epochs were all in the checkpoint and are not trained again
    remote.line.cut_on = b"recommender.safetensors"
    with pytest.raises(RegistryError, match="MLflow at"):
        remote.train()
    assert remote.line.cuts == 2  # the try and its retry
    assert remote.epochs == []
    remote.line.cut_on = None
    assert remote.state() == before

    # once the line holds, the same call goes on from its checkpoint and registers the undisturbed model
    assert remote.train() == []
    assert remote.state() == (["1", "2"], {"challenger": "2", "champion": "1"})
    with pytest.raises(RegistryError, match="no version 3"):
        reproduce(remote.settings, remote.lake, "3", pytest.fail)
    assert reproduce(remote.settings, remote.lake, "2", pytest.fail).verdict == "exact"
