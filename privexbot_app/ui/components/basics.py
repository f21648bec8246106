"""Icons, headings, cards, badges: the words that every page is written in."""

from collections.abc import Sequence
from typing import Any, TypeAlias

import reflex as rx

Text: TypeAlias = str | rx.Var[str]
Part: TypeAlias = rx.Component | rx.Var | str


def icon(name: str, size: int = 16) -> rx.Component:
    """A Lucide icon beside a text that says the same. name: written out; a name in a Var would load all icons."""
    return rx.icon(name, size=size, stroke_width=1.75, aria_hidden="true")


def mark(size: int = 24) -> rx.Component:
    """The product's sign. The word beside it is its text alternative."""
    side = f"{size}px"
    return rx.el.img(src="/favicon.svg", alt="", class_name="pb-mark", style={"width": side, "height": side})


def page(*parts: Part, is_wide: bool = False) -> rx.Component:
    """The body of a page: its parts from top to bottom, at a readable width unless it is wide."""
    return rx.el.div(*parts, class_name="pb-page pb-page-wide" if is_wide else "pb-page")


def page_header(
    title: Text, lead: Text = "", *, actions: Sequence[rx.Component] = (), back: tuple[str, str] | None = None
) -> rx.Component:
    """The page's one h1. back: the text and the address of the page above."""
    above = []
    if back is not None:
        above = [rx.link(icon("chevron-left", 14), back[0], href=back[1], underline="hover", class_name="pb-back")]
    below = [] if isinstance(lead, str) and not lead else [rx.el.p(lead, class_name="pb-lead")]
    return rx.el.header(
        rx.el.div(*above, rx.el.h1(title, class_name="pb-title"), *below, class_name="pb-header-text"),
        rx.el.div(*actions, class_name="pb-actions"),
        class_name="pb-header",
    )


def section(title: Text, *parts: Part, lead: Text = "", actions: Sequence[rx.Component] = ()) -> rx.Component:
    """A titled part of a page."""
    below = [] if isinstance(lead, str) and not lead else [rx.el.p(lead, class_name="pb-help")]
    return rx.el.section(
        rx.el.div(
            rx.el.div(rx.el.h2(title, class_name="pb-section-title"), *below),
            rx.el.div(*actions, class_name="pb-actions"),
            class_name="pb-section-head",
        ),
        *parts,
        class_name="pb-section",
    )


def card(*parts: Part, title: Text = "", lead: Text = "", is_padded: bool = True, **props: Any) -> rx.Component:
    """A framed surface. Lists and tables go in without padding."""
    head = []
    if not (isinstance(title, str) and not title):
        below = [] if isinstance(lead, str) and not lead else [rx.el.p(lead, class_name="pb-help")]
        head = [rx.el.div(rx.el.h3(title, class_name="pb-section-title"), *below, class_name="pb-card-head")]
    return rx.el.div(*head, *parts, class_name="pb-card pb-card-padded" if is_padded else "pb-card", **props)


def stat_tile(label: Text, value: Part | rx.Var[int], *, icon_name: str, hint: Text = "") -> rx.Component:
    """One number and what it counts."""
    below = [] if isinstance(hint, str) and not hint else [rx.el.div(hint, class_name="pb-tiny")]
    return rx.el.div(
        rx.el.div(icon(icon_name, 15), label, class_name="pb-tile-label"),
        rx.el.div(value, class_name="pb-tile-value"),
        *below,
        class_name="pb-card pb-tile",
    )


def badge(text: Text, tone: Text = "neutral") -> rx.Component:
    """A status: its word and, never alone, a colour. tone: neutral, good, busy, warn or bad."""
    return rx.el.span(text, data_tone=tone, class_name="pb-badge")


def facts(*pairs: tuple[Text, Part]) -> rx.Component:
    """Names and values in two columns."""
    cells = [cell for name, value in pairs for cell in (rx.el.dt(name), rx.el.dd(value))]
    return rx.el.dl(*cells, class_name="pb-facts")


def relative_time(text: Text, moment: Text) -> rx.Component:
    """A time as people say it, with the exact one on hover. text, moment: from `ui.formats`."""
    return rx.el.time(text, date_time=moment, title=moment)
