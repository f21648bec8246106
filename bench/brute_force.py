"""How many guesses get through in a minute: of a password, a code, a wallet's signature, a mailed link, an invitation.

`python -m bench.brute_force [--seconds 60]`. An attacker fires as fast as the API answers, against an installation in
this process with a real Redis; an answer other than 429 is a guess that was judged. Passwords are guessed from one
address, and from a new address each time. Every kind runs for a stretch of its own.
"""

import argparse
import asyncio
import json
import secrets
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import httpx
import pyotp

from privexbot_app.api.app import create_api
from privexbot_app.api.edge import Edge
from privexbot_app.kit.logging import set_up_logging
from tests.installation import PASSWORD, Installation, Person, installed, running_redis
from tests.wallets import EvmWallet

RESULTS = Path(__file__).parent / "results" / "brute_force.json"
AUTH = "/api/v1/auth"
AT_ONCE = 8

Guess = Callable[[], Awaitable[httpx.Response]]


@dataclass(frozen=True)
class Figure:
    """What one kind came to. judged: guesses that were looked at. per_minute: of these."""

    kind: str
    seconds: float
    sent: int
    judged: int
    per_minute: float


class Attacker:
    """Guesses against one victim."""

    def __init__(self, installation: Installation, victim: Person) -> None:
        self.installation = installation
        self.victim = victim
        self.app = Edge(create_api(), max_upload_bytes=1_000_000)

    def client(self, address: str = "203.0.113.7") -> httpx.AsyncClient:
        """Someone who calls from an address."""
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False, client=(address, 1))  # type: ignore[arg-type]
        return httpx.AsyncClient(transport=transport, base_url="http://testserver", timeout=60)

    async def post(self, path: str, body: object, *, address: str = "203.0.113.7") -> httpx.Response:
        """One call."""
        async with self.client(address) as http:
            return await http.post(path, json=body)

    async def password(self) -> httpx.Response:
        """From one address."""
        return await self.post(f"{AUTH}/login", {"email": self.victim.email, "password": secrets.token_hex(8)})

    async def password_from_everywhere(self) -> httpx.Response:
        """From a new address each time."""
        address = f"2001:db8:{secrets.token_hex(2)}:{secrets.token_hex(2)}::1"
        body = {"email": self.victim.email, "password": secrets.token_hex(8)}
        return await self.post(f"{AUTH}/login", body, address=address)

    async def code(self) -> httpx.Response:
        """The attacker knows the password, and lacks the authenticator."""
        body = {"ticket": self.ticket, "code": f"{secrets.randbelow(1_000_000):06}"}
        return await self.post(f"{AUTH}/second-factor", body)

    async def wallet(self) -> httpx.Response:
        """Made-up signatures for fresh challenges."""
        opened = await self.post(f"{AUTH}/wallet/evm/challenge", {"address": self.wallet_address})
        if opened.status_code != 200:
            return opened
        signature = "0x" + secrets.token_hex(64) + "1b"
        body = {"address": self.wallet_address, "message": opened.json()["message"], "signature": signature}
        return await self.post(f"{AUTH}/wallet/evm/verify", body)

    async def link(self) -> httpx.Response:
        """Made-up tokens of mailed links."""
        body = {"token": f"pbm_{secrets.token_urlsafe(32)}", "new_password": "a long enough one"}
        return await self.post(f"{AUTH}/password/reset", body)

    async def invitation(self) -> httpx.Response:
        """Made-up tokens of invitations."""
        return await self.post("/api/v1/invitations/preview", {"token": secrets.token_urlsafe(32)})

    async def prepare(self) -> None:
        """Give the victim a wallet and a second factor, and take the first step in their name."""
        self.wallet_address = EvmWallet().address
        http, headers = self.installation.http, self.victim.headers
        secret = (await http.post(f"{AUTH}/authenticator", headers=headers)).json()["secret"]
        code = {"code": pyotp.TOTP(secret).now()}
        assert (await http.post(f"{AUTH}/authenticator/confirm", json=code, headers=headers)).is_success
        body = {"email": self.victim.email, "password": PASSWORD}
        self.ticket = (await http.post(f"{AUTH}/login", json=body)).json()["ticket"]


async def fire(kind: str, guess: Guess, *, seconds: float, limit: int = 1_000_000) -> Figure:
    """Guess as fast as answers come, for so long or so often."""
    start, sent, judged = time.monotonic(), 0, 0

    async def go_on() -> None:
        nonlocal sent, judged
        while time.monotonic() - start < seconds and sent < limit:
            sent += 1
            response = await guess()
            assert not response.is_success, f"a guess of {kind} was right: {response.text}"
            assert response.status_code < 500, response.text
            judged += response.status_code != 429

    await asyncio.gather(*(go_on() for _ in range(AT_ONCE)))
    took = time.monotonic() - start
    return Figure(kind, round(took, 1), sent, judged, round(judged * 60 / max(took, seconds), 1))


async def measure(seconds: float) -> list[Figure]:
    """Every kind in turn."""
    with tempfile.TemporaryDirectory() as folder, running_redis(Path(folder)) as redis_url:
        async with installed(Path(folder) / "data", redis_url) as installation:
            attacker = Attacker(installation, await installation.register("victim"))
            await attacker.prepare()
            kinds = {
                "code": attacker.code,
                "password, one address": attacker.password,
                "password, an address each time": attacker.password_from_everywhere,
                "wallet": attacker.wallet,
                "mailed link": attacker.link,
                "invitation": attacker.invitation,
            }
            return [await fire(kind, guess, seconds=seconds) for kind, guess in kinds.items()]


def main() -> None:
    """Measure, say, and write down."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    set_up_logging("CRITICAL")
    figures = asyncio.run(measure(parser.parse_args().seconds))
    for figure in figures:
        print(f"{figure.kind:32} {figure.sent:6} sent {figure.judged:5} judged {figure.per_minute:7} per minute")
    RESULTS.write_text(json.dumps([asdict(figure) for figure in figures], indent=2) + "\n")


if __name__ == "__main__":
    main()
