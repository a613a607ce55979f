"""Single arrays of a safetensors file, as its own library reads them."""

from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from causalrec.errors import RegistryError
from causalrec.registry.tensors import map_tensor

ARRAYS = {
    "a": np.arange(6, dtype=np.float32).reshape(2, 3),
    "b": np.array([1.5, -2.5]),
    "c": np.array([[7], [8], [9]], dtype=np.int32),
    "d": np.array([2**40, -1]),
    "none": np.empty((0, 4), dtype=np.float32),
    "flat": np.empty((4, 0), dtype=np.int64),
}


def test_every_array_is_there_bit_by_bit(tmp_path: Path) -> None:
    save_file({**ARRAYS, "odd": np.ones(3, np.uint8)}, tmp_path / "x.safetensors")
    for name, wanted in ARRAYS.items():
        found = map_tensor(tmp_path / "x.safetensors", name)
        assert found is not None
        np.testing.assert_array_equal(found, wanted, strict=True)
        assert isinstance(found, np.memmap) == bool(wanted.size)
        assert not (wanted.size and found.flags.writeable)
    assert map_tensor(tmp_path / "x.safetensors", "e") is None
    with pytest.raises(RegistryError, match="odd has type U8"):
        map_tensor(tmp_path / "x.safetensors", "odd")


def test_another_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"\3\0\0\0\0\0\0\0{]}")
    for name in ("x", "gone"):
        with pytest.raises(RegistryError, match="is not a safetensors file"):
            map_tensor(tmp_path / name, "a")
