"""A training that one machine began goes on at another one."""

from pathlib import Path

import pytest

from causalrec.config import Settings
from causalrec.registry.checkpoints import checkpoints_of


def machine(tmp_path: Path, name: str, store: str) -> Settings:
    mlflow = {"tracking_uri": "http://mlflow"}
    return Settings.model_validate(
        {"paths": {"work": tmp_path / name, "store": store}, "model": {"name": "ease"}, "registry": mlflow}
    )


def test_an_interrupted_run_is_in_the_store(tmp_path: Path) -> None:
    store, told = f"file://{tmp_path}/store", list[int]()
    kept = tmp_path / "store" / "checkpoints" / "ease" / "checkpoint.safetensors"
    with pytest.raises(KeyboardInterrupt), checkpoints_of(machine(tmp_path, "one", store)) as first:
        progress = first.after_epochs(lambda epoch, _: told.append(epoch))
        (first.folder / kept.name).write_bytes(b"epoch 1")
        progress(1, {})
        assert kept.read_bytes() == b"epoch 1"
        (first.folder / kept.name).write_bytes(b"epoch two")
        raise KeyboardInterrupt
    assert told == [1]
    assert kept.read_bytes() == b"epoch two"
    assert not first.folder.exists()
    with checkpoints_of(machine(tmp_path, "other", store)) as second:
        assert (second.folder / kept.name).read_bytes() == b"epoch two"
        second.delete()
    assert not kept.exists()
    with checkpoints_of(machine(tmp_path, "one", store)) as third:
        assert list(third.folder.iterdir()) == []


def test_a_folder_is_written_where_it_lies(tmp_path: Path) -> None:
    with checkpoints_of(machine(tmp_path, "one", "")) as found:
        assert found.folder == tmp_path / "one" / "checkpoints" / "ease"
        found.folder.mkdir(parents=True)
        found.keep()
        found.delete()
    assert not found.folder.exists()
