"""Exit 0 where the night's monitoring asks for training, 99 where it does not, 1 on an error.

In Airflow a 0 reports the asset that the training DAG waits for.
"""

import datetime as dt
import sys

from causalrec.config import Settings
from causalrec.lake import Lake
from causalrec.monitoring.monitor import asks_for_training
from jobs._question import ask


def training_asked_for(settings: Settings, lake: Lake, ds: dt.date) -> tuple[bool, str]:
    """Whether training was requested, and why."""
    return asks_for_training(lake, ds)


def main(argv: list[str] | None = None) -> int:
    """Say it."""
    return ask("request_training", __doc__, training_asked_for, argv)


if __name__ == "__main__":
    sys.exit(main())
