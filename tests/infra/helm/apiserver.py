"""The little of a Kubernetes API that Spark needs: here a process takes the place of a pod.

Pods that Spark creates are kept as they came. Each is started on this machine with the command and the
variables of its first container, as a kubelet would.
"""

import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from typing import Any
from urllib.parse import urlsplit

Pod = Mapping[str, Any]
NOW = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
FIELDS = {"status.podIP": "127.0.0.1"}


class Cluster:
    """Pods, and the processes that run in their place.

    Attributes:
        entrypoint: entry point of the image. folder: where the processes write.
        pods: what was created, in order.
    """

    def __init__(self, entrypoint: Path, folder: Path, environment: Mapping[str, str]) -> None:
        self.entrypoint, self.folder, self.environment = entrypoint, folder, dict(environment)
        self.pods: list[Pod] = []
        self.closed = Event()
        self._processes: list[subprocess.Popen[bytes]] = []

    def create(self, pod: Pod) -> None:
        """Starts the process of ``pod``."""
        self.pods.append(pod)
        (container,) = pod["spec"]["containers"]
        own = {one["name"]: _value(one, pod) for one in container["env"]}
        own["SPARK_LOCAL_DIRS"] = str(self.folder)
        with (self.folder / f"{pod['metadata']['name']}.log").open("wb") as log:
            self._processes.append(
                subprocess.Popen(
                    [str(self.entrypoint), *container["args"]], env=self.environment | own, cwd=self.folder,
                    stdout=log, stderr=subprocess.STDOUT,
                )
            )  # fmt: skip

    def running(self) -> list[Pod]:
        """The pods as a kubelet reports them; Spark gives up executors that it does not find here."""
        now = {"phase": "Running", "containerStatuses": [], "podIP": FIELDS["status.podIP"]}
        return [{**pod, "status": now} for pod in self.pods]

    def close(self) -> None:
        """Ends every process and every open watch."""
        self.closed.set()
        for process in self._processes:
            process.terminate()
            process.wait()


def _value(one: Mapping[str, Any], pod: Pod) -> str:
    if "value" in one:
        return str(one["value"])
    path = one["valueFrom"]["fieldRef"]["fieldPath"]
    return str(pod["metadata"]["name"]) if path == "metadata.name" else FIELDS[path]


@contextmanager
def serving(cluster: Cluster, driver: str) -> Iterator[str]:
    """The address of an API that knows ``cluster`` and the ready pod named ``driver``."""
    ready = {
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": driver, "namespace": "shop", "uid": "driver"},
        "spec": {"containers": []},
        "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]},
    }  # fmt: skip

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *given: object) -> None:
            """Silent."""

        def do_GET(self) -> None:
            where = urlsplit(self.path)
            if "Upgrade" in self.headers:  # a client then watches without a web socket
                self._answer(200, {})
            elif "watch=true" in where.query:  # nothing changes; it ends with the test
                self.send_response(200)
                self.send_header("Transfer-Encoding", "chunked")
                self.end_headers()
                cluster.closed.wait()
            elif where.path.endswith(f"/pods/{driver}"):
                self._answer(200, ready)
            else:
                items = [ready] if "fieldSelector" in where.query else cluster.running()
                self._answer(200, {"kind": "PodList", "metadata": {"resourceVersion": "1"}, "items": items})

        def do_POST(self) -> None:
            given = self._given()
            given["metadata"] |= {"uid": given["metadata"]["name"], "creationTimestamp": NOW}
            if self.path.endswith("/pods"):
                cluster.create(given)
            self._answer(201, given)

        def do_PATCH(self) -> None:
            self._answer(200, self._given())

        def do_DELETE(self) -> None:
            self._given()
            self._answer(200, {"kind": "Status", "status": "Success"})

        def _given(self) -> dict[str, Any]:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            found: dict[str, Any] = json.loads(body or b"{}")
            return found

        def _answer(self, status: int, said: Mapping[str, Any]) -> None:
            body = json.dumps(said).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        cluster.close()
        server.shutdown()
        server.server_close()
        thread.join()


def own_environment() -> dict[str, str]:
    """Of this process, less what Spark would take for its own."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("SPARK_", "PYSPARK_"))}
