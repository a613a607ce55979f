"""Jobs in processes that need not import MLflow and Arrow again: each is a fork of one that has.

python -m tests.dags.warm serve SOCKET            # until it is killed; prints a line when it is ready
python -S tests/dags/warm.py call SOCKET JOB DS   # the job's output, its exit status
"""

import importlib
import json
import os
import socket
import sys


def serve(path: str) -> None:
    """Runs one job after the other, each with the environment of its caller."""
    for name in ("mlflow", "jobs.need_approval", "jobs.answer", "jobs._stage.runner"):
        importlib.import_module(name)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(path)
        server.listen()
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        while True:
            caller, _ = server.accept()
            with caller:
                child = os.fork()
                if child == 0:
                    os._exit(_child(caller))
                status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
                caller.sendall(b"\0" + str(status).encode())


def _child(caller: socket.socket) -> int:
    request = json.loads(caller.makefile().readline())
    os.environ.clear()
    os.environ.update(request["environment"])
    os.dup2(caller.fileno(), 1)
    os.dup2(caller.fileno(), 2)
    module = importlib.import_module(f"jobs.{request['job']}")
    arguments = ["--ds", request["ds"]]
    try:
        if hasattr(module, "JOB"):
            return int(module.main(module.JOB, arguments))
        return int(module.main(arguments))
    finally:
        sys.stdout.flush()


def call(path: str, job: str, ds: str) -> int:
    """Has a job run, writes what it wrote."""
    with socket.socket(socket.AF_UNIX) as line:
        line.connect(path)
        request = {"job": job, "ds": ds, "environment": dict(os.environ)}
        line.sendall(json.dumps(request).encode() + b"\n")
        answer = b"".join(iter(lambda: line.recv(65536), b""))
    output, _, status = answer.rpartition(b"\0")
    sys.stdout.write(output.decode())
    return int(status)


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        serve(sys.argv[2])
    sys.exit(call(*sys.argv[2:5]))
