"""Passkeys and other services as strategies; what they refuse over the routes is in tests/api."""

from collections.abc import AsyncIterator
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from privexbot_app.integrations.auth_strategies.base import Answer, AuthStrategy, Begun
from privexbot_app.integrations.auth_strategies.github import GitHubSignIn
from privexbot_app.integrations.auth_strategies.oidc import GoogleSignIn, MicrosoftSignIn, OpenIdSignIn
from privexbot_app.integrations.auth_strategies.passkey import Passkeys
from privexbot_app.kit.clock import utc_now
from privexbot_app.kit.http import HttpClient
from tests.authenticator import Authenticator
from tests.contract.auth_strategy_contract import SITE, AuthStrategyContract
from tests.issuer import Issuer, running_issuer


class TestPasskey(AuthStrategyContract):
    name = "passkey"
    device = Authenticator(SITE.url)
    facts: ClassVar[dict[str, Any]] = {}

    @pytest.fixture
    async def strategy(self) -> AuthStrategy:
        strategy = Passkeys(Passkeys.Config())
        asked = {"user_id": "7", "user_name": "Ann", "known": [], "label": "Phone"}
        begun = await strategy.begin(SITE, asked, utc_now())
        given = self.device.create(begun.shown)
        made = await strategy.verify(Answer(SITE, given, begun.kept, utc_now()))
        assert (made.label, made.is_strong) == ("Phone", True)
        self.facts.update(made.facts)
        return strategy

    async def answer(self, begun: Begun) -> dict[str, Any]:
        return self.device.get(begun.shown)

    def known(self) -> dict[str, Any]:
        return {**self.facts, "sign_count": self.device.count - 1}


class ServiceContract(AuthStrategyContract):
    kind: type[AuthStrategy]

    @pytest.fixture
    async def issuer(self) -> AsyncIterator[Issuer]:
        async with running_issuer() as issuer:
            yield issuer

    @pytest.fixture
    async def strategy(self, issuer: Issuer) -> AsyncIterator[AuthStrategy]:
        http = HttpClient()
        config = self.kind.Config.model_validate(issuer.settings[self.name])
        yield self.kind(config, http=http)  # type: ignore[call-arg]
        await http.close()

    async def answer(self, begun: Begun) -> dict[str, Any]:
        async with httpx.AsyncClient() as browser:
            sent = await browser.get(begun.shown["location"])
        return {name: values[0] for name, values in parse_qs(urlsplit(sent.headers["location"]).query).items()}

    async def test_the_address_carries_the_challenge_and_not_the_verifier(self, strategy: AuthStrategy) -> None:
        begun = await strategy.begin(SITE, {}, utc_now())
        asked = {name: values[0] for name, values in parse_qs(urlsplit(begun.shown["location"]).query).items()}
        assert asked["redirect_uri"] == f"{SITE.url}/api/v1/auth/oidc/{self.name}/callback"
        assert asked["code_challenge_method"] == "S256"
        assert begun.kept["verifier"] not in begun.shown["location"]


class TestGoogle(ServiceContract):
    name, kind = "google", GoogleSignIn


class TestMicrosoft(ServiceContract):
    name, kind = "microsoft", MicrosoftSignIn


class TestAnyIssuer(ServiceContract):
    name, kind = "oidc", OpenIdSignIn


class TestGitHub(ServiceContract):
    name, kind = "github", GitHubSignIn


def test_the_challenge_is_made_as_the_published_example_says(data):
    import json

    from authlib.oauth2.rfc7636 import create_s256_code_challenge

    for example in json.loads((data / "jose/pkce/pkce_rfc7636.json").read_text()):
        assert create_s256_code_challenge(example["verifier"]) == example["challenge"]
