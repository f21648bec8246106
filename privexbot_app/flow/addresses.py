"""Web addresses and headers from templates: where words of strangers may stand, and where never.

Strangers may fill a segment of the path or a value of the query; there they are percent-encoded. Scheme, host and port
are the author's alone, and so is how many steps a path has. What may be reached at all is the port's matter.
"""

import re
from collections.abc import Mapping, Sequence
from urllib.parse import quote, urlsplit

from privexbot_app.flow.context import Context
from privexbot_app.flow.errors import CallFailedError, CallRefusedError, HeaderInvalidError, TaintedError
from privexbot_app.flow.ports import HttpAnswer
from privexbot_app.flow.values import VARIABLES, Part, find_references, split

HEADER_NAME = r"^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$"
SENT_BY_US = frozenset({"host", "content-length", "transfer-encoding", "connection", "expect", "upgrade", "te"})
# Host and port are only certain once something ends them. A backslash does so for some readers and not for others.
_ORIGIN = re.compile(r"\s*[A-Za-z][A-Za-z0-9+.-]*://[^/?#\\\s]+[/?#]")
_HEADER_VALUE = re.compile(r"[\t\x20-\x7e]*")


def build_address(parts: Sequence[Part]) -> str:
    """The address, with the words of strangers percent-encoded.

    Raises TaintedError where they would choose the host or climb the path.

    >>> build_address([Part("https://shop.example/orders/"), Part("7/../8?a", is_reference=True, is_tainted=True)])
    'https://shop.example/orders/7%2F..%2F8%3Fa'
    """
    address = ""
    is_tainted = False
    for part in parts:
        if not part.is_tainted:
            address += part.text
            continue
        if not _ORIGIN.match(address):
            raise TaintedError("the host of an address")
        is_tainted = True
        address += quote(part.text, safe="", errors="replace")
    if is_tainted and {".", ".."} & set(urlsplit(address).path.split("/")):
        raise TaintedError("a step up in the path of an address")
    return address.strip()


def render_address(context: Context, template: str) -> str:
    """`build_address` of a template."""
    return build_address(context.render_parts(template))


def address_problem(template: str) -> tuple[str, str] | None:
    """What is wrong with an address before it runs: (code, sentence).

    >>> address_problem("https://{{ask.answer}}.example/")[0], address_problem("{{vars.shop}}/orders")
    ('address_host_variable', None)
    """
    if not template.strip():
        return "address_missing", "Enter the address."
    before = ""
    for piece, is_reference in split(template):
        if not is_reference:
            before += piece
        elif not _ORIGIN.match(before) and not piece.startswith(f"{VARIABLES}."):
            return "address_host_variable", "The address must begin with its host, written out or from a variable."
    if find_references(template):
        return None
    if not re.match(r"\s*https?://[^/?#\\\s]", template):
        return "address_unusual", "The address must begin with https:// or http://."
    return None


def render_headers(context: Context, headers: Mapping[str, str]) -> dict[str, str]:
    """Headers with their values. Raises HeaderInvalidError for a line break or a letter beyond ASCII."""
    rendered = {name: context.render_text(template) for name, template in headers.items()}
    for name, value in rendered.items():
        if not _HEADER_VALUE.fullmatch(value):
            raise HeaderInvalidError(name)
    return rendered


def header_problem(names: Sequence[str]) -> tuple[str, str] | None:
    """What is wrong with the names of headers: (code, sentence)."""
    own = next((name for name in names if name.lower() in SENT_BY_US), None)
    return ("header_reserved", f"{own} is set by the connection itself.") if own else None


def require_success(answer: HttpAnswer) -> None:
    """Raises CallRefusedError for a wrong request, CallFailedError where a further attempt may help."""
    if answer.status >= 500 or answer.status in (408, 425, 429):
        raise CallFailedError(answer.status)
    if answer.status >= 400:
        raise CallRefusedError(answer.status)
