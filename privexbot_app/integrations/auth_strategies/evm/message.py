"""The message of EIP-4361 (Sign-In with Ethereum): built and read, to the letter.

Source: https://eips.ethereum.org/EIPS/eip-4361 and EIP-55 for the spelling of addresses.
"""

import re

from privexbot_app.integrations.auth_strategies import messages
from privexbot_app.integrations.auth_strategies.base import MalformedProofError
from privexbot_app.integrations.auth_strategies.messages import SignInMessage

ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")
HEADER = " wants you to sign in with your Ethereum account:"
GRAMMAR = re.compile(
    rf"(?:(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://)?(?P<domain>[^\n ]+){HEADER}\n"
    r"(?P<address>0x[0-9a-fA-F]{40})\n\n"
    r"(?:(?P<statement>[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;= -]+)\n)?\n"
    r"URI: (?P<uri>[^\n]+)\n"
    r"Version: (?P<version>1)"
    r"(?:\nChain ID: (?P<chain_id>[0-9]+))?"
    r"(?:\nNonce: (?P<nonce>[A-Za-z0-9]{8,}))?"
    r"\nIssued At: (?P<issued_at>[^\n]+)"
    r"(?:\nExpiration Time: (?P<expiration_time>[^\n]+))?"
    r"(?:\nNot Before: (?P<not_before>[^\n]+))?"
    r"(?:\nRequest ID: (?P<request_id>(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})*))?"
    r"(?:\nResources:(?P<resources>(?:\n- [^\n]+)*))?"
)


def build(message: SignInMessage) -> str:
    """The text that a wallet shows and signs. Raises MalformedProofError for fields that make no such message."""
    scheme = f"{message.scheme}://" if message.scheme else ""
    statement = f"{message.statement}\n" if message.statement else ""
    lines = "\n".join(message.field_lines())
    text = f"{scheme}{message.domain}{HEADER}\n{message.address}\n\n{statement}\n{lines}"
    require_complete(parse(text))
    return text


def parse(text: str) -> SignInMessage:
    """The fields of a text. Raises MalformedProofError.

    A text without chain or nonce is read, as other sites issue such; `require_complete` asks for all of them.
    """
    found = GRAMMAR.fullmatch(text)
    if found is None:
        raise MalformedProofError("This is not a message as EIP-4361 describes it.")
    fields = found.groupdict()
    listed = fields.pop("resources")
    resources = None if listed is None else tuple(line.removeprefix("- ") for line in listed.split("\n")[1:])
    message = SignInMessage(**fields, resources=resources)
    messages.require_well_formed(message)
    if checksummed(message.address) != message.address:
        raise MalformedProofError("The address is not spelled as EIP-55 asks.")
    return message


def require_complete(message: SignInMessage) -> None:
    """Raise MalformedProofError unless every line that EIP-4361 requires is there."""
    if message.chain_id is None or message.nonce is None:
        raise MalformedProofError("The message lacks its chain or its nonce.")


def checksummed(address: str) -> str:
    """An address in the spelling of EIP-55. Raises MalformedProofError."""
    from eth_utils.address import to_checksum_address  # noqa: PLC0415 - only wallets pay for it

    if not ADDRESS.fullmatch(address):
        raise MalformedProofError("This is not an Ethereum address.")
    return str(to_checksum_address(address))
