"""Checkpoints of a training run in the store, so that any machine can go on with it."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from causalrec.config import Settings
from causalrec.model.base import Progress
from causalrec.store import Location, download, upload


@dataclass
class Checkpoints:
    """The folder that training writes to, and the store that has the same files after every epoch.

    Attributes:
        folder: on this machine.
        store: an object store; None if the folder is in the store already.
    """

    folder: Path
    store: Location | None = None
    _kept: tuple[tuple[str, int, int], ...] = ()

    def after_epochs(self, progress: Progress) -> Progress:
        """``progress``, before which what the epoch has written is uploaded."""

        def keep(epoch: int, metrics: dict[str, float]) -> None:
            self.keep()
            progress(epoch, metrics)

        return progress if self.store is None else keep

    def keep(self) -> None:
        """Upload the files if they changed.

        Raises:
            StoreError: the store does not respond.
        """
        files = sorted(file for file in self.folder.rglob("*") if file.is_file())
        found = tuple((str(file), file.stat().st_size, file.stat().st_mtime_ns) for file in files)
        if self.store is not None and found != self._kept:
            upload(self.folder, self.store, [file.relative_to(self.folder).as_posix() for file in files])
            self._kept = found

    def delete(self) -> None:
        """Delete them everywhere: the run is over."""
        shutil.rmtree(self.folder, ignore_errors=True)
        if self.store is not None:
            with self.store.answering():
                self.store.delete(self.store.files())


@contextmanager
def checkpoints_of(settings: Settings) -> Iterator[Checkpoints]:
    """Those of the configured model, as the last machine left them; uploaded after an error too.

    Raises:
        StoreError: the store does not respond.
    """
    store = settings.checkpoint_store.child(settings.model.name)
    if store.local:
        yield Checkpoints(Path(store.uri))
        return
    folder = settings.cache / "checkpoints" / settings.model.name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    download(store, folder)
    found = Checkpoints(folder, store)
    try:
        yield found
    finally:
        if folder.is_dir():
            found.keep()
            shutil.rmtree(folder, ignore_errors=True)
