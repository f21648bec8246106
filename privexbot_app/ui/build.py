"""How the compiled dashboard finds its server: on the address that it was loaded from, whatever that is."""

import re
from pathlib import Path
from typing import Any

from reflex.plugins import Plugin

SOCKET_URL = re.compile(r"([`'\"])ws://localhost:\d+(/[^`'\"]*)\1")
HTTP_URL = re.compile(r"([`'\"])http://localhost:\d+(/[^`'\"]*)\1")


class SameOriginPlugin(Plugin):
    """Replaces the addresses that Reflex compiles in by the browser's own origin, so that one build serves any port."""

    def post_build(self, **context: Any) -> None:
        """Called by Reflex when the static files are there, before they are compressed."""
        for script in (Path(context["static_dir"]) / "assets").glob("reflex-env-*.js"):
            script.write_text(use_own_origin(script.read_text()))


def use_own_origin(script: str) -> str:
    """The compiled settings with every local address made relative to the page's origin.

    >>> use_own_origin('{PING:"http://localhost:8000/ping"}')
    '{PING:(globalThis.location.origin+"/ping")}'
    """
    script = SOCKET_URL.sub(r"(globalThis.location.origin.replace(/^http/,'ws')+\1\2\1)", script)
    return HTTP_URL.sub(r"(globalThis.location.origin+\1\2\1)", script)
