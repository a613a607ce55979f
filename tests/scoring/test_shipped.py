"""What was sent to executors is kept for late ones, and is gone with the process."""

import subprocess
import sys
from pathlib import Path

from causalrec.scoring.shipped import outbox


def test_nothing_is_left_behind(root: Path) -> None:
    """The files name users, whom an erasure could not find there."""
    assert outbox() == outbox()
    assert outbox().is_dir()
    program = (
        "from causalrec.scoring.shipped import outbox; "
        "(outbox() / 'model.zip').write_text('u1'); print(outbox())"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=root, capture_output=True, text=True, check=True
    )
    assert not Path(done.stdout.strip()).exists()
