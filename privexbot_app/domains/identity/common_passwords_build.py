"""Makes `common_passwords.bin` from a list of passwords that were seen in breaches, one in each line.

    python -m privexbot_app.domains.identity.common_passwords_build list.txt

The list that is shipped was made from the 30,000 passwords that the library zxcvbn 4.5.0 carries (MIT licence). Only
fingerprints are kept: five bytes each of SHA-256, sorted, so that a look-up is a bisection of a few steps.
"""

import sys
from collections.abc import Iterable
from pathlib import Path

from privexbot_app.domains.identity.passwords import COMMON_PASSWORDS, SHORTEST_PASSWORD, common_fingerprint


def build(passwords: Iterable[str]) -> bytes:
    """The file's bytes. Passwords that are too short to be accepted anyway are left out."""
    kept = {password.strip().lower() for password in passwords}
    return b"".join(sorted({common_fingerprint(word) for word in kept if len(word) >= SHORTEST_PASSWORD}))


if __name__ == "__main__":
    COMMON_PASSWORDS.write_bytes(build(Path(sys.argv[1]).read_text().splitlines()))
