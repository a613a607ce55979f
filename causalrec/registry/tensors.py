"""Single arrays of a safetensors file, memory-mapped, so that only the rows that are read are loaded."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from causalrec.errors import RegistryError

TYPES = {"F32": np.float32, "F64": np.float64, "I32": np.int32, "I64": np.int64}
HEADER_LENGTH = 8  # bytes; little-endian count of the JSON header that follows


def map_tensor(file: Path, name: str) -> npt.NDArray[Any] | None:
    """Read-only view of one array; None if the file has no array of that name.

    Raises:
        RegistryError: the file is not safetensors, or the array has a different element type.
    """
    try:
        with file.open("rb") as stream:
            length = int.from_bytes(stream.read(HEADER_LENGTH), "little")
            header = json.loads(stream.read(length))
    except (OSError, ValueError) as error:
        raise RegistryError(f"{file} is not a safetensors file", do="register the model again") from error
    if name not in header:
        return None
    entry = header[name]
    if entry["dtype"] not in TYPES:
        raise RegistryError(f"{file}: {name} has type {entry['dtype']}", do=f"store one of {sorted(TYPES)}")
    shape, kind = tuple(entry["shape"]), TYPES[entry["dtype"]]
    if 0 in shape:
        return np.empty(shape, dtype=kind)
    offset = HEADER_LENGTH + length + entry["data_offsets"][0]
    return np.memmap(file, dtype=kind, mode="r", offset=offset, shape=shape)
