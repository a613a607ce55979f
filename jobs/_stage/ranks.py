"""A job started several times by torchrun: one process does the job, the others help it train.

torchrun --nproc-per-node 2 -m jobs.train --ds 2020-03-01
"""

import datetime as dt
import os
from collections.abc import Callable

from rich.console import Console

from causalrec.config import Settings
from causalrec.errors import CausalrecError
from causalrec.lake import Lake
from causalrec.run import open_lake
from causalrec.training.ranks import Ranks, joined_ranks, launched
from jobs._stage.runner import EXIT_ERROR, Job, loaded, main, parsed

TRAIN, DONE = "train", "done"
LOOPBACK = "lo"

Help = Callable[[Settings, Lake, dt.date], None]
_ranks: list[Ranks] = []


def main_in_ranks(job: Job, help_train: Help, argv: list[str] | None = None) -> int:
    """:func:`.runner.main`, also under torchrun: rank 0 runs the job, the others ``help_train``."""
    if not launched():
        return main(job, argv)
    if os.environ.get("LOCAL_WORLD_SIZE") == os.environ.get("WORLD_SIZE"):  # all on this machine
        for name in ("GLOO_SOCKET_IFNAME", "NCCL_SOCKET_IFNAME"):
            os.environ.setdefault(name, LOOPBACK)
    arguments = parsed(job.name, argv)
    try:
        settings = loaded(arguments)
        with joined_ranks(settings.training) as ranks:
            if ranks.leads:
                return _lead(job, ranks, argv)
            return _follow(ranks, help_train, settings, arguments.ds)
    except CausalrecError as error:
        Console().print(f"[bold red]{job.name}[/] {error}", highlight=False, soft_wrap=True)
        return EXIT_ERROR


def call_helpers() -> None:
    """Tells the other ranks that training begins; does nothing without them."""
    for ranks in _ranks:
        ranks.told({}, {"do": TRAIN})


def _lead(job: Job, ranks: Ranks, argv: list[str] | None) -> int:
    _ranks.append(ranks)
    try:
        status = main(job, argv)
    finally:
        _ranks.clear()
    if status == 0:  # after a failure torchrun ends the others
        ranks.told({}, {"do": DONE})
    return status


def _follow(ranks: Ranks, help_train: Help, settings: Settings, ds: dt.date) -> int:
    while ranks.told({}, {})[1]["do"] == TRAIN:
        help_train(settings, open_lake(settings), ds)
    return 0
