"""The benchmark's applications answer alike: a comparison of different work would be worth nothing."""

import asyncio
from contextlib import AsyncExitStack

import pytest

from .answers import judge
from .apps import FRAMEWORKS
from .cases import CASES, Case
from .driver import fetch, lifespan

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # the other frameworks' business


@pytest.fixture(scope="module")
def tables():
    """Every framework's applications."""
    return {framework.name: framework.load() for framework in FRAMEWORKS}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_framework_answers_a_case_alike(case: Case, tables) -> None:
    """Statuses and JSON equal the case's expectation, or FastAPI's answer."""

    async def fetch_all():
        answers = {}
        async with AsyncExitStack() as running:
            for name, table in tables.items():
                if case.name in table:
                    app = table[case.name]()
                    await running.enter_async_context(lifespan(app))
                    answers[name] = await fetch(app, case.request)
        return answers

    assert judge(case, asyncio.run(fetch_all())) == []
