"""The base of every section of the settings, and what a path may be."""

from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

LOCAL_MODEL = "local-dir:"  # before the folder of an open_clip model


class Section(BaseModel):
    """A frozen part of the settings; an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def first_error(error: ValidationError) -> str:
    """The first wrong key of a file, and what is wrong with it."""
    first = error.errors()[0]
    return f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}"


def written_out(given: Any) -> Any:  # noqa: ANN401 - whatever the file holds
    """A path with ``~`` replaced by the home folder.

    Raises:
        ValueError: it has blanks around it, holds a variable such as $HOME, or a ``~`` of an unknown user.
    """
    text = str(given)
    if isinstance(given, str | Path) and text != text.strip():
        raise ValueError(f"{text!r}: blanks around a path; leave them out")
    if "://" in text or not isinstance(given, str | Path):
        return given
    if "$" in text:
        raise ValueError(f"{text!r}: variables are not replaced here; write the path out, or begin it with ~")
    try:
        return str(Path(text).expanduser()) if text.startswith("~") else given
    except RuntimeError as error:
        raise ValueError(f"{text!r}: no such home folder") from error


FolderOrUri = Annotated[str, BeforeValidator(written_out)]
"""A folder, a file or the address of one; ``~`` at its start stands for the home folder."""


def _model_written_out(given: Any) -> Any:  # noqa: ANN401 - whatever the file holds
    if isinstance(given, str) and given.startswith(LOCAL_MODEL):
        return LOCAL_MODEL + written_out(given.removeprefix(LOCAL_MODEL))
    return written_out(given)


ModelName = Annotated[str, BeforeValidator(_model_written_out)]
"""The name of a model, or the folder that holds it."""


def a_folder(given: Any) -> Any:  # noqa: ANN401 - whatever the file holds
    """A path of the file system.

    Raises:
        ValueError: it is the address of an object store, which would be created as a local folder of that
            name.
    """
    if "://" in str(given):
        raise ValueError(
            f"{given}: only a folder works here; name one that every machine reaches, as by a mount"
        )
    return given
