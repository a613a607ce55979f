"""Runs a stage where the package is installed and ``spark-submit`` wants a file.

    spark-submit --archives causalrec.zip#library stage.py score --ds 2026-03-01

The same as ``causalrec run score --ds 2026-03-01``, for services that start a file from an object store.
"""

import sys

from causalrec.__main__ import main

if __name__ == "__main__":
    sys.argv[1:1] = ["run"]
    sys.exit(main())
