"""Keys that work wherever the focus is on a page, except where somebody types."""

import reflex as rx

SCRIPT = rx.asset("keys.jsx", shared=True)


class Keys(rx.NoSSRComponent):
    """keys: as `KeyboardEvent.key` names them. on_press: gets the key."""

    library = SCRIPT.importable_path
    tag = "Keys"

    keys: rx.Var[list[str]]
    on_press: rx.EventHandler[rx.event.passthrough_event_spec(str)]


keys = Keys.create
