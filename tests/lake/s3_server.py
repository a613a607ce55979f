"""An S3 server of its own process: moto behind werkzeug, on a free loopback port that it prints.

It answers one request at a time. moto looks whether a key exists and stores it in two steps; one at a time,
put-if-absent is as atomic as S3 promises it to be.
"""

import sys

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server


def main() -> None:
    server = make_server("127.0.0.1", 0, DomainDispatcherApplication(create_backend_app), threaded=False)
    sys.stdout.write(f"{server.server_port}\n")
    sys.stdout.flush()
    server.serve_forever()


if __name__ == "__main__":
    main()
