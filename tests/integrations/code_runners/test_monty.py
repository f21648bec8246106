"""Monty: the contract, and what is its own."""

import asyncio

import pytest

from privexbot_app.integrations.code_runners.base import CODE_RUNNERS, CodeBusyError, CodeTimeoutError
from privexbot_app.integrations.code_runners.monty import MontyRunner
from tests.contract.code_runner_contract import CodeRunnerContract


class TestMonty(CodeRunnerContract):
    def make(self) -> MontyRunner:
        return MontyRunner(MontyRunner.Config())


async def test_programs_wait_for_a_free_worker():
    runner = MontyRunner(MontyRunner.Config(workers=1))
    limits = {"seconds": 1.0, "megabytes": 32, "output_characters": 100}
    try:
        results = await asyncio.gather(*(runner.run(f"{number} * 2", {}, **limits) for number in range(20)))
        assert results == [number * 2 for number in range(20)]
    finally:
        await runner.close()


async def test_who_waits_for_too_long_is_told():
    runner = MontyRunner(MontyRunner.Config(workers=1, wait_seconds=0.05))
    limits = {"seconds": 0.5, "megabytes": 32, "output_characters": 100}
    try:
        results = await asyncio.gather(
            *(runner.run("while True: pass", {}, **limits) for _ in range(2)), return_exceptions=True
        )
        assert sorted(type(result).__name__ for result in results) == [
            CodeBusyError.__name__,
            CodeTimeoutError.__name__,
        ]
    finally:
        await runner.close()


def test_it_is_registered():
    assert CODE_RUNNERS.get("monty") is MontyRunner


@pytest.mark.parametrize("workers", [0, 100])
def test_workers_have_bounds(workers):
    with pytest.raises(ValueError, match="workers"):
        MontyRunner.Config(workers=workers)
