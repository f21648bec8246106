"""Where people drop files. Sends each to a REST address by itself, with progress, and tells the page of every success.

The REST door checks the cookie, the origin and the size; refusing early what it would refuse saves people the wait.
"""

import reflex as rx

SCRIPT = rx.asset("file_drop.jsx", shared=True)


class FileDrop(rx.NoSSRComponent):
    """The drop zone.

    endpoint, method: where a file is sent, as the multipart field `files`.
    accepted: file name endings with their dots. max_bytes: of one file.
    on_taken: after each file that the server took in.
    """

    library = SCRIPT.importable_path
    tag = "FileDrop"

    endpoint: rx.Var[str]
    method: rx.Var[str]
    accepted: rx.Var[list[str]]
    max_bytes: rx.Var[int]
    hint: rx.Var[str]
    on_taken: rx.EventHandler[rx.event.no_args_event_spec]


file_drop = FileDrop.create
