"""Training in real processes: one that is killed, and several that train together."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from causalrec.config import Settings

WORKER = Path(__file__).with_name("worker.py")
DEADLINE = 120.0  # seconds for any of these processes
Quick = Callable[..., Settings]


def order(tmp_path: Path, name: str, settings: Settings, **more: object) -> Path:
    """Writes what a worker has to do; its results go to NAME.safetensors."""
    content = {"settings": settings.model_dump_json(), "log": str(tmp_path / f"{name}.log")}
    file = tmp_path / f"{name}.json"
    file.write_text(json.dumps({**content, "out": str(tmp_path / f"{name}.safetensors"), **more}))
    return file


def environment() -> dict[str, str]:
    return {**os.environ, "OMP_NUM_THREADS": "1", "GLOO_SOCKET_IFNAME": "lo", "CUDA_VISIBLE_DEVICES": ""}


def alone(file: Path) -> dict[str, np.ndarray]:
    subprocess.run([sys.executable, WORKER, file], check=True, timeout=DEADLINE, env=environment())
    return tables(file)


def tables(file: Path) -> dict[str, np.ndarray]:
    found: dict[str, np.ndarray] = load_file(file.with_suffix(".safetensors"))
    return found


def together(file: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--local-addr", "127.0.0.1"]
    command += ["--nproc-per-node", "2", str(WORKER), str(file)]
    return subprocess.run(
        command, check=False, timeout=DEADLINE, env=environment(), capture_output=True, text=True
    )


@pytest.mark.parametrize("name", ["lightgcn", "causal"])
def test_a_run_killed_with_signal_9_ends_in_the_same_tables(name: str, quick: Quick, tmp_path: Path) -> None:
    whole = alone(order(tmp_path, "whole", quick(name, evaluate_every=2)))
    kept = {"checkpoints": str(tmp_path / "kept")}
    slow = order(tmp_path, "slow", quick(name, evaluate_every=2), pause="0.2", **kept)
    process = subprocess.Popen([sys.executable, WORKER, slow], env=environment())
    log = tmp_path / "slow.log"
    began = time.monotonic()
    while time.monotonic() - began < DEADLINE and not (log.exists() and log.read_text().count("\n") >= 5):
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    assert process.wait(DEADLINE) == -signal.SIGKILL
    assert not slow.with_suffix(".safetensors").exists()
    resumed = alone(order(tmp_path, "resumed", quick(name, evaluate_every=2), **kept))
    first = int((tmp_path / "resumed.log").read_text().split()[0])
    assert first > 4  # not from the start
    assert np.array_equal(resumed["scores"], whole["scores"])
    assert np.array_equal(resumed["losses"], whole["losses"])


@pytest.mark.parametrize(("name", "noise"), [("lightgcn", 1e-4), ("causal", 0.03)])
def test_two_processes_train_as_one(name: str, noise: float, quick: Quick, tmp_path: Path) -> None:
    """Sums in another order; the causal model's choices of edges may tip over by that."""
    # the best epoch and the weights of the content channel and of the blend would be chosen on noise here
    chosen = quick(name, evaluate_every=9)
    content = chosen.model.content.model_copy(update={"channel": False})
    blend = chosen.model.blend.model_copy(update={"enabled": False})
    model = chosen.model.model_copy(update={"content": content, "blend": blend})
    chosen = chosen.model_copy(update={"model": model})
    one = alone(order(tmp_path, "one", chosen))
    file = order(tmp_path, "several", chosen, checkpoints=str(tmp_path / "kept"))
    ended = together(file)
    assert ended.returncode == 0, ended.stderr
    several = tables(file)
    assert several["losses"] == pytest.approx(one["losses"], rel=noise)
    if name == "lightgcn":
        assert np.allclose(several["scores"], one["scores"], atol=1e-3)
    assert np.corrcoef(several["scores"].ravel(), one["scores"].ravel())[0, 1] > 0.98
    assert (tmp_path / "kept" / "checkpoint.safetensors").exists()
    assert (tmp_path / "several.log").read_text().split() == [str(epoch) for epoch in range(1, 10)]


def test_ranks_resume_what_one_process_began(quick: Quick, tmp_path: Path) -> None:
    whole = alone(order(tmp_path, "whole", quick("lightgcn")))
    kept = {"checkpoints": str(tmp_path / "kept")}
    alone(order(tmp_path, "begun", quick("lightgcn", epochs=6), **kept))
    file = order(tmp_path, "rest", quick("lightgcn"), **kept)
    ended = together(file)
    assert ended.returncode == 0, ended.stderr
    assert (tmp_path / "rest.log").read_text().split() == ["7", "8", "9"]
    assert np.allclose(tables(file)["scores"], whole["scores"], atol=1e-3)


def test_a_rank_with_other_settings_is_refused(quick: Quick, tmp_path: Path) -> None:
    ended = together(order(tmp_path, "mixed", quick("lightgcn", rank_timeout=20), other=True))
    assert ended.returncode != 0
    assert "rank 1 has other data or settings than rank 0" in ended.stderr
