"""Times and numbers as people say them. Pure."""

from datetime import datetime, timedelta

STEPS: tuple[tuple[timedelta, timedelta, str], ...] = (
    (timedelta(hours=1), timedelta(minutes=1), "minute"),
    (timedelta(days=1), timedelta(hours=1), "hour"),
    (timedelta(days=30), timedelta(days=1), "day"),
)


def say_ago(moment: datetime, *, now: datetime) -> str:
    """How long ago, in words; a date after a month.

    >>> from datetime import UTC
    >>> now = datetime(2030, 5, 20, 12, tzinfo=UTC)
    >>> say_ago(now - timedelta(minutes=5), now=now)
    '5 minutes ago'
    >>> say_ago(now - timedelta(hours=1), now=now)
    '1 hour ago'
    >>> say_ago(now - timedelta(days=40), now=now)
    '10 Apr 2030'
    """
    past = now - moment
    if past < timedelta(minutes=1):
        return "just now"
    for below, unit, word in STEPS:
        if past < below:
            return f"{say_count(past // unit, word)} ago"
    return f"{moment:%-d %b %Y}"


def say_exactly(moment: datetime) -> str:
    """The moment itself, for tooltips and the `datetime` attribute.

    >>> from datetime import UTC
    >>> say_exactly(datetime(2030, 5, 20, 12, tzinfo=UTC))
    '2030-05-20 12:00 UTC'
    """
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def say_event(name: str) -> str:
    """The name of an event or of a permission, as a line of text.

    >>> say_event("api_key.revoked"), say_event("kb.read")
    ('Api key revoked', 'Kb read')
    """
    return name.replace(".", " ").replace("_", " ").capitalize()


def say_count(number: int, word: str, plural: str = "") -> str:
    """A number and its word.

    >>> say_count(1, "reply", "replies"), say_count(2_500, "reply", "replies")
    ('1 reply', '2,500 replies')
    """
    return f"{number:,} {word if number == 1 else plural or word + 's'}"
