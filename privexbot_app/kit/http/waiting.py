"""What a busy service says about when to come back, and how long to wait before a request is sent again."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from privexbot_app.kit.clock import utc_now

_SECONDS = re.compile(r"[0-9]{1,9}", re.ASCII)


@dataclass(frozen=True)
class Patience:
    """How a request that may be repeated is repeated.

    max_attempts: how often it is sent at most. longest_pause_seconds: between two times, whatever the service asks for.
    first_pause_seconds: where the service asks for nothing; twice as long each time.
    """

    max_attempts: int = 4
    longest_pause_seconds: float = 10.0
    first_pause_seconds: float = 0.5

    def pause_seconds(self, headers: Mapping[str, str], attempt: int) -> float:
        """The pause after the attempt of that number, which begins at 1. headers: of the answer, lower-case names.

        >>> [Patience().pause_seconds({}, attempt) for attempt in (1, 2, 9)]
        [0.5, 1.0, 10.0]
        >>> Patience().pause_seconds({"retry-after": "3"}, 1)
        3.0
        """
        asked = read_retry_after(headers)
        usual = self.first_pause_seconds * 2.0 ** (attempt - 1)
        return min(usual if asked is None else asked, self.longest_pause_seconds)


def read_retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds that an answer asks its caller to wait; None if it does not say, or says nothing that can be read.

    headers: with lower-case names. A point in time is measured against the answer's own clock, where it tells that.

    >>> read_retry_after({"retry-after": "120"}), read_retry_after({}), read_retry_after({"retry-after": "soon"})
    (120.0, None, None)
    >>> read_retry_after({"retry-after": "Wed, 21 Oct 2026 07:28:00 GMT", "date": "Wed, 21 Oct 2026 07:27:30 GMT"})
    30.0
    """
    asked = headers.get("retry-after", "").strip()
    if _SECONDS.fullmatch(asked):
        return float(asked)
    moment = _read_date(asked)
    if moment is None:
        return None
    now = _read_date(headers.get("date", "")) or utc_now()
    return max(0.0, (moment - now).total_seconds())


def _read_date(text: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
