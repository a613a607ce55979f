"""Peak memory of this process."""

import resource
import sys
from pathlib import Path

KIB = 1024
STATUS = Path("/proc/self/status")


def peak_bytes() -> int:
    """Largest resident set of this program so far.

    On Linux a process inherits ``ru_maxrss`` from its parent (it survives ``exec``), so the kernel's
    high-water mark of this address space is read instead, if available.
    """
    if STATUS.exists():
        for line in STATUS.read_text(encoding="ascii").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * KIB
    unit = 1 if sys.platform == "darwin" else KIB
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
