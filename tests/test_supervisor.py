"""The supervisor: order of start, restarts, the end of everything."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest

from privexbot_app.supervisor import Child, ChildFailedError, Supervisor

SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]


async def _until(condition, *, seconds: float = 10):
    for _ in range(int(seconds / 0.02)):
        if condition():
            return
        await asyncio.sleep(0.02)
    raise AssertionError("it did not come to pass")


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def test_a_child_that_is_killed_comes_back():
    supervisor = Supervisor([Child("sleeper", SLEEP)])
    await supervisor.start()
    first = supervisor.pids()["sleeper"]
    os.kill(first, signal.SIGKILL)
    await _until(lambda: supervisor.pids().get("sleeper", first) != first)
    await supervisor.stop()


async def test_stopping_ends_every_child():
    supervisor = Supervisor([Child("one", SLEEP), Child("two", SLEEP)])
    await supervisor.start()
    pids = list(supervisor.pids().values())
    await supervisor.stop()
    assert not any(_is_alive(pid) for pid in pids)


async def test_patient_children_wait_until_the_others_are_ready():
    is_open = False

    async def is_ready() -> bool:
        return is_open

    supervisor = Supervisor([Child("patient", SLEEP, is_patient=True), Child("first", SLEEP, is_ready=is_ready)])
    starting = asyncio.create_task(supervisor.start())
    await _until(lambda: "first" in supervisor.pids())
    assert "patient" not in supervisor.pids()
    is_open = True
    await starting
    assert "patient" in supervisor.pids()
    await supervisor.stop()


async def test_a_child_that_ends_before_it_is_ready_is_told_with_its_log(tmp_path: Path):
    async def never() -> bool:
        return False

    command = [sys.executable, "-c", "raise SystemExit('no such port')"]
    supervisor = Supervisor([Child("web", command, is_ready=never, log_path=tmp_path / "web.log")])
    with pytest.raises(ChildFailedError, match=r"web did not start; see .*web\.log"):
        await supervisor.start()
    await supervisor.stop()
    assert "no such port" in (tmp_path / "web.log").read_text()


async def test_a_large_log_becomes_the_old_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    log = tmp_path / "sleeper.log"
    log.write_bytes(b"x" * 100)
    monkeypatch.setattr("privexbot_app.supervisor.LARGEST_LOG_BYTES", 50)
    supervisor = Supervisor([Child("sleeper", SLEEP, log_path=log)])
    await supervisor.start()
    await supervisor.stop()
    assert (tmp_path / "sleeper.old.log").read_bytes() == b"x" * 100


@pytest.mark.skipif(sys.platform != "linux", reason="asks the Linux kernel")
async def test_children_die_with_a_supervisor_that_is_killed(tmp_path: Path):
    script = (
        "import asyncio, sys\n"
        "from privexbot_app.supervisor import Child, Supervisor\n"
        "async def run():\n"
        "    supervisor = Supervisor([Child('sleeper', [sys.executable, '-c', 'import time; time.sleep(60)'])])\n"
        "    await supervisor.start()\n"
        "    print('child', supervisor.pids()['sleeper'], flush=True)\n"
        "    await asyncio.sleep(60)\n"
        "asyncio.run(run())\n"
    )
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", script, stdout=asyncio.subprocess.PIPE, cwd=Path(__file__).parents[1]
    )
    assert parent.stdout is not None
    while not (line := await parent.stdout.readline()).startswith(b"child "):
        assert line
    child = int(line.split()[1])
    parent.kill()
    await parent.wait()
    await _until(lambda: not _is_alive(child))
