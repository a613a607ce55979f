"""What a registered version holds besides its package."""

import os
import stat
from pathlib import Path

from causalrec.registry.register import private_copy


def test_the_library_is_copied_without_bytecode_for_the_user_alone(tmp_path: Path) -> None:
    source = tmp_path / "library"
    (source / "part" / "__pycache__").mkdir(parents=True)
    (source / "part" / "code.py").write_text("ONE = 1\n")
    (source / "part" / "code.py").chmod(0o644)
    (source / "part" / "__pycache__" / "code.pyc").write_bytes(b"?")
    before = os.umask(0o077)
    try:
        made = private_copy(source, tmp_path / "copies")
    finally:
        os.umask(before)
    assert [path.relative_to(made).as_posix() for path in made.rglob("*.*")] == ["part/code.py"]
    assert (made / "part" / "code.py").read_text() == "ONE = 1\n"
    assert stat.S_IMODE((made / "part" / "code.py").stat().st_mode) == 0o600
    assert stat.S_IMODE((made / "part").stat().st_mode) == 0o700
