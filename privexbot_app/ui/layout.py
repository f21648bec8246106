"""The pages of the dashboard: how they register, and how they become routes.

Owns the page registry; the sidebar, the routes and the guard all come from it. A page is one module (or one package
with a `page.py`) in `ui.pages` that decorates one function. The frame around the pages is in `ui.shell`.
"""

import importlib
import pkgutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import reflex as rx

from privexbot_app.ui import pages, shell
from privexbot_app.ui.session import ScopedState

PRODUCT = "PrivexBot"

Render = Callable[[], rx.Component]
Handlers = Sequence[Any]


@dataclass(frozen=True)
class PageEntry:
    """One page. icon: only pages with one are in the sidebar. permission: empty when every member may see the page."""

    route: str
    title: str
    render: Render
    icon: str = ""
    section: str = ""
    order: int = 0
    permission: str = ""
    on_load: Handlers = ()
    is_public: bool = False


_entries: dict[str, PageEntry] = {}


class DuplicateRouteError(RuntimeError):
    """Two pages claim one address: a mistake in the code, found at start-up."""


def dashboard_page(
    route: str,
    *,
    title: str,
    icon: str = "",
    section: str = "",
    order: int = 0,
    permission: str = "",
    on_load: Any = (),
) -> Callable[[Render], Render]:
    """Register a page for signed-in people.

    icon, section, order: its place in the sidebar; without an icon it has none.
    permission: without it the page says so; the services refuse all the same.
    on_load: handlers that run after the session is known.
    """

    def register(render: Render) -> Render:
        _add(PageEntry(route, title, render, icon, section, order, permission, _as_list(on_load)))
        return render

    return register


def public_page(route: str, *, title: str, on_load: Any = ()) -> Callable[[Render], Render]:
    """Register a page that needs no sign-in and has no frame."""

    def register(render: Render) -> Render:
        _add(PageEntry(route, title, render, on_load=_as_list(on_load), is_public=True))
        return render

    return register


def mount_pages(app: rx.App) -> None:
    """Import every module in `ui.pages` and add its pages to the app."""
    discover()
    for entry in _entries.values():
        guard = [] if entry.is_public else [ScopedState.load_session]
        app.add_page(
            framed(entry),
            route=entry.route,
            title=f"{entry.title} · {PRODUCT}",
            description="Build chatbots that answer from your own documents.",
            on_load=[*guard, *entry.on_load],
        )


def discover() -> list[PageEntry]:
    """Every page, after importing all of them."""
    for module in pkgutil.iter_modules(pages.__path__, f"{pages.__name__}."):
        importlib.import_module(f"{module.name}.page" if module.ispkg else module.name)
    return list(_entries.values())


def sidebar_sections() -> list[shell.Section]:
    """What the sidebar shows, in order."""
    linked = sorted((entry for entry in _entries.values() if entry.icon), key=lambda entry: entry.order)
    sections: dict[str, list[shell.Link]] = {}
    for entry in linked:
        link = shell.Link(entry.route, entry.title, entry.icon, entry.permission)
        sections.setdefault(entry.section, []).append(link)
    return [shell.Section(title, links) for title, links in sections.items()]


def framed(entry: PageEntry) -> Render:
    """The page in its frame, under the name of the page's own module: Reflex bundles the parts of pages by module, and
    under ours every page would load the parts of all."""

    def render() -> rx.Component:
        if entry.is_public:
            return shell.door(entry.render())
        return shell.frame(entry.render(), sections=sidebar_sections(), route=entry.route, permission=entry.permission)

    render.__module__ = entry.render.__module__
    return render


def _add(entry: PageEntry) -> None:
    known = _entries.get(entry.route)
    if known is not None and known.render.__module__ != entry.render.__module__:
        raise DuplicateRouteError(f"{known.render.__module__} and {entry.render.__module__} both claim {entry.route}")
    _entries[entry.route] = entry


def _as_list(handlers: Any) -> list[Any]:
    return list(handlers) if isinstance(handlers, list | tuple) else [handlers]
