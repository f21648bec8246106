"""TLS to a server whose address was looked up before: the connection goes to the address, the certificate and the
greeting are for the name.
"""

import ssl
from typing import Any


class NamedContext(ssl.SSLContext):
    """A context that knows whom it talks to, whatever address the connection was opened with."""

    host: str = ""

    def wrap_bio(self, *args: Any, **named: Any) -> ssl.SSLObject:
        """As the base's, for the name."""
        named["server_hostname"] = self.host
        return super().wrap_bio(*args, **named)


def context_for(host: str, *, verifies: bool) -> NamedContext:
    """verifies: whether the certificate must be the host's and signed by somebody whom this machine trusts."""
    context = NamedContext(ssl.PROTOCOL_TLS_CLIENT)
    context.host = host
    if verifies:
        context.load_default_certs()
    else:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
