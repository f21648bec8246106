"""The contract of code runners: a program and its inputs in, a plain value out, and nothing else of this machine.

InvalidError
├── CodeInvalidError      the program cannot be read                     code_invalid
├── CodeFailedError       the program raised an error                    code_failed
├── CodeTimeoutError      it ran for too long                            code_timeout
├── CodeMemoryError       it wanted too much memory                      code_memory
├── CodeDeniedError       it wanted something of this machine            code_denied
└── CodeOutputError       its result is no plain value, or too large     code_output
UnavailableError
├── CodeBusyError         every worker is busy                           code_busy
└── CodeCrashedError      the worker went down; nothing else did         code_crashed
"""

from collections.abc import Mapping
from typing import Any, Protocol

from pydantic import BaseModel

from privexbot_app.kit.errors import InvalidError, UnavailableError
from privexbot_app.kit.registry import Registry

LONGEST_REASON = 300


class CodeInvalidError(InvalidError):
    """The program cannot be read."""

    code = "code_invalid"

    def __init__(self, reason: str, line: int | None = None) -> None:
        where = f" in line {line}" if line else ""
        super().__init__(f"This code cannot be read{where}: {reason[:LONGEST_REASON]}.")


class CodeFailedError(InvalidError):
    """The program raised an error that it did not catch."""

    code = "code_failed"

    def __init__(self, reason: str, line: int | None = None) -> None:
        where = f" in line {line}" if line else ""
        super().__init__(f"This code failed{where}: {reason[:LONGEST_REASON]}")


class CodeTimeoutError(InvalidError):
    """The program ran for longer than it may."""

    code = "code_timeout"

    def __init__(self, seconds: float) -> None:
        super().__init__(f"This code did not finish within {seconds:g} seconds.", seconds=seconds)


class CodeMemoryError(InvalidError):
    """The program wanted more memory than it may have, or called itself too deeply."""

    code = "code_memory"

    def __init__(self, megabytes: int) -> None:
        super().__init__(f"This code needs more than its {megabytes} MB of memory.", megabytes=megabytes)


class CodeDeniedError(InvalidError):
    """The program asked for files, the network, the clock or another part of this machine."""

    code = "code_denied"

    def __init__(self) -> None:
        super().__init__("Code has no access to files, the network, the clock or this machine.")


class CodeOutputError(InvalidError):
    """The result is no plain value, or too large."""

    code = "code_output"

    def __init__(self, reason: str) -> None:
        super().__init__(f"The result of this code {reason}.")


class CodeBusyError(UnavailableError):
    """Every worker is busy with other code."""

    code = "code_busy"

    def __init__(self) -> None:
        super().__init__("Other code is running; please try again in a moment.")


class CodeCrashedError(UnavailableError):
    """The worker went down with the program; another one takes its place."""

    code = "code_crashed"

    def __init__(self) -> None:
        super().__init__("The interpreter stopped while it ran this code.")


class CodeRunner(Protocol):
    """Runs programs. Built as `Runner(config)`; opens nothing before the first run."""

    Config: type[BaseModel]

    async def run(
        self, source: str, inputs: Mapping[str, Any], *, seconds: float, megabytes: int, output_characters: int
    ) -> Any:
        """The value of the last expression, as plain JSON. inputs: plain values that the program sees by name.

        output_characters: of the result as JSON. Raises the errors above.
        """
        ...

    async def close(self) -> None:
        """Let workers go."""
        ...


CODE_RUNNERS: Registry[CodeRunner] = Registry("code runner", CodeRunner)  # type: ignore[type-abstract]
