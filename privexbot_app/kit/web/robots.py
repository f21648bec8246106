"""What a site's robots.txt allows (RFC 9309). Reads text; fetching it is the caller's part."""

import re

from privexbot_app.kit.errors import InvalidError, UpstreamFailedError

MAX_BYTES = 1_000_000
LONGEST_DELAY_SECONDS = 10.0
"""A site may ask for a slower crawl up to here; longer pauses would make a crawl of a few pages last for hours."""
# Only a name's first word counts; the parser would look for all of them.
_FURTHER_WORDS = re.compile(r"^([ \t]*user[- ]?agent[ \t]*:[ \t]*[a-z_-]+)[ \t][^\r\n#]*", re.IGNORECASE | re.MULTILINE)


class RobotsForbidError(InvalidError):
    """The site's robots.txt does not let us read the page that was asked for."""

    code = "robots_forbid"

    def __init__(self) -> None:
        super().__init__("The robots.txt of this site does not allow its pages to be read by programs.")


class RobotsUnreachableError(UpstreamFailedError):
    """The site's robots.txt could not be read, so that nothing may be fetched for now."""

    code = "robots_unreachable"

    def __init__(self) -> None:
        super().__init__("The site does not answer when asked for its robots.txt. Try again later.")


class Robots:
    """The rules of one origin for one program. is_known: False for a stand-in of a file that could not be read."""

    is_known = True

    def __init__(self, text: str, *, agent: str) -> None:
        from protego import Protego  # noqa: PLC0415 - only crawls pay for it

        self._agent = agent
        self._rules = Protego.parse(_FURTHER_WORDS.sub(r"\1", text))

    @classmethod
    def from_answer(cls, status: int, body: bytes, *, agent: str) -> "Robots":
        """The rules from what `/robots.txt` answered: no file forbids nothing, a broken server forbids everything."""
        if 200 <= status < 300:
            return cls(body.decode("utf-8-sig", errors="replace"), agent=agent)
        if 400 <= status < 500 and status != 429:
            return cls.open(agent=agent)
        return cls.closed(agent=agent)

    @classmethod
    def closed(cls, *, agent: str) -> "Robots":
        """The rules of a site whose robots.txt cannot be read: nothing may be fetched."""
        rules = cls("User-agent: *\nDisallow: /", agent=agent)
        rules.is_known = False
        return rules

    @classmethod
    def open(cls, *, agent: str) -> "Robots":
        """The rules of a site without robots.txt: everything may be fetched."""
        return cls("", agent=agent)

    def require(self, address: str) -> None:
        """Raise RobotsForbidError or RobotsUnreachableError unless the address may be fetched."""
        if not self.allow(address):
            raise RobotsForbidError if self.is_known else RobotsUnreachableError

    def allow(self, address: str) -> bool:
        """Whether the address may be fetched."""
        return bool(self._rules.can_fetch(address, self._agent))

    @property
    def delay_seconds(self) -> float:
        """The pause between two requests that the site asks for, up to a limit; 0 if it does not."""
        delay = self._rules.crawl_delay(self._agent)
        rate = self._rules.request_rate(self._agent)
        wanted = max(float(delay or 0.0), rate.seconds / rate.requests if rate and rate.requests else 0.0)
        return min(wanted, LONGEST_DELAY_SECONDS)

    @property
    def sitemaps(self) -> list[str]:
        """Sitemaps that the file names."""
        return list(self._rules.sitemaps)
