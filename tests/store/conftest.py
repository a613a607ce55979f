"""An object store of this machine."""

from collections.abc import Iterator

import pytest

from causalrec.store import Location
from tests.lake.s3 import BUCKET, REGION, s3_store


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    with s3_store() as address:
        yield address


@pytest.fixture(params=["folder", "s3"])
def place(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Location:
    """An empty folder, local or in an object store."""
    folder = tmp_path_factory.mktemp("place")
    if request.param == "folder":
        return Location(str(folder))
    return Location(f"s3://{BUCKET}/{folder.name}", request.getfixturevalue("endpoint"), REGION)
