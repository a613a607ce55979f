"""No process outlives the command, however deep it hides and however the command ends."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from infra.embedded.processes import ENDING, Processes

# starts a server whose child escapes into a session of its own and ignores SIGTERM, as a stuck job would
SCRIPT = """
import sys, time
from pathlib import Path
from infra.embedded.processes import Processes
folder = Path(sys.argv[1])
with Processes(folder, {"PATH": "/usr/bin:/bin"}, grace=1.0) as processes:
    processes.start("server", ["/bin/sh", "-c",
        f"setsid sh -c 'trap : TERM; echo $$ > {folder}/pid; while :; do sleep 0.1; done' & exec sleep 300"])
    processes.wait_until(lambda: (folder / "pid").is_file() and (folder / "pid").read_text().strip(), "x", 20)
    if sys.argv[2] == "error":
        raise ValueError("inside")
    print("up", flush=True)
    if sys.argv[2] != "end":
        time.sleep(60)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="adoption of orphans is a Linux facility")
@pytest.mark.parametrize("way", ["end", "error", "SIGINT", "SIGTERM", "SIGHUP"])
def test_everything_is_stopped(tmp_path: Path, root: Path, way: str) -> None:
    (tmp_path / "script.py").write_text(SCRIPT)
    runner = subprocess.Popen(
        [sys.executable, str(tmp_path / "script.py"), str(tmp_path), way],
        env={**os.environ, "PYTHONPATH": str(root)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert runner.stdout is not None
    if way != "error":
        assert runner.stdout.readline() == "up\n"
    if way.startswith("SIG"):
        runner.send_signal(signal.Signals[way])
    runner.wait(timeout=60)
    runner.stdout.close()
    hidden = int((tmp_path / "pid").read_text())
    end = time.monotonic() + 5
    while psutil.pid_exists(hidden) and time.monotonic() < end:
        time.sleep(0.05)
    assert not psutil.pid_exists(hidden)


def test_a_server_that_ends_by_itself_is_named_with_its_last_words(tmp_path: Path, root: Path) -> None:
    code = (
        "from pathlib import Path; from infra.embedded.processes import Processes\n"
        f"with Processes(Path({str(tmp_path)!r}), {{}}) as processes:\n"
        "    processes.start('api', ['/bin/sh', '-c', 'echo no such database; exit 3'])\n"
        "    processes.wait_until(lambda: False, 'never', 30)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(root)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].endswith(
        f"EmbeddedError: api ended with status 3: no such database -> read {tmp_path}/api.log"
    )


def test_what_ran_before_goes_on_and_signals_are_handled_as_before(tmp_path: Path) -> None:
    """A test that starts servers must not stop the Spark session of the suite."""
    handled = [signal.getsignal(number) for number in ENDING]
    command = ["/bin/sh", "-c", "/bin/sleep 60 & echo up; wait"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as before:
        assert before.stdout is not None
        assert before.stdout.readline() == b"up\n"
        family = [psutil.Process(before.pid), *psutil.Process(before.pid).children()]
        with Processes(tmp_path, {}, grace=1.0) as processes:
            processes.start("server", ["/bin/sh", "-c", "/bin/sleep 60 & wait"])
            processes.wait_until(lambda: bool(processes.family("server")), "no server", 20)
            (started,) = processes.family("server")
        alive = [process.is_running() for process in family]
        for process in family:
            process.kill()
    assert alive == [True, True]
    assert not started.is_running() or started.status() == psutil.STATUS_ZOMBIE
    assert [signal.getsignal(number) for number in ENDING] == handled
