"""Milliseconds of an answer for one user and for a hundred, over HTTP and in process, beside a plain rival.

    python -m benchmarks.serving --settings infra/settings/demo.toml [--version 1] [--requests 200]
    python -m benchmarks.serving --invented 100000 20000

Wants a shop with a champion, or names a version, or makes up a shop of so many users and items. The rival
multiplies the same vectors with numpy behind the same server (``benchmarks/serving_rival.py``). Requests come
one after another from one client; each asks for users drawn at random, the same for both. The first ten are
not counted.
"""

import argparse
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import mlflow
import numpy as np
import pandas as pd
from rich.console import Console
from rich.table import Table

from benchmarks.serving_shop import as_model, invented
from causalrec.registry.champion.alias import asked_version
from causalrec.registry.package import ModelPackage
from causalrec.registry.scoring_tables import write_scoring_tables
from causalrec.registry.versions import ModelVersion, opened
from causalrec.run import open_lake
from jobs._stage.runner import shop_settings

HOST, K, UNCOUNTED, DEADLINE = "127.0.0.1", 20, 10, 180.0
Answer = Callable[[list[str]], object]


def main() -> None:
    """Measures both and prints a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--settings", help="of a shop")
    parser.add_argument("--version", help="instead of its champion")
    parser.add_argument("--invented", type=int, nargs=2, metavar=("USERS", "ITEMS"), help="instead of a shop")
    parser.add_argument("--requests", type=int, default=200)
    given = parser.parse_args()
    table = Table("model", "answer", "users", "p50 ms", "p99 ms")
    with tempfile.TemporaryDirectory(prefix="causalrec-serving-") as name:
        scratch = Path(name)
        if given.invented:
            n_users, n_items = given.invented
            package = ModelPackage(invented(n_users, n_items, scratch / "package"))
            ours = as_model(package.folder, scratch / "ours")
            rival, users, sizes = prepared(package, scratch)
        else:
            found = version_of(given.settings, given.version)
            ours = mlflow.artifacts.download_artifacts(artifact_uri=found.source, dst_path=f"{scratch}/ours")
            with opened(found) as package:
                rival, users, sizes = prepared(package, scratch)
        for name, folder in (("causalrec", ours), ("dot product", rival)):
            for row in answers_of(folder, users, given.requests, scratch):
                table.add_row(name, *row)
    table.title = f"{sizes}, {given.requests} requests, {K} rows each"
    Console().print(table)


def answers_of(folder: str, users: Sequence[str], requests: int, scratch: Path) -> Iterator[tuple[str, ...]]:
    """Rows of the table for one model: way, users, median, 99th percentile."""
    model = mlflow.pyfunc.load_model(folder)
    with served(folder, scratch) as address, httpx.Client(timeout=60) as session:
        ways = (("in process", in_process(model)), ("HTTP", over_http(session, address)))
        for way, answer in ways:
            for size in (1, 100):
                middle, slow = measured(answer, users, size, requests)
                yield way, str(size), f"{middle:.1f}", f"{slow:.1f}"


def version_of(file: str, number: str | None) -> ModelVersion:
    """The version that is measured: the champion unless a number is given."""
    settings = shop_settings(file)
    return asked_version(settings, open_lake(settings), number)


def prepared(package: ModelPackage, scratch: Path) -> tuple[str, list[str], str]:
    """The rival as a model of MLflow, users to ask for, and how large the shop is."""
    header = write_scoring_tables(package, scratch / "tables", {})
    script = Path(__file__).with_name("serving_rival.py")
    artifacts, folder = {"tables": str(scratch / "tables")}, scratch / "rival"
    mlflow.pyfunc.save_model(
        str(folder), python_model=str(script), artifacts=artifacts, pip_requirements=["numpy"],
        signature=mlflow.models.ModelSignature(
            inputs=mlflow.types.Schema([mlflow.types.ColSpec("string", "user_id")]),
            params=mlflow.types.ParamSchema([mlflow.types.ParamSpec("k", "long", K)]),
        ),
    )  # fmt: skip
    sizes = f"{header['users']:,} users, {header['items']:,} items, {header['dim']} numbers each"
    return str(folder), [str(user) for user in package.user_ids], sizes


def in_process(model: Any) -> Answer:  # noqa: ANN401 - MLflow is untyped
    """Asks the loaded model."""
    return lambda users: model.predict(pd.DataFrame({"user_id": users}), params={"k": K})


def over_http(session: httpx.Client, address: str) -> Answer:
    """Asks the server, on one connection that stays open."""

    def answer(users: list[str]) -> object:
        frame = {"columns": ["user_id"], "data": [[user] for user in users]}
        body = {"dataframe_split": frame, "params": {"k": K}}
        return session.post(f"{address}/invocations", json=body).raise_for_status().json()

    return answer


def measured(answer: Answer, users: Sequence[str], size: int, requests: int) -> tuple[float, float]:
    """Median and 99th percentile in milliseconds."""
    rng, spent = np.random.default_rng(7), []
    for _ in range(requests + UNCOUNTED):
        asked = [users[place] for place in rng.integers(0, len(users), size)]
        began = time.perf_counter()
        answer(asked)
        spent.append(1_000 * (time.perf_counter() - began))
    middle, slow = np.percentile(spent[UNCOUNTED:], [50, 99])
    return float(middle), float(slow)


@contextmanager
def served(folder: str, scratch: Path) -> Iterator[str]:
    """MLflow's server of one model with one process; its address."""
    with socket.socket() as free:
        free.bind((HOST, 0))
        port = free.getsockname()[1]
    options = ["--host", HOST, "--port", str(port), "--workers", "1", "--env-manager", "local"]
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    with (scratch / f"{port}.log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "mlflow", "models", "serve", "--model-uri", folder, *options],
            env={**os.environ, "PATH": path}, stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
    address, end = f"http://{HOST}:{port}", time.monotonic() + DEADLINE
    try:
        while not answers(address):
            if process.poll() is not None or time.monotonic() > end:
                raise RuntimeError((scratch / f"{port}.log").read_text()[-2_000:])
            time.sleep(0.3)
        yield address
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def answers(address: str) -> bool:
    """Whether the server is up."""
    try:
        return httpx.get(f"{address}/ping", timeout=5).is_success
    except httpx.HTTPError:
        return False


if __name__ == "__main__":
    main()
