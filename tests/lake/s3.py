"""A store that speaks S3 on this machine, for tests."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from infra.cluster.s3_server import REGION as REGION

BUCKET = "shop"


@contextmanager
def s3_store() -> Iterator[str]:
    """The address of a server with an empty bucket ``shop``; its credentials are in the environment."""
    known = {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    with pytest.MonkeyPatch.context() as patch:
        for name, value in known.items():
            patch.setenv(name, value)
        command = [sys.executable, "-m", "infra.cluster.s3_server", "0", BUCKET]
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=dict(os.environ)
        ) as server:
            try:
                assert server.stdout is not None
                yield f"http://127.0.0.1:{int(server.stdout.readline())}"
            finally:
                server.kill()  # also where a test fails: leaving the block waits for its end
