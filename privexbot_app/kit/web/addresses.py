"""Addresses of pages: one form for each, where a site ends, and which addresses look endless. Fetches nothing."""

import re
from collections import Counter
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import PurePosixPath
from urllib.parse import parse_qsl, unquote, urlencode, urljoin, urlsplit

from privexbot_app.kit.http import UrlNotAllowedError, parse_url

LONGEST_ADDRESS = 2000
DEEPEST_PATH = 16
MOST_REPEATS = 3
_TRACKING = re.compile(
    r"utm_\w+|gclid|gbraid|wbraid|fbclid|msclkid|yclid|dclid|igshid|mc_[ce]id|_hs\w+|_ga|_gl|phpsessid|jsessionid|"
    r"aspsessionid\w*|sid|sessionid",
    re.IGNORECASE,
)
_SESSION_IN_PATH = re.compile(r";jsessionid=[^/?#]*", re.IGNORECASE)
_DIGITS = re.compile(r"\d+")
_NO_DOCUMENTS_WORDS = (
    "7z aac avi avif bmp bz2 css dmg eot exe flac gif gz heic ico ics iso jpeg jpg js m4a m4v map mkv mov mp3 mp4 mpeg "
    "mpg msi ogg otf png psd rar svg tar tgz tif tiff ttf wasm wav webm webp woff woff2 xpi zip"
)
_NO_DOCUMENTS = frozenset(f".{word}" for word in _NO_DOCUMENTS_WORDS.split())


def normalize(address: str, *, base: str = "") -> str | None:
    """The address as it is fetched: absolute, without fragment, default port, and what only tracks visitors.

    Returns None for what is no web address. Parameters are sorted, as their order means nothing on nearly every site.

    >>> normalize("../b?z=1&utm_source=mail&a=2#top", base="HTTPS://Example.com:443/x/y")
    'https://example.com/b?a=2&z=1'
    >>> normalize("mailto:us@example.com") is None
    True
    """
    try:
        joined = urljoin(base, address.strip()) if base else address.strip()
        parts = urlsplit(joined)._replace(fragment="")
        kept = [pair for pair in parse_qsl(parts.query, keep_blank_values=True) if not _TRACKING.fullmatch(pair[0])]
        path = _SESSION_IN_PATH.sub("", parts.path)
        return str(parse_url(parts._replace(path=path, query=urlencode(sorted(kept))).geturl()).url)
    except (UrlNotAllowedError, ValueError):
        return None


def is_same_page(one: str, other: str) -> bool:
    """Whether two addresses in normal form differ only in scheme, `www.`, query or a slash at the end.

    >>> is_same_page("https://example.com/a/?sort=up", "http://www.example.com/a")
    True
    """
    first, second = urlsplit(one), urlsplit(other)
    return _host(first.netloc) == _host(second.netloc) and first.path.rstrip("/") == second.path.rstrip("/")


def may_be_document(address: str) -> bool:
    """Whether the ending of the path speaks for something to read, not for an image, a style or an archive."""
    return PurePosixPath(urlsplit(address).path).suffix.lower() not in _NO_DOCUMENTS


@dataclass(frozen=True)
class Site:
    """Where a crawl stays: one host, with or without `www.`, and a folder of it."""

    host: str
    folder: str

    @classmethod
    def around(cls, address: str, *, is_whole_host: bool = False) -> "Site":
        """The site of a starting page: everything in its folder, or the whole host.

        >>> Site.around("https://www.example.com/docs/start.html")
        Site(host='example.com', folder='/docs/')
        >>> Site.around("https://example.com/docs").folder
        '/docs'
        """
        parts = urlsplit(address)
        folder = parts.path
        if "." in PurePosixPath(folder).name:
            folder = folder[: folder.rindex("/") + 1]
        return cls(_host(parts.netloc), "/" if is_whole_host else folder or "/")

    def holds(self, address: str) -> bool:
        """Whether an address in normal form belongs to the site."""
        parts = urlsplit(address)
        is_inside = parts.path.startswith(self.folder) if self.folder.endswith("/") else False
        is_itself = parts.path == self.folder.rstrip("/") or parts.path.startswith(self.folder.rstrip("/") + "/")
        return _host(parts.netloc) == self.host and (is_inside or is_itself)


@dataclass(frozen=True)
class Wishes:
    """Which pages people want, as patterns with `*` over the path, or over the whole address if they begin with http.

    >>> wishes = Wishes(include=("/help/*",), exclude=("*/archive/*",))
    >>> [wishes.allow(f"https://example.com{path}") for path in ("/help/a", "/help/archive/b", "/shop")]
    [True, False, False]
    """

    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()

    def allow(self, address: str) -> bool:
        """Whether the page is wanted."""
        if any(_matches(address, pattern) for pattern in self.exclude):
            return False
        return not self.include or any(_matches(address, pattern) for pattern in self.include)


@dataclass
class EndlessGuard:
    """Notices calendars, filters and loops that make ever new addresses. Remembers what it has let through.

    most_alike: how many addresses may differ only in numbers, or only in the values of their parameters.
    """

    most_alike: int = 100
    _seen: Counter[str] = field(default_factory=Counter)

    def refuses(self, address: str) -> bool:
        """Whether the address is one too many of its kind; counts it if not."""
        parts = urlsplit(address)
        segments = [segment for segment in parts.path.split("/") if segment]
        if len(address) > LONGEST_ADDRESS or len(segments) > DEEPEST_PATH:
            return True
        if any(times >= MOST_REPEATS for times in Counter(segments).values()):
            return True
        shapes = _shapes(parts.path, parts.query)
        if any(self._seen[shape] >= self.most_alike for shape in shapes):
            return True
        self._seen.update(shapes)
        return False


def _shapes(path: str, query: str) -> set[str]:
    """What an address has in common with its siblings; nothing for one that is spelled out."""
    numbered = _DIGITS.sub("#", path)
    shapes = set()
    if numbered != path:
        shapes.add(numbered)
    if query:
        shapes.add(f"{path}?")
        shapes.add(f"{numbered}?{'&'.join(sorted({name for name, _ in parse_qsl(query, keep_blank_values=True)}))}")
    return shapes


def _matches(address: str, pattern: str) -> bool:
    if pattern.startswith(("http://", "https://")):
        return fnmatchcase(address, pattern)
    parts = urlsplit(address)
    target = parts.path + (f"?{parts.query}" if parts.query and "?" in pattern else "")
    wanted = pattern if pattern.startswith(("/", "*")) else f"/{pattern}"
    # `[` and `?` are common in addresses and mean themselves here.
    wanted = wanted.replace("[", "[[]").replace("?", "[?]")
    return fnmatchcase(target, wanted) or fnmatchcase(unquote(target), wanted)


def _host(netloc: str) -> str:
    return netloc.lower().removeprefix("www.")
