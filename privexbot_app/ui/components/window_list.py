"""A list of any length: the browser holds what is in sight, the server hands over the part that is scrolled to."""

from typing import Any

import reflex as rx

SCRIPT = rx.asset("window_list.jsx", shared=True)


class WindowList(rx.NoSSRComponent):
    """rows: {id, title, detail, status, tone, ago, exactly} from `offset` on, of `total`. current: the chosen id.

    on_window: from where rows are needed. on_choose: an id.
    """

    library = SCRIPT.importable_path
    tag = "WindowList"

    total: rx.Var[int]
    offset: rx.Var[int]
    rows: rx.Var[list[dict[str, str]]]
    row_height: rx.Var[int]
    label: rx.Var[str]
    current: rx.Var[str]
    on_window: rx.EventHandler[rx.event.passthrough_event_spec(int)]
    on_choose: rx.EventHandler[rx.event.passthrough_event_spec(str)]


def window_list(**props: Any) -> rx.Component:
    """The list; its scroll bar is as long as all rows are."""
    return WindowList.create(**props)
