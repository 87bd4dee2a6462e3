"""One kernel a module: scenarios share it, each with names and cells of its own."""

import socket
from collections.abc import Iterator

import pytest

from tests.kernel.driver import Kernel


@pytest.fixture(scope="module")
def kernel() -> Iterator[Kernel]:
    driver = Kernel()
    try:
        driver.good("%load_ext routebook_kernel\nimport routebook_kernel", "load")
        driver.good("from routebook import APIRouter, Depends, Routebook\nfrom pydantic import BaseModel", "imports")
        yield driver
    finally:
        driver.close()


@pytest.fixture
def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
