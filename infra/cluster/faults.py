"""What goes wrong on the way: a machine of Spark is lost, and the scheduler with what it was doing."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from rich.console import Console

from infra.cluster.platform import Platform
from infra.cluster.services import SCHEDULER
from infra.cluster.spark import alive, worker_name
from infra.embedded.client import DagRun, TaskRun

RUNNING = "running"


@dataclass
class Fault:
    """Something that happens once, while one of ``tasks`` is running.

    Attributes:
        strike: does it; returns what it did, or an empty text to be asked again.
        said: what it did; empty until then.
    """

    tasks: frozenset[str]
    strike: Callable[[], str]
    console: Console = field(repr=False)
    said: str = ""

    def __call__(self, run: DagRun, tasks: Sequence[TaskRun]) -> None:
        """Looks whether it is time."""
        hit = sorted(task.task for task in tasks if task.state == RUNNING and task.task in self.tasks)
        if hit and not self.said and (did := self.strike()):
            self.said = f"{did}, while {', '.join(hit)} of {run.ds} was running"
            self.console.print(self.said, style="bold yellow", highlight=False, soft_wrap=True)


def lost_worker(platform: Platform, tasks: frozenset[str], console: Console) -> Fault:
    """A worker of Spark that has work is gone with its executors, and does not come back."""

    def strike() -> str:
        busy = [port for port, cores in (alive(platform.layout) or {}).items() if cores]
        if not busy:
            return ""
        name = worker_name(platform.layout, busy[0])
        platform.session.processes.kill(name, family=True)
        return f"{name} was killed with its executors"

    return Fault(tasks, strike, console)


def lost_scheduler(platform: Platform, tasks: frozenset[str], console: Console) -> Fault:
    """The scheduler is killed with its tasks, as its container would be; another one starts at once.

    If only its main process died, its children would keep its connection to PostgreSQL open, with its locks,
    and the other scheduler would pass over the runs that these concern.
    """

    def strike() -> str:
        processes = platform.session.processes
        processes.kill(SCHEDULER, family=True)
        processes.start(f"{SCHEDULER}-again", platform.command(SCHEDULER))
        return "the scheduler was killed with its children and started again"

    return Fault(tasks, strike, console)
