"""An object store in memory that speaks S3, on loopback.

    python -m infra.cluster.s3_server PORT [BUCKET ...]

It is moto behind werkzeug, and answers one request at a time. moto looks whether a key exists and stores it
in two steps; one at a time, put-if-absent is as atomic as S3 promises it to be. The port is the first line
that it prints; 0 takes any free one.
"""

import sys

from moto.core import DEFAULT_ACCOUNT_ID
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from moto.s3.models import s3_backends
from werkzeug.serving import make_server

from infra.embedded.ports import HOST

REGION = "eu-west-1"


def main(port: int, *buckets: str) -> None:
    """Serves until it is stopped."""
    for bucket in buckets:
        s3_backends[DEFAULT_ACCOUNT_ID]["aws"].create_bucket(bucket, REGION)
    server = make_server(HOST, port, DomainDispatcherApplication(create_backend_app), threaded=False)
    sys.stdout.write(f"{server.server_port}\n")
    sys.stdout.flush()
    server.serve_forever()


if __name__ == "__main__":
    main(int(sys.argv[1]), *sys.argv[2:])
