"""Guessing as fast as the API answers: hardly any guess is judged, and nobody is locked out by it."""

from pathlib import Path

import pytest

from bench.brute_force import Attacker, fire
from privexbot_app.kit.delays import GrowingDelays, Patience
from privexbot_app.kit.errors import RateLimitedError
from tests.installation import PASSWORD, Installation

GUESSES = 60


@pytest.fixture(autouse=True)
async def without_limits(installation: Installation) -> None:
    redis = installation.works.redis
    if keys := [key async for key in redis.scan_iter(match="limit:*")]:
        await redis.delete(*keys)


@pytest.fixture
async def attacker(installation: Installation) -> Attacker:
    made = Attacker(installation, await installation.register("victim"))
    await made.prepare()
    return made


@pytest.mark.parametrize(
    ("kind", "most"),
    [
        ("password", 12),
        ("code", 12),
        ("wallet", 30),
        ("link", 30),
        ("invitation", 40),
        ("password_from_everywhere", 45),
    ],
)
async def test_a_burst_of_guesses_is_hardly_looked_at(attacker: Attacker, kind: str, most: int):
    """The bounds leave room for a slow machine, on which the first waits end while the burst goes on."""
    figure = await fire(kind, getattr(attacker, kind), seconds=60, limit=GUESSES)
    assert figure.judged <= most, figure


async def test_who_is_guessed_at_from_elsewhere_still_gets_in(attacker: Attacker, installation: Installation):
    await fire("password", attacker.password, seconds=60, limit=20)
    body = {"email": attacker.victim.email, "password": PASSWORD}
    entered = await installation.http.post("/api/v1/auth/login", json=body)
    assert entered.status_code == 202  # the right password; the second step is next


PATIENCE = Patience(free=3, first_seconds=2, longest_seconds=8, forgets_after_seconds=60)


async def waits_after(delays: GrowingDelays, redis, key: str, attempts: int) -> list[int]:
    """The wait, in seconds, that follows each attempt; each wait is ended by hand."""
    waits = []
    for _ in range(attempts):
        await delays.attempt(key, PATIENCE)
        waits.append(-(-max(0, await redis.pttl(f"limit:wait:{key}")) // 1000))
        await redis.delete(f"limit:wait:{key}")
    return waits


async def test_waits_double_up_to_the_longest(installation: Installation):
    redis = installation.works.redis
    delays = GrowingDelays(redis)
    assert await waits_after(delays, redis, "probe:doubling", 6) == [0, 0, 2, 4, 8, 8]
    assert 0 < await redis.ttl("limit:attempts:probe:doubling") <= 60


async def test_while_it_waits_nothing_counts_and_a_good_one_forgives(installation: Installation):
    delays = GrowingDelays(installation.works.redis)
    for _ in range(3):
        await delays.attempt("probe:waiting", PATIENCE)
    for _ in range(5):
        with pytest.raises(RateLimitedError) as refused:
            await delays.attempt("probe:waiting", PATIENCE)
    assert 0 < refused.value.retry_after_seconds <= 2
    assert await installation.works.redis.get("limit:attempts:probe:waiting") == "3"
    await delays.forgive("probe:waiting")
    await delays.attempt("probe:waiting", PATIENCE)


async def test_a_good_attempt_is_taken_back_alone(installation: Installation):
    delays = GrowingDelays(installation.works.redis)
    for _ in range(2):
        await delays.attempt("probe:back", PATIENCE)
    for _ in range(5):
        await delays.attempt("probe:back", PATIENCE)
        await delays.take_back("probe:back", PATIENCE)
    assert await installation.works.redis.get("limit:attempts:probe:back") == "2"


async def test_the_list_of_common_passwords_is_what_its_builder_makes(tmp_path: Path):
    from privexbot_app.domains.identity.common_passwords_build import build
    from privexbot_app.domains.identity.passwords import COMMON_PASSWORDS, FINGERPRINT_BYTES, is_common

    raw = COMMON_PASSWORDS.read_bytes()
    prints = [raw[at : at + FINGERPRINT_BYTES] for at in range(0, len(raw), FINGERPRINT_BYTES)]
    assert prints == sorted(set(prints))
    assert build(["Password", "short", "password "]) == build(["password"])
    assert all(is_common(word) for word in ("password", "iloveyou", "baseball", "1qaz2wsx"))
    assert not is_common("a long enough password")
