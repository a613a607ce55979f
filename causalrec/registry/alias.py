"""Moves an alias by compare-and-set: nobody overwrites a promotion that he has not seen."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from causalrec.config import Settings
from causalrec.errors import RegistryError
from causalrec.registry.versions import Alias, by_alias

if TYPE_CHECKING:
    from mlflow import MlflowClient


def move_alias(
    client: "MlflowClient", settings: Settings, alias: Alias, *, expected: str | None, to: str
) -> None:
    """Points ``alias`` to version ``to`` if it still points to ``expected`` (None: to nothing).

    MLflow has no conditional write, so promotions of one work folder take turns by a file lock.

    Raises:
        RegistryError: the alias was moved by somebody else meanwhile.
    """
    with _turn(settings):
        found = by_alias(client, settings, alias)
        current = None if found is None else found.version
        if current != expected:
            raise RegistryError(
                f"{alias} is version {current or 'none'}, expected {expected or 'none'}: promoted meanwhile",
                do="run evaluate again and then promote",
            )
        client.set_registered_model_alias(settings.registry.model_name, alias, to)


@contextmanager
def _turn(settings: Settings) -> Iterator[None]:
    lock = settings.paths.work.absolute() / f".{settings.registry.model_name}.alias.lock"
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w", encoding="utf-8") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield
