"""What goes wrong on purpose happens once, and only while the work that it is to disturb is going on."""

import datetime as dt
import io

from rich.console import Console

from infra.cluster.faults import Fault
from infra.embedded.client import DagRun, TaskRun

RUN = DagRun("r", dt.date(2026, 3, 1), "running")
WORKING = [TaskRun("score", "running", None, 1), TaskRun("embed_texts", "success", 3.0, 1)]
OVER = [TaskRun("score", "success", 3.0, 1)]


def test_a_fault_happens_once_while_its_task_is_running() -> None:
    strikes: list[str] = []
    console = Console(file=(out := io.StringIO()), width=200)
    fault = Fault(frozenset({"score"}), lambda: strikes.append("x") or "a worker was killed", console)  # type: ignore[func-returns-value]
    fault(RUN, OVER)
    assert (strikes, fault.said) == ([], "")
    fault(RUN, WORKING)
    fault(RUN, WORKING)
    assert strikes == ["x"]
    assert out.getvalue() == "a worker was killed, while score of 2026-03-01 was running\n"


def test_a_fault_waits_until_there_is_something_to_break() -> None:
    answers = iter(["", "a worker was killed"])
    fault = Fault(frozenset({"score"}), lambda: next(answers), Console(file=io.StringIO()))
    fault(RUN, WORKING)
    assert not fault.said
    fault(RUN, WORKING)
    assert fault.said
