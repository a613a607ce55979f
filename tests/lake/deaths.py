"""Writers that die at a named point, on this machine or another one, and clocks that are wrong."""

import datetime as dt
import socket
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from typing import Any, Literal, get_args
from unittest.mock import patch

import pyarrow as pa

from causalrec.lake import LakeTable, attempt, clock, commit, write
from causalrec.lake.process import Process

Point = Literal["before the files", "before the commit", "after the commit", "before the note goes"]
Host = Literal["here", "elsewhere"]
POINTS: Sequence[Point] = get_args(Point)
HOSTS: Sequence[Host] = get_args(Host)
COMMITTED: Sequence[Point] = ("after the commit", "before the note goes")
DEAD = {
    "here": Process(socket.gethostname(), "", "1:gone"),
    "elsewhere": Process("elsewhere", "another boot", "1:1"),
}


class Death(BaseException):
    """What no writer outlives."""


def replace_and_die(table: LakeTable, data: pa.Table, day: str, point: Point, host: Host) -> None:
    """One replacement that is killed at ``point``; equal content ends before the points of the commit."""
    table.created()
    with ExitStack() as stack:
        _deadly(stack, point)
        stack.enter_context(patch.object(attempt, "this_process", lambda: DEAD[host]))
        stack.enter_context(patch.object(attempt, "clear", lambda *_: []))  # the dead tidy nothing
        with suppress(Death):
            table.replace(data, {"ds": day})


def _deadly(stack: ExitStack, point: Point) -> None:
    real = commit.commit_replacement

    def die(*_: object, **__: object) -> None:
        raise Death

    def commit_and_die(*args: Any, **options: Any) -> None:  # noqa: ANN401 - hands on what it is given
        real(*args, **options)
        raise Death

    if point == "before the files":
        stack.enter_context(patch.object(LakeTable, "store", die))
    elif point == "before the note goes":
        stack.enter_context(patch.object(attempt, "drop", die))
    else:
        kill = die if point == "before the commit" else commit_and_die
        stack.enter_context(patch.object(write, "commit_replacement", kill))


@contextmanager
def skewed(hours: float) -> Iterator[None]:
    """A clock that is wrong by so many hours."""
    real = clock.now
    with patch.object(clock, "now", lambda: real() + dt.timedelta(hours=hours)):
        yield
