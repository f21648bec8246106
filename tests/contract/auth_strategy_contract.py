"""What every strategy must do."""

from datetime import timedelta
from typing import Any

import pytest

from privexbot_app.integrations.auth_strategies.base import (
    Answer,
    AuthStrategy,
    Begun,
    MalformedProofError,
    Means,
    ProofRefusedError,
    Site,
    VerifiedIdentity,
)
from privexbot_app.kit.clock import utc_now

SITE = Site("PrivexBot", "https://bots.example.com")


class AuthStrategyContract:
    """Subclasses give a `strategy` fixture, and say how somebody answers."""

    name: str

    def asked(self) -> dict[str, Any]:
        """What `begin` is asked."""
        return {}

    async def answer(self, begun: Begun) -> dict[str, Any]:
        """A good answer."""
        raise NotImplementedError

    def known(self) -> dict[str, Any]:
        """The facts of an identity linked before."""
        return {}

    async def verify(
        self, strategy: AuthStrategy, begun: Begun, given: dict[str, Any], **changes: Any
    ) -> VerifiedIdentity:
        values = {"site": SITE, "given": given, "kept": begun.kept, "now": utc_now(), "known": self.known(), **changes}
        return await strategy.verify(Answer(**values))

    async def test_it_says_what_a_browser_must_do(self, strategy: AuthStrategy) -> None:
        assert strategy.means in Means
        assert strategy.label
        assert all(isinstance(value, str) for value in strategy.hints.values())

    async def test_a_good_answer_names_somebody(self, strategy: AuthStrategy) -> None:
        begun = await strategy.begin(SITE, self.asked(), utc_now())
        given = await self.answer(begun)
        assert strategy.handle_of(given) == begun.handle
        identity = await self.verify(strategy, begun, given)
        assert identity.strategy == self.name
        assert identity.subject
        assert identity.label

    async def test_no_two_challenges_are_alike(self, strategy: AuthStrategy) -> None:
        handles = {(await strategy.begin(SITE, self.asked(), utc_now())).handle for _ in range(20)}
        assert len(handles) == 20

    async def test_the_answer_to_another_challenge_is_refused(self, strategy: AuthStrategy) -> None:
        begun, other = [await strategy.begin(SITE, self.asked(), utc_now()) for _ in range(2)]
        given = await self.answer(begun)
        with pytest.raises((ProofRefusedError, MalformedProofError)):
            await self.verify(strategy, other, given)

    async def test_what_waits_here_is_not_shown(self, strategy: AuthStrategy) -> None:
        begun = await strategy.begin(SITE, self.asked(), utc_now())
        assert "verifier" not in begun.shown
        assert "client_secret" not in repr(begun)

    async def test_an_empty_answer_is_malformed(self, strategy: AuthStrategy) -> None:
        with pytest.raises(MalformedProofError):
            strategy.handle_of({})

    async def test_a_challenge_of_long_ago_is_refused_or_says_nothing_of_time(self, strategy: AuthStrategy) -> None:
        """Where the challenge itself tells its time, it is judged by it; the store forgets every challenge in time."""
        begun = await strategy.begin(SITE, self.asked(), utc_now() - timedelta(hours=2))
        if "expires_at" in begun.shown and self.name != "cosmos":
            with pytest.raises(ProofRefusedError):
                await self.verify(strategy, begun, await self.answer(begun))
