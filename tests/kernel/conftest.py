"""What tests of the kernel start: one kernel a module, shared by its scenarios; a session without a kernel."""

import socket
from collections.abc import Iterator

import pytest

from routebook_kernel.session import Session
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
def session() -> Iterator[Session]:
    """All that a kernel holds, with its loop, in this process."""
    opened = Session({"__name__": "__main__"})
    opened.open()
    yield opened
    opened.close()


@pytest.fixture
def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
