"""Which addresses may be reached. Pure apart from `resolve_with_system`; `client` and `streaming` connect only so.

A URL that a customer typed is judged twice: its form here at once, and the network addresses of its name at the moment
of connecting, with exactly the addresses that were judged.
"""

import asyncio
import re
import socket
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import urlsplit

import httpx
import idna

from privexbot_app.kit.http.errors import HostNotFoundError, UrlNotAllowedError

IpAddress = IPv4Address | IPv6Address
IpNetwork = IPv4Network | IPv6Network
Resolver = Callable[[str], Awaitable[list[str]]]
"""Name → its addresses as text. Raises OSError when it has none."""

MAX_URL_CHARACTERS = 4096

# Python 3.11 takes these for global.
_SPECIAL_NETWORKS = [
    ip_network(network)
    for network in ("192.0.0.0/24", "192.88.99.0/24", "100.64.0.0/10", "198.18.0.0/15", "2001::/23", "3fff::/20")
]
_GLOBAL_UNICAST = IPv6Network("2000::/3")
_NAT64 = IPv6Network("64:ff9b::/96")
# Blanks and backslashes are where parsers disagree about which part is the host.
_AMBIGUOUS = re.compile(r"[\x00-\x20\x7f\\]")
_HOST = re.compile(r"[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*\.?")


class OutboundPolicy(StrEnum):
    """Who chose the address.

    PUBLIC_ONLY: a customer or a page; only the public internet may be reached.
    OPERATOR: the settings of this installation; any network, and no redirect to another host.
    """

    PUBLIC_ONLY = "public_only"
    OPERATOR = "operator"


@dataclass(frozen=True)
class CheckedUrl:
    """A URL in normal form, whose parts may be trusted. `host`: a lower-case name, or an address without brackets."""

    url: httpx.URL
    scheme: str
    host: str
    port: int

    @property
    def origin(self) -> tuple[str, str, int]:
        """What a browser calls the origin."""
        return self.scheme, self.host, self.port


@dataclass(frozen=True)
class AddressGuard:
    """The rules of one policy.

    allowed_private_networks: networks that PUBLIC_ONLY may reach nevertheless, on any port.
    public_ports: the ports that PUBLIC_ONLY may reach on the public internet.
    """

    policy: OutboundPolicy
    resolver: Resolver
    allowed_private_networks: tuple[IpNetwork, ...] = ()
    public_ports: frozenset[int] = field(default=frozenset({80, 443, 8080, 8443}))

    def check_url(self, url: str) -> CheckedUrl:
        """Judge everything that needs no look-up. Raises UrlNotAllowedError."""
        checked = parse_url(url)
        literal = _literal(checked.host)
        if literal is not None:
            self.check_addresses(checked, [literal])
        return checked

    async def resolve(self, checked: CheckedUrl) -> list[str]:
        """The addresses to connect to, all of them judged. Raises UrlNotAllowedError or HostNotFoundError."""
        literal = _literal(checked.host)
        addresses = [literal] if literal is not None else await self._look_up(checked.host)
        self.check_addresses(checked, addresses)
        return [str(address) for address in addresses]

    def check_addresses(self, checked: CheckedUrl, addresses: Iterable[IpAddress]) -> None:
        """Raises UrlNotAllowedError unless every address may be reached: one that may not taints the name."""
        if self.policy is OutboundPolicy.OPERATOR:
            return
        for address in addresses:
            if any(_is_in(address, network) for network in self.allowed_private_networks):
                continue
            if not is_public_address(address):
                raise UrlNotAllowedError("This address does not lead to the public internet.", host=checked.host)
            if checked.port not in self.public_ports:
                raise UrlNotAllowedError(
                    f"Port {checked.port} may not be fetched.", host=checked.host, port=checked.port
                )

    async def _look_up(self, host: str) -> list[IpAddress]:
        try:
            found = await self.resolver(host)
            # A zone (%eth0) is meaningless beyond one machine, and such addresses are never public.
            addresses = [ip_address(text.partition("%")[0]) for text in found]
        except (OSError, ValueError) as error:
            raise HostNotFoundError(f"The host “{host}” could not be found.", host=host) from error
        if not addresses:
            raise HostNotFoundError(f"The host “{host}” could not be found.", host=host)
        return addresses


