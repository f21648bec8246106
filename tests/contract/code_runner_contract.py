"""What every code runner must do: compute, keep to its limits, and touch nothing of the machine."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from privexbot_app.integrations.code_runners.base import (
    CodeDeniedError,
    CodeFailedError,
    CodeInvalidError,
    CodeMemoryError,
    CodeOutputError,
    CodeRunner,
    CodeTimeoutError,
)
from privexbot_app.kit.errors import PrivexError

# A list of few lists that would fill any memory once it is written out.
BOMB = "a = [1]\nfor i in range(60): a = [a, a]\n"


class CodeRunnerContract:
    """Subclasses give `make`. Programs are Python."""

    def make(self) -> CodeRunner:
        raise NotImplementedError

    @pytest.fixture
    async def runner(self) -> AsyncIterator[CodeRunner]:
        runner = self.make()
        yield runner
        await runner.close()

    async def run(self, runner: CodeRunner, source: str, inputs: Any = None, **limits: Any) -> Any:
        given = {"seconds": 1.0, "megabytes": 32, "output_characters": 10_000, **limits}
        return await runner.run(source, inputs or {}, **given)

    @pytest.mark.parametrize(
        ("source", "result"),
        [
            ("1 + 1", 2),
            ("x = 3", None),
            ("", None),
            ("total = sum(numbers)\n{'total': total, 'mean': total / len(numbers)}", {"total": 6, "mean": 2.0}),
            ("def double(n):\n    return n * 2\n[double(n) for n in numbers]", [2, 4, 6]),
            ("(\n  'ü' + # a comment\n  'b'\n)  # the end", "üb"),
            ("x = 1; x + 1", 2),
            ("'a'\r\n'b'", "b"),
            ("import re\nre.sub('[0-9]', '#', 'a1')", "a#"),
            ("import json\njson.loads('{\"a\": [1, null]}')", {"a": [1, None]}),
            ("{1: (1, 2)}", {"1": [1, 2]}),
        ],
    )
    async def test_the_last_expression_is_the_result(self, runner, source, result):
        assert await self.run(runner, source, {"numbers": [1, 2, 3]}) == result

    async def test_inputs_arrive_as_they_are(self, runner):
        value = {"a": [1, 2.5, None, True, "ü\n\"'"], "b": {}}
        assert await self.run(runner, "value", {"value": value}) == value

    async def test_nothing_stays_from_one_program_to_the_next(self, runner):
        await self.run(runner, "secret = 42")
        with pytest.raises(CodeFailedError):
            await self.run(runner, "secret")

    @pytest.mark.parametrize("source", ["def f(:", "(" * 3000, "a\x00b", "1 +"])
    async def test_what_cannot_be_read_is_refused(self, runner, source):
        with pytest.raises(CodeInvalidError):
            await self.run(runner, source)

    @pytest.mark.parametrize(
        "source", ["1 / 0", "raise ValueError('no')", "missing", "None.x", "raise ValueError('x' * 10000)"]
    )
    async def test_an_error_of_the_program_is_told_with_its_line(self, runner, source):
        with pytest.raises(CodeFailedError, match="in line 2") as failed:
            await self.run(runner, f"x = 1\n{source}")
        assert len(failed.value.message) < 500

    @pytest.mark.parametrize(
        "source",
        [
            "open('/etc/passwd').read()",
            "open('/tmp/x', 'w').write('x')",
            "from pathlib import Path\nPath('/etc/passwd').read_text()",
            "import os\nos.listdir('/')",
            "import os\nos.environ['HOME']",
            "import os\nos.system('id')",
            "import socket\nsocket.create_connection(('127.0.0.1', 80))",
            "import subprocess",
            "import ctypes",
            "import sys\nsys.modules",
            "import importlib",
            "import time\ntime.time()",
            "import time\ntime.sleep(1)",
            "import datetime\ndatetime.datetime.now()",
            "__import__('os')",
            "().__class__.__bases__[0].__subclasses__()",
            "(lambda: 0).__globals__",
            "[].__class__.__mro__",
            "globals()['__builtins__']",
            "__builtins__",
            "f'{open.__self__}'",
            "'{0.__class__}'.format(1)",
            "eval('__import__(\"os\")')",
            "exec('import socket')",
        ],
    )
    async def test_there_is_no_way_out(self, runner, source):
        with pytest.raises((CodeDeniedError, CodeFailedError)):
            await self.run(runner, source)

    @pytest.mark.parametrize("source", ["while True: pass", "sum(range(10 ** 12))", f"{BOMB}a", f"{BOMB}b = a\nstr(a)"])
    async def test_what_does_not_end_is_ended(self, runner, source):
        with pytest.raises((CodeTimeoutError, CodeMemoryError)):
            await self.run(runner, source, seconds=0.2)

    @pytest.mark.parametrize(
        "source",
        [
            "'x' * 10 ** 9",
            "[0] * 10 ** 8",
            "a = []\nwhile True: a.append([1])",
            "s = 'x'\nwhile True: s = s + s",
            "9 ** 9 ** 9",
            "def f(n): return f(n + 1)\nf(0)",
            f"{BOMB}print(a)",
        ],
    )
    async def test_memory_has_an_end(self, runner, source):
        with pytest.raises((CodeMemoryError, CodeTimeoutError)):
            await self.run(runner, source, megabytes=16)

    @pytest.mark.parametrize(
        "source", ["import re\nre.search('(a+)+$', 'a' * 5000 + 'b')", "import re\nre.search('(x+x+)+y', 'x' * 5000)"]
    )
    async def test_an_expression_that_backtracks_does_not_hang(self, runner, source):
        assert await self.run(runner, f"{source} is None") is True

    @pytest.mark.parametrize(
        "source",
        [
            "'x' * 20000",
            "list(range(20000))",
            "float('nan')",
            "{1, 2}",
            "lambda: 1",
            "print",
            "{(1, 2): 3}",
            "iter([])",
        ],
    )
    async def test_a_result_is_plain_and_short(self, runner, source):
        with pytest.raises(CodeOutputError):
            await self.run(runner, source)

    async def test_the_program_cannot_change_how_its_result_is_read(self, runner):
        source = f"{BOMB}str = lambda x: a\njson = a\nclass Text: pass\n5"
        assert await self.run(runner, source) == 5

    async def test_after_all_that_it_still_computes(self, runner):
        for source in ("while True: pass", "'x' * 10 ** 9", f"{BOMB}a", "1 / 0"):
            with pytest.raises(PrivexError):
                await self.run(runner, source, seconds=0.1)
        assert json.dumps(await self.run(runner, "[1, 2]")) == "[1, 2]"
