"""A process answers for its own memory, not for that of the one that started it."""

import subprocess
import sys

import numpy as np

from causalrec.training.peak import peak_bytes

CHILD = [sys.executable, "-c", "from causalrec.training.peak import peak_bytes; print(peak_bytes())"]
MIB = 2**20


def test_a_child_does_not_inherit_the_peak() -> None:
    large = np.ones(50 * MIB)  # 400 MiB
    assert peak_bytes() > large.nbytes
    assert int(subprocess.run(CHILD, capture_output=True, text=True, check=True).stdout) < 300 * MIB


def test_it_grows_with_what_is_allocated() -> None:
    script = (
        "import numpy as np; from causalrec.training.peak import peak_bytes; a = peak_bytes();"
        "b = np.ones(25 * 2**20); print(peak_bytes() - a)"
    )
    grown = int(subprocess.run([sys.executable, "-c", script], capture_output=True, check=True).stdout)
    assert 190 * MIB < grown < 215 * MIB
