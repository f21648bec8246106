"""A question and its answer, ready to be written down."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from privexbot_app.integrations.plugins import Work
from privexbot_app.kit.scope import Scope


@dataclass(frozen=True)
class Exchange:
    """The values of rows. is_new: the conversation begins with it. is_calling: the bot calls for a person.

    keep: writes what else belongs to the exchange, once the conversation's row is there.
    """

    scope: Scope
    conversation: Mapping[str, Any]
    messages: Sequence[Mapping[str, Any]]
    is_new: bool
    keep: Callable[[Work], Awaitable[None]] | None = None
    is_calling: bool = False