async def resolve_with_system(host: str) -> list[str]:
    """The addresses that this machine's resolver knows for a name."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def parse_url(url: str) -> CheckedUrl:
    """Read a URL strictly. Raises UrlNotAllowedError for anything that two parsers could read differently.

    >>> parse_url("HTTPS://Bücher.example:443/a b?q=1#top").url
    URL('https://xn--bcher-kva.example/a%20b?q=1')
    >>> parse_url("http://0x7f.1/")
    Traceback (most recent call last):
    privexbot_app.kit.http.errors.UrlNotAllowedError: The host of this address is not written in a usual form.
    """
    url = url.strip()
    if not url or len(url) > MAX_URL_CHARACTERS:
        raise UrlNotAllowedError("The address is empty or too long.")
    try:
        parts = urlsplit(url)
        port = parts.port
        hostname = parts.hostname or ""
    except ValueError as error:
        raise UrlNotAllowedError("This is not a web address.") from error
    scheme = parts.scheme
    if scheme not in ("http", "https"):
        raise UrlNotAllowedError("Only addresses that begin with http:// or https:// can be fetched.", scheme=scheme)
    # urlsplit drops tabs and line breaks silently, so the text itself is looked at, up to the path.
    before_path = re.split(r"[/?#]", url.partition("//")[2], maxsplit=1)[0]
    if "//" not in url or _AMBIGUOUS.search(before_path) or re.search(r"[\x00-\x1f\x7f]", url):
        raise UrlNotAllowedError("The address contains characters that do not belong there.")
    if "@" in before_path:
        raise UrlNotAllowedError("An address with a user name or password in it cannot be fetched.")
    host = _normal_host(hostname)
    port = port if port is not None else {"http": 80, "https": 443}[scheme]
    if port == 0:
        raise UrlNotAllowedError("Port 0 may not be fetched.", port=0)
    return CheckedUrl(_canonical(parts.path, parts.query, scheme, host, port), scheme, host, port)


def is_public_address(address: IpAddress) -> bool:
    """Whether an address belongs to the public internet; an address inside another one is judged itself.

    >>> [is_public_address(ip_address(text)) for text in ("93.184.216.34", "::ffff:10.0.0.1", "64:ff9b::7f00:1")]
    [True, False, False]
    """
    inner = _embedded(address)
    if inner is not None:
        return is_public_address(inner)
    if any(_is_in(address, network) for network in _SPECIAL_NETWORKS):
        return False
    if isinstance(address, IPv6Address) and address not in _GLOBAL_UNICAST:
        return False
    return address.is_global and not address.is_multicast and not address.is_reserved


def _embedded(address: IpAddress) -> IPv4Address | None:
    """The IPv4 address that an IPv6 address leads to, where it carries one. Teredo counts as not public altogether."""
    if isinstance(address, IPv4Address):
        return None
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour


def _is_in(address: IpAddress, network: IpNetwork) -> bool:
    return address.version == network.version and address in network


def _literal(host: str) -> IpAddress | None:
    if host == "localhost" or host.endswith(".localhost"):
        # Reserved for this machine by RFC 6761, whatever a resolver says.
        return IPv4Address("127.0.0.1")
    try:
        return ip_address(host)
    except ValueError:
        return None


def _normal_host(hostname: str) -> str:
    if ":" in hostname:
        try:
            return str(IPv6Address(hostname))
        except ValueError as error:
            raise UrlNotAllowedError("The host of this address is not written in a usual form.") from error
    try:
        host = hostname if hostname.isascii() else idna.encode(hostname, uts46=True).decode("ascii")
    except idna.IDNAError as error:
        raise UrlNotAllowedError("The host of this address is not a valid name.") from error
    host = host.lower().rstrip(".")
    if not _HOST.fullmatch(host) or len(host) > 253:
        raise UrlNotAllowedError("The host of this address is not a valid name.")
    if not _looks_like_number(host):
        return host
    # Some libraries take 2130706433, 0x7f.1, 127.1 and 017700000001 for addresses.
    try:
        return str(IPv4Address(host))
    except ValueError as error:
        raise UrlNotAllowedError("The host of this address is not written in a usual form.") from error


def _looks_like_number(host: str) -> bool:
    return re.fullmatch(r"[0-9]+|0x[0-9a-f]*", host.rsplit(".", 1)[-1]) is not None


def _canonical(path: str, query: str, scheme: str, host: str, port: int) -> httpx.URL:
    shown_host = f"[{host}]" if ":" in host else host
    shown_port = "" if port == {"http": 80, "https": 443}[scheme] else f":{port}"
    try:
        url = httpx.URL(f"{scheme}://{shown_host}{shown_port}{path or '/'}{'?' + query if query else ''}")
    except httpx.InvalidURL as error:
        raise UrlNotAllowedError("This is not a web address.") from error
    if url.raw_host.decode() != host:
        raise UrlNotAllowedError("The host of this address is not a valid name.")
    return url
