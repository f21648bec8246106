"""For whom and where a flow runs."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from privexbot_app.domains.bots.schemas import Redaction
from privexbot_app.kit.clock import utc_now
from privexbot_app.kit.scope import Scope


@dataclass(frozen=True)
class Setting:
    """One conversation of one bot.

    is_trial: a draft is tried; whatever would last (leads, mail, notices) is left undone.
    redaction: whether models see placeholders where people write personal data.
    """

    scope: Scope
    bot_id: UUID
    conversation_id: UUID
    is_trial: bool = False
    redaction: Redaction = field(default_factory=Redaction)

    @property
    def user(self) -> str:
        """Who uses a credential, as the vault writes it down."""
        return f"chatflow:{self.bot_id}"


class SystemClock:
    """The time of this machine."""

    def now(self) -> datetime:
        """UTC."""
        return utc_now()


def read_id(text: str) -> UUID:
    """An id from a node's configuration; one that is none is nobody's.

    >>> read_id("nonsense")
    UUID('00000000-0000-0000-0000-000000000000')
    """
    try:
        return UUID(text)
    except ValueError:
        return UUID(int=0)
