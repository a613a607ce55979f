"""Reads and decodes ahead while the model computes; how far ahead depends on measured times."""

import math
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Generic, TypeVar

Task = TypeVar("Task")
Made = TypeVar("Made")


class Prefetch(Generic[Task, Made]):
    """Results of ``make`` in the order of the tasks, made by at most ``threads`` threads.

    At first one task is run ahead. Once both times are known, enough are run ahead to keep the consumer busy:
    the ratio of a task's time to the time that the consumer takes for its result, rounded up and at most
    ``threads``. So at most ``threads + 1`` results are in memory.

    Attributes:
        ahead: how many tasks are currently run ahead.
    """

    def __init__(self, make: Callable[[Task], Made], threads: int) -> None:
        self._make, self._threads = make, threads
        self.ahead = 1
        self._making = self._using = 0.0

    def over(self, tasks: Iterable[Task]) -> Iterator[Made]:
        """One result per task; an error of ``make`` is raised in its place."""
        source, waiting = iter(tasks), deque[Future[tuple[Made, float]]]()
        with ThreadPoolExecutor(self._threads, "decode") as pool:
            try:
                while True:
                    while len(waiting) <= self.ahead:
                        task = next(source, _END)
                        if task is _END:
                            break
                        waiting.append(pool.submit(self._timed, task))  # type: ignore[arg-type]
                    if not waiting:
                        return
                    made, seconds = waiting.popleft().result()
                    began = time.perf_counter()
                    yield made
                    self._learn(seconds, time.perf_counter() - began)
            finally:
                for future in waiting:
                    future.cancel()

    def _timed(self, task: Task) -> tuple[Made, float]:
        began = time.perf_counter()
        return self._make(task), time.perf_counter() - began

    def _learn(self, making: float, using: float) -> None:
        self._making += making
        self._using += using
        self.ahead = min(self._threads, max(1, math.ceil(self._making / max(self._using, 1e-9))))


_END = object()
