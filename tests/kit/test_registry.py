"""Registries: what is refused at import, and what an unknown name is told."""

from typing import Protocol

import pytest

from privexbot_app.bootstrap import REGISTRIES, discover
from privexbot_app.kit.errors import InvalidError
from privexbot_app.kit.registry import Registry, RegistryError


class Greeter(Protocol):
    label: str

    def greet(self) -> str: ...


class Polite:
    label = "polite"

    def greet(self) -> str:
        return "Good day"


@pytest.fixture
def greeters() -> Registry[Greeter]:
    return Registry("greeter", Greeter)


def test_a_plug_in_is_known_by_its_name(greeters):
    greeters.register("polite")(Polite)
    assert greeters.get("polite") is Polite
    assert ("polite" in greeters, "rude" in greeters, list(greeters)) == (True, False, [("polite", Polite)])


def test_a_name_is_taken_once(greeters):
    greeters.register("polite")(Polite)
    with pytest.raises(RegistryError, match="twice"):
        greeters.register("polite")(Polite)


def test_a_class_that_lacks_a_member_is_told_which(greeters):
    with pytest.raises(RegistryError, match="lacks greet, label"):
        greeters.register("silent")(type("Silent", (), {}))


def test_a_frozen_registry_takes_no_more(greeters):
    greeters.freeze()
    with pytest.raises(RegistryError, match="after start-up"):
        greeters.register("late")(Polite)


def test_an_unknown_name_lists_the_known_ones(greeters):
    greeters.register("polite")(Polite)
    with pytest.raises(InvalidError, match=r"“rude”.*polite") as caught:
        greeters.get("rude")
    assert caught.value.code == "unknown_greeter"


def test_start_up_finds_every_kind_and_closes_the_registries():
    discover()
    for registry, _, _ in REGISTRIES:
        assert registry.names(), registry.kind
        with pytest.raises(RegistryError):
            registry.register("late")(Polite)
