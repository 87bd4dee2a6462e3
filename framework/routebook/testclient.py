"""A client for tests: Starlette's; where no thread can start, it waits on the running loop."""

import starlette.testclient
from starlette.testclient import TestClient as TestClient

from routebook import threads
from routebook._portal import wait

__all__ = ["TestClient"]

if not threads.are_available():
    vars(starlette.testclient)["wait_futures"] = wait
