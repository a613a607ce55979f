"""Entry point of ``causalrec`` and ``python -m causalrec``."""

import sys
from importlib import import_module
from importlib.util import find_spec


def main() -> int:
    """Run the command line of the wheel, or of the checkout; returns the exit status."""
    package = "causalrec.jobs" if find_spec("causalrec.jobs") else "jobs"
    status: int = import_module(f"{package}.cli").main()
    return status


if __name__ == "__main__":
    sys.exit(main())
