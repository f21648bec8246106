"""The buttons of the ways in besides the password; assets/identity.js does what they say."""

from dataclasses import dataclass

import reflex as rx

from privexbot_app.runtime import Runtime
from privexbot_app.ui.components import icon


@dataclass
class Way:
    """One strategy that is set up. chain: of wallets that must be asked for one."""

    name: str
    means: str
    label: str
    chain: str


def list_ways(installation: Runtime) -> list[Way]:
    """The strategies that are set up: other services first, then passkeys, then wallets."""
    strategies = installation.works.plugins.auth_strategies
    found = [(name, strategies.get(name)) for name in strategies.configured()]
    ways = [Way(name, str(way.means), way.label, way.hints.get("chain", "")) for name, way in found]
    order = ("redirect", "passkey", "wallet")
    return sorted(ways, key=lambda way: order.index(way.means))


def ways_in(ways: rx.Var[list[Way]], *, use: str) -> rx.Component:
    """A button for each. use: enter, or link to add it to the account that is signed in."""

    def button(way: rx.Var[Way]) -> rx.Component:
        return rx.el.button(
            rx.match(
                way.means,
                ("passkey", icon("fingerprint", 17)),
                ("wallet", icon("wallet", 17)),
                icon("log-in", 17),
            ),
            rx.el.span(way.label),
            type="button",
            data_way=way.name,
            data_means=way.means,
            data_chain=way.chain,
            data_use=use,
            class_name="pb-way",
        )

    return rx.el.div(
        rx.el.div(rx.foreach(ways, button), class_name="pb-ways"),
        rx.el.div(data_ways_choice="", class_name="pb-ways"),
        rx.el.p(data_ways_problem="", role="alert", class_name="pb-problem"),
        data_ways="",
        class_name="pb-stack pb-stack-tight",
    )
