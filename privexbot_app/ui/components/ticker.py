"""A clock for pages that show something in progress; put it behind a condition and it stops with it."""

import reflex as rx

SCRIPT = rx.asset("ticker.jsx", shared=True)


class Ticker(rx.NoSSRComponent):
    """Tells the server every so many milliseconds that somebody is still looking."""

    library = SCRIPT.importable_path
    tag = "Ticker"

    every: rx.Var[int]
    on_tick: rx.EventHandler[rx.event.no_args_event_spec]


ticker = Ticker.create
