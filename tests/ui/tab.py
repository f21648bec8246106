"""A browser tab for tests: Reflex's own states, with the headers and the address that a websocket would bring."""

import inspect
from typing import Any, TypeVar

import reflex as rx
from reflex.istate.data import RouterData

from privexbot_app.ui import layout
from tests.installation import PASSWORD, Installation, Person

layout.discover()

AnyState = TypeVar("AnyState", bound=rx.State)
ORIGIN = "http://testserver"


class Tab:
    """One tab. cookie: of its browser, which other tabs may share; empty for a stranger."""

    def __init__(self, cookie: str = "") -> None:
        self.cookie = cookie
        self.root = rx.State(_reflex_internal_init=True)  # type: ignore[call-arg]
        self.visit("/")

    def visit(self, path: str) -> None:
        """Be at an address."""
        headers = {"cookie": self.cookie, "origin": ORIGIN}
        data = {"pathname": path, "asPath": path, "query": {}, "headers": headers}
        self.root.router = RouterData.from_router_data(data)

    def state(self, kind: type[AnyState]) -> AnyState:
        """The tab's state of a class."""
        return self.root.get_substate(kind.get_full_name().split("."))  # type: ignore[return-value]


async def opened_tab(installation: Installation, person: Person) -> Tab:
    """A tab of somebody who has signed in."""
    response = await installation.http.post(
        "/api/v1/auth/browser/login",
        json={"email": person.email, "password": PASSWORD},
        headers={"origin": ORIGIN},
    )
    assert response.status_code == 200, response.text
    cookie = response.headers["set-cookie"].split(";")[0]
    installation.http.cookies.clear()
    return Tab(cookie)


async def fire(state: rx.State, handler: Any, *arguments: Any) -> list[Any]:
    """Run an event handler as Reflex would. Returns the events that it leads to."""
    result = handler.fn(state, *arguments)
    if inspect.isasyncgen(result):
        return [event async for event in result if event is not None]
    if inspect.isawaitable(result):
        result = await result
    return [] if result is None else result if isinstance(result, list) else [result]
