"""Settings: addresses as the drivers want them, and secrets that are refused."""

import pytest
from pydantic import SecretStr, ValidationError
from sqlalchemy.engine import make_url

from privexbot_app.kit.database import create_engine
from privexbot_app.settings import KNOWN_SECRETS, Environment, Settings, weakness_of

GOOD_SECRET = "hV3wq9ZbT1xk7mYp0LsD5cRfJ8uNgE2a"


def test_addresses_are_read_as_libpq_reads_them(tmp_path):
    plain = Settings(database_url="postgres://u:p@db.example/x?sslmode=require&channel_binding=require")
    url = create_engine(plain.async_database_url).url
    assert url.drivername == "postgresql+asyncpg"
    assert dict(url.query) == {"ssl": "require"}
    socket = Settings(database_url="postgresql://postgres:@/x?host=/run/pg")
    assert dict(create_engine(socket.async_database_url).url.query) == {"host": "/run/pg"}
    assert make_url(Settings(data_dir=tmp_path).async_database_url).drivername == "sqlite+aiosqlite"


@pytest.mark.parametrize("secret", ["", "short", *(word * 8 for word in KNOWN_SECRETS), "ab" * 40, "0" * 64])
def test_a_weak_secret_has_a_weakness(secret):
    assert weakness_of(secret)


@pytest.mark.parametrize("secret", ["short", "changeme" * 8, "a" * 64])
def test_a_weak_secret_is_refused_everywhere(secret):
    with pytest.raises(ValidationError, match="PRIVEXBOT_SECRET_KEY"):
        Settings(secret_key=SecretStr(secret))


def test_a_random_secret_is_good():
    assert weakness_of(GOOD_SECRET) is None


def production(**changes):
    values = {
        "environment": Environment.PRODUCTION,
        "secret_key": SecretStr(GOOD_SECRET),
        "database_url": "postgresql://db/privexbot",
        "redis_url": "redis://cache",
        "public_url": "https://bots.example.com",
    }
    return Settings(**{**values, **changes})


def test_production_starts_with_everything_set():
    assert production().browser_url == "https://bots.example.com"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"secret_key": SecretStr("")}, "PRIVEXBOT_SECRET_KEY"),
        ({"redis_url": ""}, "PRIVEXBOT_REDIS_URL"),
        ({"public_url": ""}, "PRIVEXBOT_PUBLIC_URL"),
        ({"database_url": "", "redis_url": ""}, "PRIVEXBOT_DATABASE_URL, PRIVEXBOT_REDIS_URL"),
        ({"database_url": "sqlite:///x.sqlite"}, "not SQLite"),
        ({"log_level": "debug"}, "must not be DEBUG"),
    ],
)
def test_production_refuses_what_is_weak_or_missing(changes, words):
    with pytest.raises(ValidationError, match=words):
        production(**changes)


def test_a_secret_is_made_once_and_kept_for_the_owner_alone(tmp_path):
    first = Settings(data_dir=tmp_path).read_secret_key()
    assert weakness_of(first.decode()) is None
    assert Settings(data_dir=tmp_path).read_secret_key() == first
    assert (tmp_path / "secret_key").stat().st_mode & 0o777 == 0o600
